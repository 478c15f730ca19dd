"""Classical item analysis: difficulty, discrimination, distractors, the reliability of a complete test.

Notation of Lord & Novick (1968) and Crocker & Algina (1986). The rest score of a person is her share of right responses
on the other items given to her; on a complete test its correlations are those of the usual rest score. Of an item that
people mark, the share of its points takes the place of right and wrong everywhere: p is the mean share.
"""

from dataclasses import dataclass

import numpy as np

from question_bank.domain.responses import NOT_GIVEN, Floats, Responses, Totals, blocks, score_groups, tail_weights, totals

TAIL = 0.27  # Kelley (1939): tails of 27 % tell most about an item
GROUPS = 5  # points of a distractor curve


@dataclass(frozen=True, slots=True)
class OptionStatistics:
    """How one option fared; `label` is empty for "left empty"."""

    label: str
    is_key: bool
    count: int
    share: float
    mean_rest: float  # nan when nobody chose it
    point_biserial: float
    upper: float  # share of those in the upper 27 % who chose it
    lower: float
    by_group: tuple[float, ...]  # share in each score group, weakest first


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """How one item fared; nan where a figure does not exist."""

    item: str
    answers: int
    difficulty: float  # share of right responses, or mean share of the points
    point_biserial: float  # with the rest score
    point_biserial_total: float  # with the total score, the item itself included
    discrimination: float  # upper 27 % minus lower 27 %
    by_group: tuple[float, ...]  # share of right responses in each score group, weakest first
    options: tuple[OptionStatistics, ...] = ()


@dataclass(frozen=True, slots=True)
class Alpha:
    """Coefficient alpha (for right and wrong: KR-20) of a complete test, in points of one an item."""

    alpha: float
    standard_error: float  # of measurement
    mean: float
    deviation: float
    without: tuple[float, ...]  # alpha when one item is left out


# Columns of what every response is summed with; the score groups follow.
_ALL, _COUNTS, _BASE, _STEP, _BASE2, _BASE_STEP, _STEP2, _SHARE, _SHARE2, _UPPER, _LOWER, _GROUPS = range(12)


def _columns(found: Totals) -> tuple[Floats, float]:
    """Return people × columns, and the centre that was taken from the rest score so that squares lose no digits.

    The rest score is base - step for whoever was right and base for the others: base = total / (given - 1), step = 1 / (given - 1).
    """
    counts = (found.given > 1).astype(np.float64)  # only with other items is there a rest
    step = counts / np.maximum(found.given - 1, 1)
    base = found.right * step
    centre = _ratio(base.sum(), counts.sum())
    base = (base - centre) * counts
    share, given = found.share, found.given > 0
    groups, upper, lower = np.zeros((len(share), GROUPS)), np.zeros(len(share)), np.zeros(len(share))
    groups[np.flatnonzero(given), score_groups(share[given], GROUPS)] = 1
    upper[given], lower[given] = tail_weights(share[given], TAIL, upper=True), tail_weights(share[given], TAIL, upper=False)
    share = share - (share.mean() if len(share) else 0)
    parts = (np.ones(len(share)), counts, base, step, base**2, base * step, step**2, share, share**2, upper, lower, groups)
    return np.column_stack(parts), centre


def analyse(responses: Responses) -> tuple[ItemStatistics, ...]:
    """Return the statistics of every item."""
    columns, centre = _columns(totals(responses.right, responses.shares))
    given, right = np.zeros((2, len(responses.items), columns.shape[1]))
    for part in blocks(responses.people):
        cells = responses.right[part]
        given += (cells != NOT_GIVEN).T.astype(np.float64) @ columns[part]
        right += (cells == 1).T.astype(np.float64) @ columns[part]
    squared = right.copy()  # what is 0 or 1 is its own square
    for at, share in responses.shares.items():
        right[at], squared[at] = share @ columns, share**2 @ columns
    return tuple(
        ItemStatistics(
            item=name,
            answers=round(given[at, _ALL]),
            difficulty=_ratio(right[at, _ALL], given[at, _ALL]),
            point_biserial=_correlation(
                given[at, _COUNTS], (right[at, _COUNTS], squared[at, _COUNTS]), _rest(given[at], right[at], squared[at]), right[at, _BASE] - squared[at, _STEP]
            ),
            point_biserial_total=_correlation(
                given[at, _ALL], (right[at, _ALL], squared[at, _ALL]), (given[at, _SHARE], given[at, _SHARE2]), right[at, _SHARE]
            ),
            discrimination=_ratio(right[at, _UPPER], given[at, _UPPER]) - _ratio(right[at, _LOWER], given[at, _LOWER]),
            by_group=_by_group(right[at], given[at]),
            options=_options(responses, at, columns, centre, (given[at], right[at])),
        )
        for at, name in enumerate(responses.items)
    )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _by_group(part: Floats, whole: Floats) -> tuple[float, ...]:
    return tuple(_ratio(part[_GROUPS + at], whole[_GROUPS + at]) for at in range(GROUPS))


