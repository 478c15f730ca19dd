"""Leads for people who look into an exam: responses that two people share too often, and responses that fit no ability. Never proof.

Similarity on the items both were given and both answered. How probable each response is comes from those of about the same
score (groups of ability) instead of a nominal response model, because papers are drawn at random from large pools.

* ω: matches expected of one person given the other's responses, standardised (Wollack 1997); of both directions the larger.
* Generalised binomial test: how probable so many matches or more are, exactly (van der Linden & Sotaridona 2006).
* lz*: how well a person's right and wrong responses fit her ability in the Rasch model, corrected for its being estimated (Snijders 2001).

Many pairs are looked at, so what is shown is controlled by the false discovery rate (Benjamini & Hochberg 1995).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
import numpy.typing as npt

from question_bank.domain.responses import NOT_GIVEN, Floats, Responses, Right, score_groups, totals

GROUPS = 8  # of ability
LEAST_COMMON = 15  # items; with fewer there is nothing to say
SCREEN = 3.0  # standard deviations above the expected matches from which the exact probability is worked out
FALSE_SHARE = 0.01  # of the pairs shown, how many may be there by chance
MISFIT = -3.5  # lz* below which a person is shown
Codes = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people (rows) who share more responses than their abilities explain."""

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
    """What a comparison of all pairs within schools found."""

    pairs: int
    too_few: int
    leads: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """What everybody chose, and how probable it was: `codes` people × items, -1 where nothing was given or answered."""

    codes: Codes
    starts: npt.NDArray[np.int64]  # item -> first column of its responses in `chance`
    chance: Floats  # groups × responses of all items
    agree: Floats  # groups × groups × items: both choose alike
    group: npt.NDArray[np.int64]


def similarity(responses: Responses, schools: npt.NDArray[np.int64]) -> Similarity:
    """Compare everybody with everybody of her school."""
    table = _tabulated(responses)
    pairs = too_few = 0
    found: list[Pair] = []
    for school in _members(schools):
        for at, one in enumerate(school[:-1]):
            others = school[at + 1 :]
            items = np.flatnonzero(table.codes[one] >= 0)
            enough = (table.codes[np.ix_(others, items)] >= 0).sum(axis=1) >= LEAST_COMMON
            too_few += int((~enough).sum())
            pairs += int(enough.sum())
            if enough.any():
                found += _suspects(table, responses.right, int(one), others[enough], items)
    return Similarity(pairs, too_few, tuple(_controlled(found, pairs)))


def _members(schools: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    order = np.argsort(schools, kind="stable")
    return (part for part in np.split(order, np.flatnonzero(np.diff(schools[order])) + 1) if len(part) > 1)


def _tabulated(responses: Responses) -> _Table:
    assert responses.chosen is not None
    group = score_groups(totals(responses.right, responses.shares).share, GROUPS)
    codes = np.full(responses.right.shape, -1, np.int16)
    starts, chances, agree = [], [], np.zeros((GROUPS, GROUPS, len(responses.items)))
    width = 0
    for item, labels in enumerate(responses.options):
        starts.append(width)
        answered = (responses.right[:, item] != NOT_GIVEN) & (responses.chosen[:, item] != 0)
        if not labels or not answered.any():
            continue
        kinds, code = np.unique(responses.chosen[answered, item], return_inverse=True)
        codes[answered, item] = code
        counts = np.bincount(group[answered] * len(kinds) + code, minlength=GROUPS * len(kinds)).reshape(GROUPS, -1).astype(float)
        whole = counts.sum(axis=0) + 0.5
        # A small group leans on the whole: as if ten more of it had answered like everybody.
        chance = (counts + 10 * whole / whole.sum()) / (counts.sum(axis=1, keepdims=True) + 10)
        agree[:, :, item] = chance @ chance.T
        chances.append(chance)
        width += len(kinds)
    return _Table(codes, np.array(starts), np.concatenate(chances, axis=1) if chances else np.zeros((GROUPS, 0)), agree, group)


def _suspects(table: _Table, right: Right, one: int, others: npt.NDArray[np.int64], items: npt.NDArray[np.int64]) -> Iterator[Pair]:
    """Return the pairs of one person that stand out, each with its exact probability."""
    mine, theirs = table.codes[one, items], table.codes[np.ix_(others, items)]
    common = theirs >= 0
    same = common & (theirs == mine)
    matches = same.sum(axis=1)
    agree = np.where(common, table.agree[table.group[one], table.group[others]][:, items], 0)
    expected, spread = agree.sum(axis=1), np.sqrt((agree * (1 - agree)).sum(axis=1))
    for at in np.flatnonzero(matches > expected + SCREEN * spread):
        here = common[at]
        omegas = [
            omega(int(matches[at]), table.chance[table.group[copier], table.starts[items[here]] + source])
            for copier, source in ((one, theirs[at, here]), (int(others[at]), mine[here]))
        ]
        probability = at_least(int(matches[at]), agree[at, here])
        wrong = int((same[at] & (right[one, items] == 0)).sum())
        yield Pair(one, int(others[at]), int(here.sum()), int(matches[at]), wrong, float(expected[at]), max(omegas), probability, probability)


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
            yield Pair(pair.one, pair.other, pair.common, pair.matches, pair.wrong, pair.expected, pair.omega, pair.probability, value)


def person_fit(right: Right, difficulties: Floats) -> Floats:
    """Return lz* of each person (rows) from item difficulties in logits; nan for who has nothing or everything right."""
    given = right != NOT_GIVEN
    scores, counts = (right == 1).sum(axis=1), given.sum(axis=1)
    usable = (scores > 0) & (scores < counts)
    ability = np.zeros(len(right))
    for _step in range(25):
        chance = _rasch(ability, difficulties, given)
        ability += np.where(usable, np.clip((scores - chance.sum(axis=1)) / np.maximum((chance * (1 - chance)).sum(axis=1), 1e-9), -1, 1), 0)
    chance = _rasch(ability, difficulties, given)
    spread = chance * (1 - chance)
    weight = np.where(given, ability[:, None] - difficulties, 0)  # the logit of the chance
    centre = (spread * weight).sum(axis=1) / np.maximum(spread.sum(axis=1), 1e-9)
    weight = np.where(given, weight - centre[:, None], 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        fit = (((right == 1) - chance) * weight).sum(axis=1) / np.sqrt((weight**2 * spread).sum(axis=1))
    return np.where(usable, fit, np.nan)


def _rasch(ability: Floats, difficulties: Floats, given: npt.NDArray[np.bool_]) -> Floats:
    return np.where(given, 1 / (1 + np.exp(difficulties - ability[:, None])), 0)


def upper_tail(deviations: float) -> float:
    """Return how probable a standard normal figure above this is."""
    return erfc(deviations / sqrt(2)) / 2
