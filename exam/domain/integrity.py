"""Leads for people who look into an exam: responses that two people share too often, and responses that fit no ability. Never proof.

Similarity on the items both were given and both answered. How probable each response is comes from those of about the same
score (groups of ability) instead of a nominal response model, because papers are drawn at random from large pools; where few sat, from
everybody's, tilted by ability.

* ω: matches expected of one person given the other's responses, standardised (Wollack 1997); of both directions the larger.
* Generalised binomial test: how probable so many matches or more are, exactly (van der Linden & Sotaridona 2006).
* lz*: how well a person's right and wrong responses fit her ability in the Rasch model, corrected for its being estimated (Snijders 2001).

Many pairs are looked at, so what is shown is controlled by the false discovery rate (Benjamini & Hochberg 1995).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from question_bank.domain.responses import Floats, score_groups

GROUPS = 8  # of ability
LEANS_ON = 10  # as if so many more of a group had answered as ability lets expect, so that a small group says little by itself
TILTING, MOST_TILT = 20, 5.0  # steps; logits
LEAST_COMMON = 15  # items; with fewer there is nothing to say
MOST_TOGETHER = 1_000  # people of one school compared with one another; pairs grow with the square
SCREEN = 3.0  # standard deviations above the expected matches from which the exact probability is worked out
FALSE_SHARE = 0.01  # of the pairs shown, how many may be there by chance
MISFIT = -3.5  # lz* below which a person is shown
MOST_STEPS = 100
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sheets:
    """What people answered, one place of a paper a row, each person's rows together: as much as was given, however large the pool.

    `person` and `item` count from 0; `chosen` holds one bit for each option (0: none, or an item without options);
    `share` of the item's points.
    """

    person: Codes
    item: Codes
    chosen: npt.NDArray[np.uint32]
    share: npt.NDArray[np.float32]

    @property
    def people(self) -> int:
        """Return how many people there are."""
        return int(self.person[-1]) + 1 if len(self.person) else 0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who share more responses than their abilities explain."""

    one: int
    other: int
    common: int
    matches: int
    wrong: int  # of the matches, how many are wrong alike
    expected: float
    omega: float
    probability: float  # of so many matches or more
    adjusted: float  # the same after control for the number of pairs


@dataclass(frozen=True, slots=True)
class Similarity:
    """What a comparison of the pairs within schools found; `left_out`: pairs of one school that were not looked at, since it is too large."""

    pairs: int
    too_few: int
    left_out: int
    leads: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """How probable each response was: `code` of each row, -1 where nothing was answered; codes of an item lie together."""

    code: Codes
    chance: Floats  # groups × codes
    agree: Floats  # groups × groups × items: both choose alike
    group: Ints


@dataclass(frozen=True, slots=True)
class _School:
    """The codes of some people as a table: people × items that any of them was given; -1 where nothing was given or answered."""

    who: Ints
    items: Ints
    codes: Codes
    right: npt.NDArray[np.bool_]


def similarity(sheets: Sheets, schools: Ints) -> Similarity:
    """Compare everybody with everybody of her school, one school at a time; of a very large one those who began about the same time."""
    table = _tabulated(sheets)
    pairs = too_few = left_out = 0
    found: list[Pair] = []
    for members in _members(schools):
        for start in range(0, len(members), MOST_TOGETHER):
            part = members[start : start + MOST_TOGETHER]
            left_out += len(part) * (len(members) - start - len(part))
            school = _school(sheets, table, part)
            for at in range(len(part) - 1):
                items = np.flatnonzero(school.codes[at] >= 0)
                others = np.arange(at + 1, len(part))
                enough = (school.codes[np.ix_(others, items)] >= 0).sum(axis=1) >= LEAST_COMMON
                too_few += int((~enough).sum())
                pairs += int(enough.sum())
                if enough.any():
                    found += _suspects(table, school, at, others[enough], items)
    return Similarity(pairs, too_few, left_out, tuple(_controlled(found, pairs)))


def _members(schools: Ints) -> Iterator[Ints]:
    order = np.argsort(schools, kind="stable")
    return (part for part in np.split(order, np.flatnonzero(np.diff(schools[order])) + 1) if len(part) > 1)


