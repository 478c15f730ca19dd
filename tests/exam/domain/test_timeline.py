"""What is told of an attempt: gaps only while somebody sits."""

from datetime import timedelta

from exam.domain.timeline import Event, told
from tests.conftest import NOON


def test_silence_is_a_gap_only_while_somebody_sits() -> None:
    kinds = ("started", "save", "ended", "scored", "reopen", "save", "ended", "scored")
    events = [Event(NOON + number * timedelta(minutes=10), kind) for number, kind in enumerate(kinds)]
    heard = [one.kind for one in told(reversed(events))]
    assert heard == ["started", "gap", "save", "gap", "ended", "scored", "reopen", "gap", "save", "gap", "ended", "scored"]
