"""Whether the papers of an exam treat everybody alike: what neighbours share, and how hard each paper proved to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Versions = npt.NDArray[np.int64]  # papers × positions: the item versions of each paper that was taken
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many items pairs of papers have in common."""

    pairs: int
    mean: float
    most: int


@dataclass(frozen=True, slots=True)
class Hardness:
    """What an average learner could expect of each paper after the items were measured; points.

    It rests on the items' difficulties under the Rasch model, not on raw scores: those differ with the people who took a paper.
    """

    papers: int
    mean: float
    sd: float
    lowest: float
    highest: float
    unmeasured: int  # papers left out, since an item of theirs was not measured


def neighbours(versions: Versions, schools: npt.NDArray[np.int64]) -> Overlap | None:
    """Return what papers share that were taken one after another in one school; papers in the order of starting."""
    order = np.argsort(schools, kind="stable")
    beside = np.flatnonzero(np.diff(schools[order]) == 0)
    shared = [_common(versions[order[part]], versions[order[part + 1]]) for part in np.split(beside, range(BLOCK, len(beside), BLOCK))]
    found = np.concatenate(shared)
    return Overlap(len(found), float(found.mean()), int(found.max())) if len(found) else None


def _common(one: Versions, other: Versions) -> npt.NDArray[np.int64]:
    """Return how many items each two papers share; no paper holds an item twice."""
    return np.asarray((np.diff(np.sort(np.concatenate([one, other], axis=1), axis=1), axis=1) == 0).sum(axis=1))


def hardness(versions: Versions, points: Sequence[int], logits: Mapping[int, float], ability: float = 0.0) -> Hardness | None:
    """Return how the papers differ for one ability; `points` are hundredths a position, `logits` the Rasch difficulty of each version."""
    known = np.array(sorted(logits))
    difficulty = np.array([logits[int(version)] for version in known])
    scores, unmeasured = [], 0
    for start in range(0, len(versions), BLOCK):
        part = versions[start : start + BLOCK]
        at = np.searchsorted(known, part).clip(0, len(known) - 1)
        measured = (known[at] == part).all(axis=1)
        unmeasured += int((~measured).sum())
        scores.append(1 / (1 + np.exp(difficulty[at[measured]] - ability)) @ np.array(points) / 100)
    found = np.concatenate(scores) if scores else np.zeros(0)
    return Hardness(len(found), float(found.mean()), float(found.std()), float(found.min()), float(found.max()), unmeasured) if len(found) else None