def _tabulated(sheets: Sheets) -> _Table:
    counted, items = np.bincount(sheets.person), int(sheets.item.max(initial=-1)) + 1
    group = score_groups(np.bincount(sheets.person, sheets.share) / np.maximum(counted, 1), GROUPS)
    answered = sheets.chosen != 0
    keys, codes = np.unique(sheets.item[answered].astype(np.int64) << 32 | sheets.chosen[answered], return_inverse=True)
    code = np.full(len(sheets.item), -1, np.int32)
    code[answered] = codes
    counts = np.bincount(group[sheets.person[answered]] * len(keys) + codes, minlength=GROUPS * len(keys)).reshape(GROUPS, -1).astype(float)
    used, starts = np.unique(keys >> 32, return_index=True)
    width = np.diff(starts, append=len(keys))
    agree = np.zeros((GROUPS, GROUPS, items))
    if not len(keys):
        return _Table(code, counts, agree, group)
    share = np.zeros(len(keys))
    share[codes] = sheets.share[answered]
    leant = counts + LEANS_ON * _tilted(counts, share, starts, width)
    chance = leant / np.repeat(np.add.reduceat(leant, starts, axis=1), width, axis=1)
    for one in range(GROUPS):
        agree[one][:, used] = np.add.reduceat(chance[one] * chance, starts, axis=1)
    return _Table(code, chance, agree, group)


def _tilted(counts: Floats, share: Floats, starts: Ints, width: Ints) -> Floats:
    """Return how everybody's choices would fall in each group: what has points more readily, the abler the group.

    `counts` are groups × codes. Leaning on everybody alike would call two able people's right responses too many.
    """
    whole, given, tilt = counts.sum(axis=0) + 0.5, np.add.reduceat(counts, starts, axis=1), np.zeros(len(counts))
    for _ in range(TILTING):
        weight = whole * np.exp(np.outer(tilt, share))
        chance = weight / np.repeat(np.add.reduceat(weight, starts, axis=1), width, axis=1)
        mean = np.add.reduceat(chance * share, starts, axis=1)
        spread = np.add.reduceat(chance * share**2, starts, axis=1) - mean**2
        tilt += (counts @ share - (given * mean).sum(axis=1)) / np.maximum((given * spread).sum(axis=1), 1)
        tilt = tilt.clip(-MOST_TILT, MOST_TILT)
    return np.asarray(chance)


def _school(sheets: Sheets, table: _Table, who: Ints) -> _School:
    first, last = np.searchsorted(sheets.person, who), np.searchsorted(sheets.person, who, side="right")
    rows = np.concatenate([np.arange(one, end) for one, end in zip(first, last, strict=True)])
    items, column = np.unique(sheets.item[rows], return_inverse=True)
    at = np.repeat(np.arange(len(who)), last - first)
    codes, right = np.full((len(who), len(items)), -1, np.int32), np.zeros((len(who), len(items)), dtype=bool)
    codes[at, column], right[at, column] = table.code[rows], sheets.share[rows] == 1
    return _School(who, items, codes, right)


def _suspects(table: _Table, school: _School, one: int, others: Ints, items: Ints) -> Iterator[Pair]:
    """Return the pairs of one person that stand out, each with its exact probability."""
    mine, theirs = school.codes[one, items], school.codes[np.ix_(others, items)]
    group, groups = table.group[school.who[one]], table.group[school.who[others]]
    common = theirs >= 0
    same = common & (theirs == mine)
    matches = same.sum(axis=1)
    agree = np.where(common, table.agree[group][:, school.items[items]][groups], 0)
    expected, spread = agree.sum(axis=1), np.sqrt((agree * (1 - agree)).sum(axis=1))
    for at in np.flatnonzero(matches > expected + SCREEN * spread):
        here = common[at]
        omegas = [omega(int(matches[at]), table.chance[copier, source]) for copier, source in ((group, theirs[at, here]), (groups[at], mine[here]))]
        probability = at_least(int(matches[at]), agree[at, here])
        wrong = int((same[at] & ~school.right[one, items]).sum())
        pair = int(school.who[one]), int(school.who[others[at]])
        yield Pair(*pair, int(here.sum()), int(matches[at]), wrong, float(expected[at]), max(omegas), probability, probability)


def omega(matches: int, chances: Floats) -> float:
    """Return ω: matches above those expected of the copier given the source's responses, in standard deviations."""
    return float((matches - chances.sum()) / np.sqrt((chances * (1 - chances)).sum()))


