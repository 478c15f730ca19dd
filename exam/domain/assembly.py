"""Assembly: many papers at once from a blueprint, a frozen pool and a seed, all of equal hardness.

Every draw comes from SHAKE-256 of the seed, not from a statistical generator: known papers tell nothing about the others,
and the same seed gives the same papers on every numpy.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from exam.domain import paper as papers
from exam.domain.blueprint import Blueprint
from exam.domain.fairness import Spread, Statistics, mean_overlap
from exam.domain.paper import Paper
from lms.kernel.refusal import N_, Invalid
from question_bank.domain.item import PoolItem

Indexes = NDArray[np.int64]
CALM = 20  # uses below which an item's share says little: balancing harder would make neighbours alike
MOST_TRIES = 40  # papers drawn for each one asked before giving up
MOST_LOOKED_AT = 12_000_000_000  # common items counted in search of the two papers most alike: some half a minute
AHEAD = timedelta(minutes=5)  # of starts at the gate's rate there are papers for, before more are drawn
LEAST_MORE = 50
FEW = 20  # forms or papers: of fewer, a cap may ask for more items than there are
INFORMATION_TOLERANCE = 0.02  # share by which a parallel form's information may differ from the mean's
_EVER = np.uint64(2**53)
_LAST = 1e6  # makes an item the last that is chosen; above all keys, and still fine enough beside them


class PapersUnequal(Invalid):
    """Too few of the drawn papers are as hard as the others."""

    code = "papers_unequal"
    message = N_("按目前的题库和容差无法组出难度相当的试卷，请放宽容差或补充试题。")


class ExposureExceeded(Invalid):
    """The items of a cell are so few that papers would show them more often than the blueprint allows."""

    code = "exposure_exceeded"
    message = N_("题库太小：有的试题会出现在过多的试卷里，超过细目表规定的曝光上限。请补充试题，或提高上限。")


@dataclass(frozen=True, slots=True)
class Assembly:
    """A set of papers with its evidence; `cap`: the share of the papers on which an item should stand at most."""

    papers: tuple[Paper, ...]
    statistics: Statistics
    hash: str
    cap: float


class _Stream:
    """Reproducible random bytes: SHAKE-256 of the seed and a running label."""

    def __init__(self, seed: int) -> None:
        self._seed = f"paper-assembly:{seed}:".encode()
        self._label = 0

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Return numbers in [0, 1)."""
        return self._words(*shape) / 4294967296.0

    def ranks(self, *shape: int) -> NDArray[np.uint32]:
        """Return words whose order along the last axis is a random permutation."""
        return self._words(*shape)

    def _words(self, *shape: int) -> NDArray[np.uint32]:
        self._label += 1
        size = int(np.prod(shape))
        raw = hashlib.shake_256(self._seed + str(self._label).encode()).digest(size * 4)
        return np.frombuffer(raw, dtype="<u4").reshape(shape)


class _Pool:
    """The pool as arrays: who is in which cell, how hard, and whose enemy."""

    def __init__(self, blueprint: Blueprint, pool: Sequence[PoolItem], options: Mapping[int, int]) -> None:
        self.size = len(pool)
        self.versions = np.array([item.version_id for item in pool], dtype=np.int64)
        self.difficulty = np.array([item.difficulty for item in pool], dtype=float)
        self.information = self.difficulty * (1 - self.difficulty)  # of an item at the ability it was estimated for, Rasch
        self.cells = [np.array([i for i, item in enumerate(pool) if cell.fits(item)], dtype=np.int64) for cell in blueprint.cells]
        self.counts = [cell.count for cell in blueprint.cells]
        self.options = np.array([options[item.version_id] for item in pool], dtype=np.int64)
        self.shuffled = np.array([item.type != "true_false" for item in pool])
        self.target_information = sum(count * float(self.information[items].mean()) for items, count in zip(self.cells, self.counts, strict=True))
        self.enemies = self._enemies(pool)
        self.plain_sd = self._plain_sd(blueprint)
        self.points = np.array(blueprint.position_points, dtype=np.int64)
        self.target = sum(
            section.points * cell.count * float(self.difficulty[items].mean())
            for (section, cell), items in zip(((s, c) for s in blueprint.sections for c in s.cells), self.cells, strict=True)
        )

    def _plain_sd(self, blueprint: Blueprint) -> float:
        """Return the spread of the expected score, in points, if each section were drawn at random from all its items."""
        variance, cells = 0.0, iter(self.cells)
        for section in blueprint.sections:
            hardness = self.difficulty[np.concatenate([next(cells) for _ in section.cells])]
            left_out = (len(hardness) - section.count) / max(1, len(hardness) - 1)
            variance += (section.points / 100) ** 2 * section.count * float(hardness.var()) * left_out
        return float(variance**0.5)

    def _enemies(self, pool: Sequence[PoolItem]) -> Indexes:
        at = {item.item_id: i for i, item in enumerate(pool)}
        lists: list[set[int]] = [set() for _ in pool]
        for i, item in enumerate(pool):
            for other in item.enemies:
                if other in at and at[other] != i:
                    lists[i].add(at[other])
                    lists[at[other]].add(i)
        width = max((len(found) for found in lists), default=0)
        # The column behind the last item takes the padding.
        table = np.full((self.size, width), self.size, dtype=np.int64)
        for i, found in enumerate(lists):
            table[i, : len(found)] = sorted(found)
        return table


