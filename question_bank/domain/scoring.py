"""Key and response give points: integers in hundredths, never more than the item is worth, never less than zero."""

from collections.abc import Iterable
from enum import StrEnum

from question_bank.domain.item import ItemType, Key


class MultiplePolicy(StrEnum):
    """What an incomplete response to a multiple-choice item is worth."""

    ALL_OR_NOTHING = "all_or_nothing"
    HALF_WHEN_INCOMPLETE = "half_when_incomplete"  # some right ones, none wrong: half the points
    SHARE_WHEN_INCOMPLETE = "share_when_incomplete"  # some right ones, none wrong: their share
    RIGHT_MINUS_WRONG = "right_minus_wrong"  # share of right ones less one share for each wrong one, not below zero


def is_right(kind: ItemType, key: Key, response: Iterable[int]) -> bool:
    """Tell whether the response is wholly right."""
    _refuse_unscored(kind)
    chosen = set(response)
    return bool(chosen) and chosen == set(key.options)


def score(
    kind: ItemType,
    key: Key,
    response: Iterable[int],
    points: int,
    policy: MultiplePolicy = MultiplePolicy.ALL_OR_NOTHING,
) -> int:
    """Return the points for a response: positions of the chosen options in canonical order, from 0."""
    _refuse_unscored(kind)
    chosen, right = set(response), set(key.options)
    if not chosen:
        return 0
    if chosen == right:
        return points
    if kind is not ItemType.MULTIPLE:
        return 0
    hits, misses = len(chosen & right), len(chosen - right)
    if policy is MultiplePolicy.RIGHT_MINUS_WRONG:
        return max(0, hits - misses) * points // len(right)
    if misses or not hits or policy is MultiplePolicy.ALL_OR_NOTHING:
        return 0
    return points // 2 if policy is MultiplePolicy.HALF_WHEN_INCOMPLETE else hits * points // len(right)


def _refuse_unscored(kind: ItemType) -> None:
    # A wrong zero would look like a result; whoever asks for a type that has no rule yet has made a mistake.
    if not kind.chooses:
        raise ValueError(f"no scoring rule for {kind}")
