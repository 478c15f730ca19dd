from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.domain.programme import parse
from lms.domain.window_request import (
    LONGEST,
    NotVerified,
    OwnRequest,
    RequestDecided,
    RequestPast,
    WindowRequest,
    faults,
    may_ask,
    require_granting,
    require_verification,
)
from lms.kernel.refusal import Refusal
from tests.support.learning import programme_text

PROGRAMME = parse(programme_text())
NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAYS = st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days))
ILL = "住院手术"
HER, NEAR, FAR = 1, 2, 3


@given(DAYS, DAYS, DAYS)
def test_a_request_without_a_fault_lies_in_its_programme_and_helps_from_now_on(opens: datetime, closes: datetime, now: datetime) -> None:
    found = faults(PROGRAMME, opens, closes, ILL, now)
    assert bool(found) is not (PROGRAMME.opens <= opens < closes <= PROGRAMME.closes and now < closes)
    assert set(found) <= {"first_day", "last_day"}, "each fault stands at its field"


@pytest.mark.parametrize(("reason", "wrong"), [("", True), (" 病 ", True), ("生病", False), ("病" * LONGEST, False), ("病" * (LONGEST + 1), True)])
def test_a_reason_is_neither_missing_nor_a_novel(reason: str, *, wrong: bool) -> None:
    assert ("reason" in faults(PROGRAMME, NOW, NOW + timedelta(days=1), reason, NOW)) is wrong


def test_only_who_has_something_left_to_learn_may_ask_and_only_while_it_counts() -> None:
    assert may_ask(PROGRAMME, online_complete=False, now=NOW)
    assert not may_ask(PROGRAMME, online_complete=True, now=NOW)
    assert not may_ask(PROGRAMME, online_complete=False, now=PROGRAMME.closes)


def refused(step: Callable[[], None]) -> type[Refusal] | None:
    """Return with which refusal a step is met, if any."""
    try:
        step()
    except Refusal as refusal:
        return type(refusal)
    return None


def request(*, verified_by: int | None = None, granted: bool | None = None) -> WindowRequest:
    """Return Lin's request as it stands."""
    return WindowRequest(1, 1, HER, NOW, NOW + timedelta(days=7), ILL, NOW, verified_by, granted, "")


@pytest.mark.parametrize(
    ("asked", "actor", "refusal"),
    [
        (request(), NEAR, None),
        (request(), HER, OwnRequest),
        (request(verified_by=NEAR), FAR, RequestDecided),
        (request(granted=False), NEAR, RequestDecided),
    ],
)
def test_somebody_else_verifies_once(asked: WindowRequest, actor: int, refusal: type[Refusal] | None) -> None:
    assert refused(lambda: require_verification(asked, actor)) is refusal


@pytest.mark.parametrize(
    ("asked", "actor", "after", "refusal"),
    [
        (request(verified_by=NEAR), FAR, 0, None),
        (request(verified_by=NEAR), NEAR, 0, OwnRequest),
        (request(verified_by=NEAR), HER, 0, OwnRequest),
        (request(), FAR, 0, NotVerified),
        (request(verified_by=NEAR, granted=True), FAR, 0, RequestDecided),
        (request(verified_by=NEAR), FAR, 6, None),
        (request(verified_by=NEAR), FAR, 7, RequestPast),
    ],
)
def test_a_second_person_grants_what_is_not_over(asked: WindowRequest, actor: int, after: int, refusal: type[Refusal] | None) -> None:
    assert refused(lambda: require_granting(asked, actor, NOW + timedelta(days=after))) is refusal
