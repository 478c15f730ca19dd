"""Whether the papers of an exam treat everybody alike: what neighbours share, and how hard each paper proved to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


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


def neighbours(papers_in_order: Iterable[Sequence[Sequence[int]]]) -> Overlap | None:
    """Return what papers share that were taken one after another in one school; each school's papers in the order of starting."""
    shared = [len(set(one) & set(next_one)) for school in papers_in_order for one, next_one in pairwise(school)]
    return Overlap(len(shared), sum(shared) / len(shared), max(shared)) if shared else None


def hardness(papers: Iterable[Sequence[int]], points: Sequence[int], logits: Mapping[int, float], ability: float = 0.0) -> Hardness | None:
    """Return how the papers differ for one ability; `points` are hundredths a position, `logits` the Rasch difficulty of each version."""
    scores, unmeasured = [], 0
    for versions in papers:
        try:
            difficulty = np.array([logits[version] for version in versions])
        except KeyError:
            unmeasured += 1
            continue
        scores.append(float(np.dot(points, 1 / (1 + np.exp(difficulty - ability)))) / 100)
    if not scores:
        return None
    found = np.array(scores)
    return Hardness(len(scores), float(found.mean()), float(found.std()), float(found.min()), float(found.max()), unmeasured)