def _rest(given: Floats, right: Floats, squared: Floats) -> tuple[float, float]:
    """Return the sum of the rest scores on an item, and of their squares."""
    return float(given[_BASE] - right[_STEP]), float(given[_BASE2] - 2 * right[_BASE_STEP] + squared[_STEP2])


def _correlation(people: float, one: tuple[float, float], other: tuple[float, float], product: float) -> float:
    """Return the correlation of two scores from the sums of each and of its squares, and of their products; nan where either does not vary."""
    spread = (people * one[1] - one[0] ** 2) * (people * other[1] - other[0] ** 2)
    if people < 2 or not 0 < one[0] < people or spread <= 1e-12 * people**3:
        return float("nan")
    return float(np.clip((people * product - one[0] * other[0]) / np.sqrt(spread), -1, 1))


def _options(responses: Responses, at: int, columns: Floats, centre: float, of_item: tuple[Floats, Floats]) -> tuple[OptionStatistics, ...]:
    """Return the statistics of an item's options, and of leaving it empty where somebody did."""
    labels = responses.options[at] if responses.chosen is not None else ()
    if not labels or responses.chosen is None:
        return ()
    given, right = of_item
    here = np.flatnonzero(responses.right[:, at] != NOT_GIVEN)
    bits, mine = responses.chosen[here, at], columns[here]
    picked = np.column_stack([*((bits >> np.uint32(bit)) & np.uint32(1) for bit in range(len(labels))), bits == 0]).astype(np.float64)
    correct = (responses.right[here, at] == 1).astype(np.float64)[:, None]
    sums, sums_right = picked.T @ mine, (picked * correct).T @ mine
    found = []
    for bit, label in enumerate([*labels, ""]):
        mean = _ratio(sums[bit, _BASE] - sums_right[bit, _STEP], 1)
        option = OptionStatistics(
            label=label,
            is_key=bool(responses.keys[at] >> bit & 1),
            count=round(sums[bit, _ALL]),
            share=_ratio(sums[bit, _ALL], given[_ALL]),
            mean_rest=_ratio(mean, sums[bit, _COUNTS]) + centre,
            point_biserial=_correlation(given[_COUNTS], (sums[bit, _COUNTS], sums[bit, _COUNTS]), _rest(given, right, right), mean),
            upper=_ratio(sums[bit, _UPPER], given[_UPPER]),
            lower=_ratio(sums[bit, _LOWER], given[_LOWER]),
            by_group=_by_group(sums[bit], given),
        )
        if option.label or option.count:
            found.append(option)
    return tuple(found)


def alpha(responses: Responses) -> Alpha | None:
    """Return the reliability of a complete test of two items or more; None where it does not exist."""
    items, people = len(responses.items), responses.people
    if items < 2 or people < 2 or not responses.is_complete:
        return None
    score = totals(responses.right, responses.shares).right
    shift = score - score.mean()
    right, product = np.zeros((2, items))
    for part in blocks(people):
        cells = responses.right[part].astype(np.float64)
        right += cells.sum(axis=0)
        product += cells.T @ shift[part]
    squared = right.copy()
    for at, share in responses.shares.items():
        right[at], squared[at], product[at] = share.sum(), share @ share, share @ shift
    variances = squared / people - (right / people) ** 2
    whole = float(shift @ shift) / people
    if whole <= 0:
        return None
    found = _alpha(items, variances.sum(), whole)
    deviation = float(np.sqrt(whole * people / (people - 1)))
    rests = whole + variances - 2 * product / people
    without = tuple(_alpha(items - 1, variances.sum() - variances[at], rests[at]) for at in range(items))
    return Alpha(found, deviation * float(np.sqrt(1 - found)), float(score.mean()), deviation, without)


def _alpha(items: int, parts: float, whole: float) -> float:
    return float(items / (items - 1) * (1 - parts / whole)) if items > 1 and whole > 0 else float("nan")
