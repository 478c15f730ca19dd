"""The pass mark of a lesson quiz, compared exactly."""

from collections.abc import Sequence

import pytest

from exam.domain import quiz as rules
from exam.domain.response import NONE
from question_bank.domain.item import Blank, ItemContent, ItemType, Key


@pytest.mark.parametrize(
    ("right", "of_items", "percent", "passed"), [(3, 5, 60, True), (2, 5, 60, False), (2, 3, 67, False), (5, 5, 100, True), (0, 0, 0, False)]
)
def test_exactly_the_pass_mark_passes_and_nothing_is_rounded(right: int, of_items: int, percent: int, passed: bool) -> None:
    assert rules.passes(right, of_items, percent) is passed


EVERY: dict[int, tuple[ItemContent, Key, Sequence[int] | Sequence[str], Sequence[int] | Sequence[str]]] = {
    1: (ItemContent(ItemType.FILL_IN, "[1]", blanks=1), Key(blanks=(Blank(("甲",)),)), ["甲"], ["乙"]),
    2: (ItemContent(ItemType.MATCHING, "s", ("a", "b"), ("p", "q")), Key((1, 0)), [0, 1], [0, NONE]),
    3: (ItemContent(ItemType.ORDERING, "s", ("a", "b")), Key((1, 0)), [0, 1], [1, 0]),
}


def test_quiz_items_beyond_choices_are_taken_and_judged_as_shown() -> None:
    contents, items = [EVERY[at][0] for at in EVERY], [rules.QuizItem(at, (1, 0) if at > 1 else ()) for at in EVERY]
    kinds, keys = {at: EVERY[at][0].type for at in EVERY}, {at: EVERY[at][1] for at in EVERY}
    right, wrong = [EVERY[at][2] for at in EVERY], [EVERY[at][3] for at in EVERY]
    assert rules.offered(contents, right)
    assert rules.offered(contents, wrong)
    assert not rules.offered(contents, [["甲", "乙"], [0], [0, 0]])
    assert rules.unanswered(items, wrong) == [2]
    assert rules.unanswered(items, [[" "], [], []]) == [1, 2, 3]
    assert rules.right_ones(items, right, kinds, keys) == [True, True, True]
    assert rules.right_ones(items, wrong, kinds, keys) == [False, False, False]
