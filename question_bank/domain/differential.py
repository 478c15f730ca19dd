"""Differential item functioning: an item harder for one group than for others who do as well on the whole.

Mantel & Haenszel (1959) over strata of the total score, on the delta scale and in the classes of ETS (Holland & Thayer
1988; Zieky 1993).
"""

import math
from dataclasses import dataclass

import numpy as np

from question_bank.domain.item_fit import tail
from question_bank.domain.responses import NOT_GIVEN, Floats, Responses, Right, only, totals

LEAST_SHOWN = 20  # answers of the smaller side to an item
LEAST_IN_GROUP = 100  # with fewer, chance looks like a difference: the figures are marked as of few, and nothing is concluded
MOST_GROUPS = 60
DELTA = -2.35  # from the logarithm of an odds ratio to the delta scale


@dataclass(frozen=True, slots=True)
class Differential:
    """One item for one group against all the others; a negative delta means harder for the group."""

    item: str
    grouping: str
    group: str
    answers: int
    odds_ratio: float
    delta: float
    standard_error: float
    chi_square: float
    p_value: float
    grade: str  # A negligible, B moderate, C large; empty where there are few
    few: bool = False


def differential(responses: Responses) -> tuple[Differential, ...]:
    """Return every item that is right or wrong, for every group that is large enough, of every grouping; of two groups, for the smaller one."""
    strata, kept = _strata(responses), responses.dichotomous
    items, cells = tuple(responses.items[at] for at in kept), only(responses, kept)
    found: list[Differential] = []
    for grouping, values in responses.groups.items():
        names, members, sizes = np.unique(values, return_inverse=True, return_counts=True)
        if not 2 <= len(names) <= MOST_GROUPS:
            continue
        right, given = _tables(cells, strata, members, len(names))
        for at, name in enumerate(names):
            if name and (len(names) > 2 or at == np.argmin(sizes)):
                found += _of_group(items, grouping, str(name), right[:, at], given[:, at], right.sum(axis=1), given.sum(axis=1))
    return tuple(found)


def _strata(responses: Responses) -> Floats:
    """Return each person's score, on papers of different length brought to the usual length."""
    found = totals(responses.right, responses.shares)
    return np.asarray(np.round(found.share * np.median(found.given))) if responses.people else np.zeros(0)


def _tables(right: Right, strata: Floats, members: np.ndarray, groups: int) -> tuple[Floats, Floats]:
    """Return strata × groups × items: how many were right, and how many were given the item."""
    levels, place = np.unique(strata, return_inverse=True)
    cell = place * groups + members
    order = np.argsort(cell, kind="stable")
    present, starts = np.unique(cell[order], return_index=True)
    found = np.zeros((2, len(levels) * groups, right.shape[1]))
    for index, (start, end) in enumerate(zip(starts, [*starts[1:], len(order)], strict=True)):
        part = right[order[start:end]]
        found[0, present[index]] = (part == 1).sum(axis=0)
        found[1, present[index]] = (part != NOT_GIVEN).sum(axis=0)
    both = found.reshape(2, len(levels), groups, right.shape[1])
    return both[0], both[1]


def _of_group(items: tuple[str, ...], grouping: str, group: str, right: Floats, given: Floats, all_right: Floats, all_given: Floats) -> list[Differential]:  # noqa: PLR0917
    """Compare a group with all the others; arguments are strata × items."""
    focal, failed = right, given - right
    reference, missed = all_right - right, (all_given - given) - (all_right - right)
    people = np.where(all_given > 1, all_given, np.nan)
    smaller = np.minimum(given.sum(axis=0), (all_given - given).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        better, worse = np.nansum(reference * failed / people, axis=0), np.nansum(missed * focal / people, axis=0)
        odds = better / worse
        # Phillips & Holland (1987): the variance of the logarithm of the common odds ratio.
        inner = (reference * failed + odds * missed * focal) * (reference + failed + odds * (missed + focal)) / people**2
        error = np.sqrt(np.nansum(inner, axis=0) / 2) / better
        expected = (all_given - given) * all_right / people
        variance = (all_given - given) * given * all_right * (all_given - all_right) / (people**2 * (people - 1))
        gap = np.abs(np.nansum(reference - expected, axis=0)) - 0.5
        chi = np.maximum(gap, 0) ** 2 / np.nansum(variance, axis=0)
    found = []
    for at, item in enumerate(items):
        if smaller[at] < LEAST_SHOWN or not (0 < odds[at] < np.inf) or not np.isfinite(chi[at]):
            continue
        delta, spread = DELTA * math.log(odds[at]), abs(DELTA) * float(error[at])
        p_value = tail(float(chi[at]), 1)
        answers = int(given[:, at].sum())
        few = bool(smaller[at] < LEAST_IN_GROUP)
        grade = "" if few else _grade(delta, spread, p_value)
        found.append(Differential(item, grouping, group, answers, float(odds[at]), delta, spread, float(chi[at]), p_value, grade, few))
    return found


def _grade(delta: float, error: float, p_value: float) -> str:
    """Return the class of ETS: C needs size and certainty, A lacks one of them."""
    size = abs(delta)
    if size < 1 or p_value >= 0.05:
        return "A"
    return "C" if size >= 1.5 and size - 1.645 * error > 1 else "B"
