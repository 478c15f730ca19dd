"""Places in the line: where they stand, how long they last, what waiting took (OV-01)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from exam.domain import waiting_room as rules
from exam.domain.exam import Exam, Release, WindowRule
from exam.domain.waiting_room import Place
from tests.conftest import NOON

GAP = timedelta(microseconds=33_334)
SECONDS = st.integers(0, 7_200)


def an_exam(rule: WindowRule) -> Exam:
    """Return an exam of 90 minutes in a window of two hours."""
    return Exam(
        id=1, code="x", programme_code="p", title="x", component="test", bank_code="b", opens=NOON, closes=NOON + timedelta(hours=2), window_rule=rule,
        minutes=90, attempts=1, items=1, points=100, pass_points=None, requires_learning=False, release=Release.AT_ONCE, activity_id=None, state="ready",
    )  # fmt: skip


@given(since=SECONDS, waits=SECONDS, passed=SECONDS)
def test_ov_01_the_estimate_is_exact_and_only_falls(since: int, waits: int, passed: int) -> None:
    began = NOON + timedelta(seconds=since)
    place = Place(began, began + timedelta(seconds=waits), GAP)
    now = NOON + timedelta(seconds=passed)
    assert now + place.wait(now) == max(now, place.turn)
    assert now < began or place.has_come(now) == (place.ahead(now) == 0)
    assert place.ahead(now) >= place.ahead(now + GAP)
    assert place.ahead(NOON) == place.ahead(began), "before the bell the clock takes nobody out of the line"
    assert place.stands(began)
    assert not place.stands(place.turn + rules.LASTS)
    assert not place.stands(began - timedelta(hours=1)), "of a rehearsed clock"


@given(since=SECONDS, waits=SECONDS, dawdles=st.integers(0, 599), percent=st.sampled_from([100, 150, 300]), rule=st.sampled_from(WindowRule))
def test_ov_01_nobody_loses_exam_time_to_the_line_and_nobody_gains_any(since: int, waits: int, dawdles: int, percent: int, rule: WindowRule) -> None:
    exam = an_exam(rule)
    began = NOON + timedelta(seconds=since)
    place = Place(began, began + timedelta(seconds=waits), GAP, squeezed=True)
    started = place.turn + timedelta(seconds=dawdles)
    had = exam.time_given(began, percent)
    has = exam.time_given(started, percent) + rules.lost(exam, place, started, percent)
    assert has >= had - timedelta(seconds=dawdles)
    assert has <= had or exam.time_given(started, percent) == has
    assert rules.asked_in_time(place, started) == began