def at_least(matches: int, chances: Floats) -> float:
    """Return the probability of so many successes or more in independent trials of different chances (generalised binomial)."""
    distribution = np.zeros(len(chances) + 1)
    distribution[0] = 1
    for chance in chances:
        distribution[1:] = distribution[1:] * (1 - chance) + distribution[:-1] * chance
        distribution[0] *= 1 - chance
    return float(min(distribution[matches:].sum(), 1.0))


def _controlled(found: list[Pair], pairs: int) -> Iterator[Pair]:
    """Return the pairs that stand when so many were looked at (Benjamini-Hochberg), the least probable first; the others' probabilities count as 1."""
    ranked = sorted(found, key=lambda pair: pair.probability)
    adjusted, smallest = [], 1.0
    for rank in range(len(ranked), 0, -1):
        smallest = min(smallest, ranked[rank - 1].probability * pairs / rank)
        adjusted.append(smallest)
    for pair, value in zip(ranked, reversed(adjusted), strict=True):
        if value <= FALSE_SHARE:
            yield replace(pair, adjusted=value)


def difficulties(sheets: Sheets) -> Floats:
    """Return the Rasch difficulty of each item in logits: joint maximum likelihood, its known bias taken back (Wright & Douglas 1977).

    Whoever has nothing or everything right says nothing. Nan: an item that nobody or everybody has right, or that is worth something between.
    """
    people, items = sheets.people, int(sheets.item.max(initial=-1)) + 1
    graded = np.bincount(sheets.item, (sheets.share > 0) & (sheets.share < 1), items) > 0
    rows = np.flatnonzero(~graded[sheets.item])
    scores, counts = _summed(sheets.share[rows], sheets.person[rows], people), np.bincount(sheets.person[rows], minlength=people)
    rows = rows[((scores > 0) & (scores < counts))[sheets.person[rows]]]
    person, item, right = sheets.person[rows], sheets.item[rows], sheets.share[rows]
    easy, given = _summed(right, item, items), np.bincount(item, minlength=items)
    usable = (easy > 0) & (easy < given)
    ability, difficulty = np.zeros(people), np.zeros(items)
    for _ in range(MOST_STEPS):
        chance = _chance(difficulty, ability, item, person)
        ability += _newton(scores, chance, person, people)
        chance = _chance(difficulty, ability, item, person)
        step = np.where(usable, -_newton(easy, chance, item, items), 0)
        difficulty += step
        difficulty[usable] -= difficulty[usable].mean() if usable.any() else 0
        if np.abs(step).max(initial=0) < 1e-4:
            break
    length = counts.mean() if people else 1
    return np.where(usable, difficulty * (length - 1) / length, np.nan)


def person_fit(sheets: Sheets, difficulty: Floats) -> Floats:
    """Return lz* of each person from item difficulties in logits (items that have none left out); nan for who has nothing or everything right."""
    known = np.isfinite(difficulty[sheets.item])
    person, item, right, people = sheets.person[known], sheets.item[known], (sheets.share[known] == 1).astype(float), sheets.people
    scores, counts = _summed(right, person, people), np.bincount(person, minlength=people)
    usable = (scores > 0) & (scores < counts)
    ability = np.zeros(people)
    for _ in range(25):
        ability += np.where(usable, _newton(scores, _chance(difficulty, ability, item, person), person, people), 0)
    chance = _chance(difficulty, ability, item, person)
    spread, weight = chance * (1 - chance), ability[person] - difficulty[item]  # the logit of the chance
    weight -= (_summed(spread * weight, person, people) / np.maximum(_summed(spread, person, people), 1e-9))[person]
    with np.errstate(invalid="ignore", divide="ignore"):
        fit = _summed((right - chance) * weight, person, people) / np.sqrt(_summed(weight**2 * spread, person, people))
    return np.where(usable, fit, np.nan)


def _chance(difficulty: Floats, ability: Floats, item: Codes, person: Codes) -> Floats:
    return np.asarray(1 / (1 + np.exp(difficulty[item] - ability[person])))


def _newton(right: Floats, chance: Floats, whose: Codes, many: int) -> Floats:
    """Return how far each ability (or easiness) moves towards as many right responses as there are."""
    return np.clip((right - _summed(chance, whose, many)) / np.maximum(_summed(chance * (1 - chance), whose, many), 1e-9), -1, 1)


def _summed(figures: npt.NDArray[np.floating[Any]], whose: Codes, many: int) -> Floats:
    return np.bincount(whose, figures, many).astype(np.float64)
