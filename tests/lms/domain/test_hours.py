from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lms.domain.hours import Worth, offline_hours, online_complete, online_hours, worth_of_lesson, worth_of_offline
from lms.domain.programme import HoursRule

RULE = HoursRule(online=Decimal(2), offline=Decimal(1), credit="measured", rounding="exact")


@pytest.mark.parametrize(("rounding", "hours"), [("exact", Decimal(4049) / 2700), ("half", Decimal(1)), ("whole", Decimal(1))])
def test_hours_are_rounded_as_the_programme_says_and_never_up(rounding: Literal["exact", "half", "whole"], hours: Decimal) -> None:
    assert online_hours(replace(RULE, rounding=rounding), Worth(4049, 2)) == hours


def test_rounding_is_applied_to_the_sum() -> None:
    rule = replace(RULE, rounding="whole")
    halves = Worth(1350, 1) + Worth(1350, 1)
    assert online_hours(rule, halves) == 1


def test_the_hours_asked_are_compared_exactly() -> None:
    assert not online_complete(RULE, Worth(2 * 2700 - 1, 3))
    assert online_complete(RULE, Worth(2 * 2700, 3))


def test_a_programme_may_count_lessons() -> None:
    rule = replace(RULE, credit="lesson", online=Decimal(15))
    assert online_hours(rule, Worth(60, 15)) == 15
    assert online_complete(rule, Worth(60, 15))


@pytest.mark.parametrize(("credit", "seconds"), [("nominal", 2700), ("measured", 2565), ("lesson", 2565)])
def test_a_lesson_is_worth_what_the_programme_says(credit: Literal["nominal", "measured", "lesson"], seconds: int) -> None:
    assert worth_of_lesson(replace(RULE, credit=credit), nominal_seconds=2700, measured_seconds=2565) == Worth(seconds, 1)


def test_offline_hours_lose_no_part_of_a_second() -> None:
    assert worth_of_offline(RULE, Decimal("1.5")) == Worth(4050, 0)
    assert worth_of_offline(replace(RULE, minutes_per_hour=1), Decimal("0.01")) == Worth(1, 0)
    assert offline_hours(RULE, Worth(4050, 0)) == Decimal("1.5")


@given(some.lists(some.integers(0, 10_000)), some.sampled_from(["exact", "half", "whole"]))
def test_more_entries_never_make_fewer_hours(entries: list[int], rounding: Literal["exact", "half", "whole"]) -> None:
    rule = replace(RULE, rounding=rounding)
    sums = [online_hours(rule, Worth(sum(entries[:end]), end)) for end in range(len(entries) + 1)]
    assert sums == sorted(sums)


@given(some.integers(0, 10**7), some.integers(0, 10**4))
def test_taking_back_leaves_nothing(seconds: int, lessons: int) -> None:
    worth = Worth(seconds, lessons)
    assert worth + -worth == Worth(0, 0)
