"""Key and response give points: integers in hundredths, never more than the item is worth, never less than zero."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from question_bank.domain.draft import decimal
from question_bank.domain.item import Blank, ItemType, Key


class MultiplePolicy(StrEnum):
    """What an incomplete response to a multiple-choice item is worth."""

    ALL_OR_NOTHING = "all_or_nothing"
    HALF_WHEN_INCOMPLETE = "half_when_incomplete"  # some right ones, none wrong: half the points
    SHARE_WHEN_INCOMPLETE = "share_when_incomplete"  # some right ones, none wrong: their share
    RIGHT_MINUS_WRONG = "right_minus_wrong"  # share of right ones less one share for each wrong one, not below zero


def is_right(kind: ItemType, key: Key, response: Iterable[int], texts: Sequence[str] = ()) -> bool | None:
    """Tell whether the response is wholly right; None where people have to say so."""
    if kind.chooses:
        chosen = set(response)
        return bool(chosen) and chosen == set(key.options)
    if kind.marked_by_people:
        return None if _is_written(texts) else False
    parts = right_parts(kind, key, tuple(response), texts)
    return bool(parts) and all(parts)


def score(
    kind: ItemType,
    key: Key,
    response: Iterable[int],
    points: int,
    policy: MultiplePolicy = MultiplePolicy.ALL_OR_NOTHING,
    *,
    texts: Sequence[str] = (),
) -> int | None:
    """Return the points for a response; None while it awaits marking by people.

    `response`: positions of options in canonical order, from 0: the chosen ones; one for each prompt, -1 for none (matching); all
    in the learner's order (ordering). `texts`: one for each blank (fill-in), or the one text (short text).
    """
    if kind.chooses:
        return _chosen(kind, key, set(response), points, policy)
    if kind.marked_by_people:
        return None if _is_written(texts) else 0
    parts = right_parts(kind, key, tuple(response), texts)
    if kind is ItemType.ORDERING and not key.by_pairs:
        return points if all(parts) else 0
    return sum(worth for worth, is_part_right in zip(shares(points, len(parts)), parts, strict=True) if is_part_right)


def right_parts(kind: ItemType, key: Key, response: Sequence[int], texts: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each blank, prompt or pair of neighbours whether it is right."""
    match kind:
        case ItemType.FILL_IN:
            given = (*texts, *[""] * len(key.blanks))
            return tuple(fits(blank, text) for blank, text in zip(key.blanks, given, strict=False))
        case ItemType.MATCHING:
            chosen = (*response, *[-1] * len(key.options))
            return tuple(option == wanted for wanted, option in zip(key.options, chosen, strict=False))
        case ItemType.ORDERING:
            followers = set(pairwise(response)) if sorted(response) == sorted(key.options) else set()
            return tuple(pair in followers for pair in pairwise(key.options))
        case _:
            raise ValueError(f"{kind} has no parts")


def shares(points: int, parts: int) -> tuple[int, ...]:
    """Divide points into whole hundredths that add up exactly; the first parts get what is left over."""
    each, over = divmod(points, parts)
    return tuple(each + (at < over) for at in range(parts))


def fits(blank: Blank, text: str) -> bool:
    """Tell whether a text is right in a blank; numbers are compared exactly."""
    if not text.strip():
        return False
    if blank.tolerance:
        wanted, within, given = decimal(blank.accepted[0]), decimal(blank.tolerance), decimal(text)
        if wanted is not None and within is not None and given is not None and abs(Fraction(given) - Fraction(wanted)) <= Fraction(within):
            return True
    return _compared(text, blank) in {_compared(accepted, blank) for accepted in blank.accepted}


def _compared(text: str, blank: Blank) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return " ".join(plain.split()) if blank.case_matters else re.sub(r"\s+", "", plain).casefold()


def _is_written(texts: Sequence[str]) -> bool:
    return any(text.strip() for text in texts)


def _chosen(kind: ItemType, key: Key, chosen: set[int], points: int, policy: MultiplePolicy) -> int:
    right = set(key.options)
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
