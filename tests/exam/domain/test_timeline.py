"""What is told of an attempt: gaps only while somebody sits."""

from datetime import timedelta

from exam.domain.timeline import Event, told
from tests.conftest import NOON


def test_addresses_are_numbered_as_they_appear() -> None:
    seen = [Event(NOON + number * timedelta(seconds=9), "address", digest=sign) for number, sign in enumerate("aabbaca")]
    assert [one.words for one in told(seen)] == ["2", "1", "3", "1"]


def test_silence_is_a_gap_only_while_somebody_sits() -> None:
    kinds = ("started", "save", "ended", "scored", "reopen", "save", "ended", "scored")
    events = [Event(NOON + number * timedelta(minutes=10), kind) for number, kind in enumerate(kinds)]
    heard = [one.kind for one in told(reversed(events))]
    assert heard == ["started", "gap", "save", "gap", "ended", "scored", "reopen", "gap", "save", "gap", "ended", "scored"]


def test_what_arrived_at_one_instant_is_told_answer_by_answer_in_the_order_of_its_revisions() -> None:
    saves = [Event(NOON, "save", position=place, revision=revision) for place, revision in ((1, 1), (1, 2), (2, 1))]
    one_request = [Event(NOON, "started"), *saves, Event(NOON, "ended")]
    assert list(told(reversed(one_request))) == one_request
