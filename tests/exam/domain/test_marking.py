"""Marks of people: rubric shares, means, disputes, samples; and when a further attempt may begin."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.domain import admission
from exam.domain import marking as rules
from exam.domain.admission import Briefing, ExtraAttempt, NotOpenYet, Standing, TooSoon
from exam.domain.exam import Counts, ExamPolicy
from exam.domain.marking import Mark, PointsUnfit, ScriptState
from exam.domain.result import counting
from question_bank.domain.item import Criterion, Key
from tests.exam.domain.test_attempt import OPENS, exam

weights = st.lists(st.integers(1, 2_000), min_size=1, max_size=6)
worths = st.integers(1, 3_000)
pairs = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=6)


@given(weights, worths)
def test_a_rubric_shares_out_exactly_what_the_exam_gives_the_item(points: list[int], worth: int) -> None:
    criteria = rules.criteria_of(Key(rubric=tuple(Criterion(f"c{at}", one) for at, one in enumerate(points))), worth)
    assert sum(one.points for one in criteria) == worth
    for one, weight in zip(criteria, points, strict=True):
        assert abs(one.points - worth * weight / sum(points)) < 1
    if sum(points) == worth:
        assert [one.points for one in criteria] == points


def test_without_a_rubric_the_whole_response_is_one_criterion() -> None:
    assert rules.criteria_of(Key(), 700) == (Criterion("", 700),)


@given(pairs)
def test_the_mean_of_two_marks_is_exact_in_sum_and_never_leaves_the_two(given_points: list[tuple[int, int]]) -> None:
    one, two = zip(*given_points, strict=True)
    found = rules.mean(one, two)
    assert sum(found) == (sum(one) + sum(two) + 1) // 2
    assert all(min(pair) <= point <= max(pair) for pair, point in zip(given_points, found, strict=True))
    assert sum(rules.mean(two, one)) == sum(found)


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 100))
def test_two_who_differ_beyond_the_tolerance_are_decided_by_a_third(one: int, two: int, tolerance: int) -> None:
    policy = ExamPolicy(tolerance_percent=tolerance)
    marks = [Mark(1, (one,)), Mark(2, (two,))]
    assert rules.standing(marks[:1], 2, 1_000, policy).state is ScriptState.WAITING
    assert rules.standing(marks[:1], 1, 1_000, policy) == rules.Standing(ScriptState.SETTLED, (one,))
    stands = rules.standing(marks, 2, 1_000, policy)
    disputed = abs(one - two) > 10 * tolerance
    assert stands.state is (ScriptState.DISPUTED if disputed else ScriptState.SETTLED)
    assert stands.points == (None if disputed else ((one + two + 1) // 2,))
    assert rules.standing([*marks, Mark(3, (7,), decides=True)], 2, 1_000, policy).points == (7,)


@given(st.lists(st.one_of(st.none(), st.integers(-5, 700)), max_size=3))
def test_a_mark_is_whole_and_within_its_criteria_or_refused(points: list[int | None]) -> None:
    criteria = (Criterion("a", 600), Criterion("b", 400))
    fits = len(points) == 2 and all(one is not None and 0 <= one <= most.points for one, most in zip(points, criteria, strict=True))
    if fits:
        assert rules.checked(points, criteria) == tuple(points)
    else:
        with pytest.raises(PointsUnfit):
            rules.checked(points, criteria)


@pytest.mark.parametrize("percent", [0, 20, 100])
def test_the_sample_for_two_examiners_is_as_large_as_said_and_always_the_same(percent: int) -> None:
    drawn = [rules.wanted_marks("e", attempt, 3, ExamPolicy(double_percent=percent)) for attempt in range(5_000)]
    assert drawn == [rules.wanted_marks("e", attempt, 3, ExamPolicy(double_percent=percent)) for attempt in range(5_000)]
    assert abs(drawn.count(2) / 5_000 - percent / 100) < (0.02 if percent == 20 else 1e-9)


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 100), min_size=1))
def test_the_best_or_the_last_attempt_counts(points: dict[int, int]) -> None:
    best = counting(points, Counts.BEST)
    assert best is not None
    assert points[best] == max(points.values())
    assert all(points[later] < points[best] for later in points if later > best)
    assert counting(points, Counts.LAST) == max(points)


@given(ended=st.integers(0, 29 * 86_400), now=st.integers(0, 31 * 86_400), days=st.integers(0, 12), used=st.integers(1, 3))
def test_a_further_attempt_begins_when_the_days_have_passed_and_never_after_the_window(ended: int, now: int, days: int, used: int) -> None:
    one = replace(exam(), attempts=3, policy=ExamPolicy(wait_days=days))
    who, moment = Standing(enrolled=True, learning_complete=True, missing=(), attempts_used=used, last_ended_at=_at(ended)), _at(max(now, ended))
    refused, begins = admission.refusal(one, who, moment), admission.next_at(one, who, moment)
    assert (refused is None) is (begins == moment)
    if isinstance(refused, TooSoon):
        assert moment < _at(ended) + timedelta(days=days)
    if begins is not None:
        assert admission.refusal(one, who, begins) is None
        assert begins == moment or isinstance(admission.refusal(one, who, begins - timedelta(microseconds=1)), TooSoon)


def test_an_extra_attempt_begins_in_its_own_window_while_the_ordinary_one_waits_for_its_days() -> None:
    one = replace(exam(), attempts=2, policy=ExamPolicy(wait_days=3))
    day = 86_400
    extra = ExtraAttempt(1, _at(2 * day), _at(2 * day + 10_800))
    who = Standing(enrolled=True, learning_complete=True, missing=(), attempts_used=1, last_ended_at=_at(day), extra=extra)

    def briefed(seconds: int) -> Briefing:
        return admission.brief(one, who, open_attempt=False, now=_at(seconds))

    assert (briefed(2 * day).refusal, briefed(2 * day).exam.closes) == (None, extra.closes)
    assert (briefed(5 * day).refusal, briefed(5 * day).exam) == (None, one), "the days have passed: her ordinary one comes first"
    soon = briefed(2 * day - 600)
    assert isinstance(soon.refusal, NotOpenYet)
    assert not soon.may_wait, "the line knows the exam's own bell alone"
    assert admission.brief(replace(one, opens=_at(day + 600)), replace(who, extra=None, last_ended_at=None), open_attempt=False, now=_at(day)).may_wait


def _at(seconds: int) -> datetime:
    return OPENS + timedelta(seconds=seconds)