def more(*, papers: int, free: int, expected: int, rate: float, extra: int = 0) -> int:
    """Return how many papers to draw so that nobody stands before the room without one.

    `expected` may still come, at most `rate` a second (0: all at once), beside `extra` who hold an extra attempt.
    Who tries again otherwise is not expected: for her there is a twentieth.
    """
    soon = min(expected, ceil(rate * AHEAD.total_seconds())) if rate else expected
    return max(soon + extra - free, max(LEAST_MORE, papers // 5) if free <= papers // 20 else 0, 0)


def assemble(
    blueprint: Blueprint,
    pool: Sequence[PoolItem],
    options: Mapping[int, int],
    *,
    papers_wanted: int,
    seed: int,
    forms: int | None = None,
    further: bool = False,
    exceeding: bool = False,
) -> Assembly:
    """Draw the papers; the same pool in any order, options and seed give the same set.

    `options` tells how many options each item version has. `forms`: so many parallel forms, equal in information, too, are
    handed out in turn; without it every paper is drawn for itself. `further`: a set beside others, so small perhaps that a cap
    rounded down would ask more of it than of them. `exceeding`: items at their most uses are taken on where a
    cell offers nothing else, instead of refusing.
    """
    pool = sorted(pool, key=lambda item: item.version_id)
    blueprint.check(pool)
    arrays, wanted = _Pool(blueprint, pool, options), min(forms or papers_wanted, papers_wanted)
    caps = _caps(blueprint.exposure_percent, papers_wanted, wanted, further=further)
    for most in caps:
        stream = _Stream(seed)
        try:
            items, rejected = _fill(arrays, stream, blueprint.tolerance, wanted, most, parallel=bool(forms), exceeding=exceeding)
        except (ExposureExceeded, PapersUnequal):
            if most == caps[-1]:
                raise
        else:
            break
    return _finish(blueprint, arrays, stream, items, papers_wanted, rejected=rejected)


def _caps(percent: int, papers: int, forms: int, *, further: bool) -> list[int]:
    """Return in how many forms an item may stand: as the blueprint says of the papers handed out, and, for too small a pool, as if there were `FEW`."""
    up = 99 if further else 0
    strict = max(1, (percent * papers // ceil(papers / forms) + up) // 100)
    return sorted({strict, max(strict, (percent * max(forms, FEW) + up) // 100)})


def _fill(arrays: _Pool, stream: _Stream, tolerance: int, wanted: int, most: int, *, parallel: bool, exceeding: bool) -> tuple[Indexes, int]:
    """Draw so many forms, each as hard as all; returns their items and how many others were drawn and rejected."""
    if not exceeding and any(count * wanted > len(items) * most for items, count in zip(arrays.cells, arrays.counts, strict=True)):
        raise ExposureExceeded
    usage = np.zeros(arrays.size, dtype=np.int64)
    kept: list[Indexes] = []
    found = rejected = barren = 0
    chunk = min(512, max(4, wanted // 32))
    price = _LAST if exceeding else np.inf
    while found < wanted:
        if rejected > MOST_TRIES * wanted + 1000 or barren > MOST_TRIES * chunk + 1000:
            raise PapersUnequal(kept=found, rejected=rejected)
        drawn, complete = _draw(arrays, stream, usage, chunk, np.where(usage >= most, price, 0.0))
        scores = (arrays.difficulty[drawn] @ arrays.points).astype(np.float64)
        # Rounded: points of difficulties with two decimals often lie just on the edge, and processors add in different orders.
        equal = complete & (np.abs(np.round(scores - arrays.target, 6)) <= tolerance)
        if parallel:
            equal &= np.round(np.abs(arrays.information[drawn].sum(axis=1) / arrays.target_information - 1), 9) <= INFORMATION_TOLERANCE
        good = _within(drawn[equal], usage, wanted if exceeding else most)
        barren = 0 if len(good) else barren + chunk
        rejected += chunk - len(good)
        kept.append(good[: wanted - found])
        found += len(kept[-1])
    return np.concatenate(kept), rejected


def _draw(arrays: _Pool, stream: _Stream, usage: Indexes, many: int, price: NDArray[np.float64]) -> tuple[Indexes, NDArray[np.bool_]]:
    """Draw papers cell by cell, the less used items more readily, those with a price last; a paper that finds no peaceful item is incomplete."""
    banned = np.zeros((many, arrays.size + 1), dtype=bool)
    rows = np.arange(many)[:, None]
    complete = np.ones(many, dtype=bool)
    columns = []
    for items, count in zip(arrays.cells, arrays.counts, strict=True):
        used = usage[items]
        share = used.mean()
        keys = stream.uniform(many, len(items)) + (used - share) / (share + CALM) + price[items]
        keys[banned[:, items]] = np.inf
        chosen, sound = _lowest(keys, items, count)
        foes = arrays.enemies[chosen]
        for row in np.flatnonzero((foes[:, :, None, :] == chosen[:, None, :, None]).any(axis=(1, 2, 3))):
            chosen[row], sound[row] = _peaceful(keys[row], items, count, arrays)
        complete &= sound
        banned[rows, arrays.enemies[chosen].reshape(many, -1)] = True
        columns.append(chosen)
    return np.concatenate(columns, axis=1), complete


def _lowest(keys: NDArray[np.float64], items: Indexes, count: int) -> tuple[Indexes, NDArray[np.bool_]]:
    """Return the items of the lowest keys, and whether there are enough; a tie at the border, which numpy might break either way, is unsound."""
    best = np.sort(keys.argpartition(count - 1, axis=1)[:, :count], axis=1)
    border = np.take_along_axis(keys, best, axis=1).max(axis=1)
    return items[best], np.isfinite(border) & ((keys <= border[:, None]).sum(axis=1) == count)


def _peaceful(keys: NDArray[np.float64], items: Indexes, count: int, arrays: _Pool) -> tuple[Indexes, bool]:
    """Return the items of the lowest keys that can stand together, and whether there are enough."""
    open_keys, found = keys.copy(), []
    for _ in range(count):
        best = int(open_keys.argmin())
        found.append(items[best])
        sound = bool(np.isfinite(open_keys[best]))
        open_keys[best] = np.inf
        open_keys[np.isin(items, arrays.enemies[items[best]])] = np.inf
    return np.array(found, dtype=np.int64), sound


def _within(drawn: Indexes, usage: Indexes, most: int) -> Indexes:
    """Keep the papers that take no item above its most uses, and count them in."""
    total = usage + np.bincount(drawn.ravel(), minlength=len(usage))
    if total.max(initial=0) <= most:
        usage[:] = total
        return drawn
    kept = []
    for row in drawn:
        if (usage[row] < most).all():
            usage[row] += 1
            kept.append(row)
    return np.array(kept, dtype=np.int64).reshape(-1, drawn.shape[1])


def _finish(blueprint: Blueprint, arrays: _Pool, stream: _Stream, items: Indexes, papers_wanted: int, *, rejected: int) -> Assembly:
    """Shuffle items inside their sections and options inside their items, hand forms out in turn, and measure the set."""
    total = len(items)
    width = max(1, int(arrays.options[np.concatenate(arrays.cells)].max()))  # a paper of blanks alone has no options to order
    made = []
    for start in range(0, total, 1024):
        part = items[start : start + 1024].copy()
        for _section, first, last in blueprint.spans():
            order = stream.ranks(len(part), last - first).argsort(axis=1, kind="stable")
            part[:, first:last] = np.take_along_axis(part[:, first:last], order, axis=1)
        orders = _orders(arrays, stream, part, width)
        scores = np.rint(np.round(arrays.difficulty[part] @ arrays.points, 6)).astype(np.int64)
        versions = arrays.versions[part]
        made += [papers.make(start + i + 1, versions[i].tolist(), orders[i].tobytes(), int(scores[i])) for i in range(len(part))]
    made = [replace(made[number % total], number=number + 1) for number in range(papers_wanted)] if total < papers_wanted else made
    digest = hashlib.sha256("".join(paper.hash for paper in made).encode()).hexdigest()
    return Assembly(tuple(made), _measure(arrays, items, papers_wanted, rejected), digest, blueprint.exposure_percent / 100)


def _orders(arrays: _Pool, stream: _Stream, part: Indexes, width: int) -> NDArray[np.uint8]:
    """Return for each item the original index behind each option shown, padded to one width."""
    keys = stream.ranks(*part.shape, width).astype(np.uint64)
    place = np.arange(width, dtype=np.uint64)
    keys = np.where(arrays.shuffled[part][..., None], keys, place)
    # What is no option sorts behind all that are.
    keys = np.where(place < arrays.options[part][..., None].astype(np.uint64), keys, _EVER + place)
    return keys.argsort(axis=-1, kind="stable").astype(np.uint8)


def _measure(arrays: _Pool, items: Indexes, papers: int, rejected: int) -> Statistics:
    """Measure what people get: a form that is handed out twice counts twice."""
    total, length = items.shape
    handed_out = papers // total + (np.arange(total) < papers % total)
    scores = (arrays.difficulty[items] @ arrays.points) / 100
    information = arrays.information[items].sum(axis=1)
    usage = np.bincount(items.ravel(), weights=np.repeat(handed_out, length), minlength=arrays.size).astype(np.int64)
    eligible = np.unique(np.concatenate(arrays.cells))
    most, compared = _most_overlap(items, usage) if papers == total else (length, 1.0)
    mean, sd = _spread(scores, handed_out)
    information_mean, information_sd = _spread(information, handed_out)
    return Statistics(
        papers=papers,
        forms=total,
        pool=len(eligible),
        expected_score=Spread(mean, sd, round(float(scores.min()), 4), round(float(scores.max()), 4)),
        plain_sd=round(arrays.plain_sd, 4),
        information_sd=information_sd,
        exposure_max=round(float(usage.max()) / papers, 4),
        exposure_mean=round(length / len(eligible), 4),
        overlap_mean=mean_overlap(usage, papers),
        overlap_max=most,
        rejected=rejected,
        overlap_compared=compared,
        information_mean=information_mean,
        uses={str(arrays.versions[at]): int(usage[at]) for at in np.flatnonzero(usage)},
    )


def _spread(values: NDArray[np.float64], weights: Indexes) -> tuple[float, float]:
    """Return mean and standard deviation."""
    mean = float(np.average(values, weights=weights))
    return round(mean, 4), round(float(np.average((values - mean) ** 2, weights=weights)) ** 0.5, 4)


def _most_overlap(items: Indexes, usage: Indexes) -> tuple[int, float]:
    """Return the largest number of common items, and in what share of all pairs it was looked for: all of them unless that takes too long.

    Each paper in turn is compared with all behind it: those stand, in order, in the lists of the papers that hold its items.
    """
    total = len(items)
    holders = np.argsort(items.ravel(), kind="stable")
    place = np.empty_like(holders)
    place[holders] = np.arange(len(holders))
    ends, place, holders = np.cumsum(usage)[items], place.reshape(items.shape) + 1, holders // items.shape[1]
    most = looked_at = at = 0
    while at < total - 1 and looked_at < MOST_LOOKED_AT:
        behind = np.concatenate([holders[start:end] for start, end in zip(place[at].tolist(), ends[at].tolist(), strict=True)])
        most = max(most, int(np.bincount(behind - at, minlength=1).max()))
        looked_at += len(behind) + total - at
        at += 1
    left = total - at
    return most, round(1 - left * (left - 1) / (total * (total - 1)), 4) if total > 1 else 1.0
