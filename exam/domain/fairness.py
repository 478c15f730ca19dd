"""Whether the papers of an exam treat everybody alike: how equal they are drawn, what neighbours share, and how hard each proved to be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lms.kernel.refusal import N_

Versions = npt.NDArray[np.int64]  # papers × positions: the item versions of each paper that was taken
BLOCK = 4096
# What a set of further papers went beyond, because nobody may stand before the room without one: its name in the statistics, and in words.
BEYOND = {
    "exposure": N_("为了人人有卷，%(n)s 份补充试卷里有的试题用得比曝光上限更多：可用的试题太少（组卷后停用或改版的不再使用），难以均分。"),
    "retired": N_("为了人人有卷，%(n)s 份补充试卷用回了组卷后停用或改版的试题：没有它们组不成卷。如试题有错，考后可以更正答案。"),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, standard deviation and extremes."""

    mean: float
    sd: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the exam board wants to know of a set of papers; expected scores in points.

    `forms`: how many different papers there are. `plain_sd`: the spread if each section were drawn at random, without quotas, balance or rejection.
    Figures are of the papers as people get them: a form that is handed out twice counts twice, and its two papers share every item.
    `overlap_compared`: the share of all pairs of papers in which `overlap_max` was looked for. `uses`: in how many papers each version stands.
    `beyond`: how many papers were drawn against which rule of `BEYOND`.
    """

    papers: int
    forms: int
    pool: int
    expected_score: Spread
    plain_sd: float
    information_sd: float
    exposure_max: float
    exposure_mean: float
    overlap_mean: float
    overlap_max: int
    rejected: int
    overlap_compared: float = 1.0
    information_mean: float = 0.0
    uses: Mapping[str, int] = field(default_factory=dict)
    beyond: Mapping[str, int] = field(default_factory=dict)


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


def mean_overlap(usage: Versions, total: int) -> float:
    """Return how many items two of `total` papers share on average, from how many papers hold each item."""
    pairs = total * (total - 1)
    return round(float((usage * (usage - 1)).sum()) / pairs, 4) if pairs else 0.0


def pooled(sets: Sequence[Statistics]) -> Statistics:
    """Return the statistics of all papers of some sets that were drawn one after another from one pool, as when papers ran short."""
    if len(sets) == 1:
        return sets[0]
    sizes = np.array([one.papers for one in sets])
    total, newest = int(sizes.sum()), sets[-1]
    uses = sum((Counter(one.uses) for one in sets), Counter[str]())
    usage = np.array(list(uses.values()))

    def spread(means: Sequence[float], deviations: Sequence[float]) -> tuple[float, float]:
        mean = float(sizes @ np.array(means)) / total
        variance = float(sizes @ (np.array(deviations) ** 2 + (np.array(means) - mean) ** 2)) / total
        return round(mean, 4), round(variance**0.5, 4)

    scores = [one.expected_score for one in sets]
    information_mean, information_sd = spread([one.information_mean for one in sets], [one.information_sd for one in sets])
    pairs = [one.papers * (one.papers - 1) for one in sets]
    return replace(
        newest,
        papers=total,
        forms=sum(one.forms for one in sets),
        pool=max(one.pool for one in sets),
        expected_score=Spread(
            *spread([one.mean for one in scores], [one.sd for one in scores]), min=min(one.min for one in scores), max=max(one.max for one in scores)
        ),
        plain_sd=spread([0.0] * len(sets), [one.plain_sd for one in sets])[1],
        information_mean=information_mean,
        information_sd=information_sd,
        exposure_max=round(int(usage.max(initial=0)) / total, 4),
        exposure_mean=round(int(usage.sum()) / total / max(one.pool for one in sets), 4),
        overlap_mean=mean_overlap(usage, total),
        overlap_max=max(one.overlap_max for one in sets),
        overlap_compared=round(sum(share * one.overlap_compared for share, one in zip(pairs, sets, strict=True)) / (total * (total - 1)), 4),
        rejected=sum(one.rejected for one in sets),
        uses=dict(uses),
        beyond=dict(sum((Counter(one.beyond) for one in sets), Counter[str]())),
    )


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
