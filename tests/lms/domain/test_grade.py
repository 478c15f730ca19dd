"""Grades are compared exactly, before any rounding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.domain import grade as rules
from lms.domain.certificate import CODE_LENGTH, masked, new_code, read_code
from lms.domain.grade import Score, ScoreOutOfRange, UnknownComponent
from lms.domain.programme import Programme, parse
from tests.support.learning import programme_text

PROGRAMME: Programme = parse(programme_text())
TEST, WORK = (component.code for component in PROGRAMME.assessment.components)


def _grade(test: int, work: int, *, online: bool = True, offline: bool = True) -> rules.Grade:
    return rules.grade(PROGRAMME, {TEST: Score(test, 10_000), WORK: Score(work, 10_000)}, online_complete=online, offline_complete=offline)


def test_the_weights_are_the_notices() -> None:
    assert [component.weight for component in PROGRAMME.assessment.components] == [60, 40]


def test_exactly_sixty_passes_and_a_hair_less_does_not() -> None:
    assert _grade(6000, 6000).total == 60
    assert _grade(6000, 6000).qualified
    assert not _grade(5999, 6000).qualified
    # A third of a point short, which any rounding to whole points would forgive.
    assert not rules.grade(PROGRAMME, {TEST: Score(599, 1000), WORK: Score(6000, 10_000)}, online_complete=True, offline_complete=True).qualified


@pytest.mark.parametrize(("online", "offline"), [(False, True), (True, False), (False, False)])
def test_full_marks_without_the_hours_are_not_enough(online: bool, offline: bool) -> None:
    assert not _grade(10_000, 10_000, online=online, offline=offline).qualified


def test_there_is_no_total_until_every_component_has_a_score() -> None:
    grade = rules.grade(PROGRAMME, {TEST: Score(9000, 10_000)}, online_complete=True, offline_complete=True)
    assert grade.total is None
    assert not grade.qualified


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_total_is_the_exact_weighted_sum(test: int, work: int) -> None:
    assert _grade(test, work).total == Fraction(test * 60 + work * 40, 10_000)
    assert _grade(test, work).qualified == (Decimal(test) * 60 + Decimal(work) * 40 >= 600_000)


@pytest.mark.parametrize(("points", "of_points"), [(-1, 100), (101, 100), (0, 0)])
def test_a_score_that_is_none_is_refused(points: int, of_points: int) -> None:
    with pytest.raises(ScoreOutOfRange):
        Score(points, of_points)


def test_a_component_the_programme_does_not_weigh_is_refused() -> None:
    with pytest.raises(UnknownComponent):
        rules.check_component(PROGRAMME, "singing")


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳小兰", "欧***"), ("兰", "兰*")])
def test_a_masked_name_keeps_the_first_sign(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_a_code_is_read_however_it_was_typed() -> None:
    code = new_code()
    assert len(code) == CODE_LENGTH
    assert read_code(f" {code[:4].lower()}-{code[4:8]} {code[8:]}") == code
    assert len({new_code() for _ in range(1000)}) == 1000
