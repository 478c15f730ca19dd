"""Deadlines, transitions and the fold of the log (EX-09, EX-16, EX-17)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.domain import attempt as rules
from exam.domain.attempt import Answer, LoggedChange, State
from exam.domain.exam import GRACE, Exam, Release, WindowRule

OPENS = datetime(2026, 11, 1, tzinfo=UTC)
instants = st.integers(0, 30 * 86_400).map(lambda seconds: OPENS + timedelta(seconds=seconds))


def exam(rule: WindowRule = WindowRule.FINISH_BY, minutes: int = 60, length: timedelta = timedelta(days=30)) -> Exam:
    """Return an exam."""
    return Exam(
        id=1, code="e", programme_code="p", title="t", component="test", bank_code="b", opens=OPENS, closes=OPENS + length, window_rule=rule,
        minutes=minutes, attempts=1, items=50, points=10_000, pass_points=None, requires_learning=False, release=Release.AT_ONCE, activity_id=None,
        state="ready",
    )  # fmt: skip


@given(now=instants, minutes=st.integers(1, 1440), percent=st.integers(100, 300))
def test_nobody_finishes_after_the_window_and_nobody_gets_more_than_the_limit(now: datetime, minutes: int, percent: int) -> None:
    one = exam(minutes=minutes)
    limit = timedelta(minutes=minutes) * percent / 100
    given_time = one.time_given(now, percent)
    assert timedelta(0) <= given_time <= limit
    assert now + given_time <= max(now, one.closes - GRACE)
    assert given_time == limit or now + given_time == max(now, one.closes - GRACE)
    assert one.starts_at(now) is (now < one.closes - GRACE)


@given(now=instants)
def test_start_by_gives_the_whole_limit_to_the_last_second(now: datetime) -> None:
    one = exam(WindowRule.START_BY)
    assert one.time_given(now) == timedelta(minutes=60)
    assert one.starts_at(now) is (OPENS <= now < one.closes)


@given(base=instants, seconds=st.lists(st.integers(0, 7200), max_size=6))
def test_adjustments_fold_in_any_order_and_never_take_time_away(base: datetime, seconds: list[int]) -> None:
    spans = [timedelta(seconds=one) for one in seconds]
    folded = rules.deadline_of(base, spans)
    assert folded == rules.deadline_of(base, reversed(spans)) == base + timedelta(seconds=sum(seconds))


@given(deadline=instants, offset=st.integers(-7200, 7200))
def test_the_time_left_is_never_negative(deadline: datetime, offset: int) -> None:
    assert rules.remaining_ms(deadline, deadline + timedelta(seconds=offset)) == max(0, -offset * 1000)


LEGAL = {
    (State.OPEN, State.SUBMITTED), (State.OPEN, State.FINALISED), (State.OPEN, State.ANNULLED), (State.SUBMITTED, State.SCORED),
    (State.SUBMITTED, State.ANNULLED), (State.FINALISED, State.SCORED), (State.FINALISED, State.ANNULLED), (State.SCORED, State.ANNULLED),
}  # fmt: skip


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_ex_16_the_whole_matrix(before: State, after: State) -> None:
    if (before, after) in LEGAL:
        assert rules.move(before, after) is after
    else:
        with pytest.raises(rules.IllegalTransition):
            rules.move(before, after)


@pytest.mark.parametrize("before", State)
def test_ex_16_only_an_ended_attempt_opens_again(before: State) -> None:
    if before in (State.SUBMITTED, State.FINALISED, State.SCORED):
        assert rules.move(before, State.OPEN, reopening=True) is State.OPEN
    else:
        with pytest.raises(rules.IllegalTransition):
            rules.move(before, State.OPEN, reopening=True)


def test_the_log_folds_to_the_last_revision_in_any_order() -> None:
    lines = [LoggedChange(1, 1, (0,), False), LoggedChange(1, 2, (), False), LoggedChange(1, 3, (2,), True), LoggedChange(2, 1, (1,), False)]
    for order in permutations(lines):
        assert rules.fold(order) == {1: Answer((2,), 3, True), 2: Answer((1,), 1, False)}
