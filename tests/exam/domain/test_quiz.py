"""The pass mark of a lesson quiz, compared exactly."""

import pytest

from exam.domain import quiz as rules


@pytest.mark.parametrize(
    ("right", "of_items", "percent", "passed"), [(3, 5, 60, True), (2, 5, 60, False), (2, 3, 67, False), (5, 5, 100, True), (0, 0, 0, False)]
)
def test_exactly_the_pass_mark_passes_and_nothing_is_rounded(right: int, of_items: int, percent: int, passed: bool) -> None:
    assert rules.passes(right, of_items, percent) is passed
