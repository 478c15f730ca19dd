"""Presence questions: after some minutes of play the learner says that she is there."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE_MS = 60_000
ANSWER_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Presence:
    """One account's state: play left before the next question, and the open question. It outlives the lease."""

    left_ms: int | None = None
    number: int = 0
    asked_at: datetime | None = None

    @property
    def deadline(self) -> datetime | None:
        """Return the instant from which time no longer counts; None without an open question."""
        return None if self.asked_at is None else self.asked_at + ANSWER_WITHIN

    def missed_at(self, now: datetime) -> bool:
        """Tell whether the open question's time is over."""
        return self.deadline is not None and self.deadline <= now


def after_play(presence: Presence, minutes: tuple[int, int] | None, played_ms: int, draw: int, now: datetime) -> Presence:
    """Return the state after so much new play; `draw` is any random number, `minutes` the shortest and longest pause."""
    if minutes is None:
        return presence
    left = presence.left_ms if presence.left_ms is not None else _pause(minutes, draw)
    if presence.asked_at is not None:
        return Presence(left, presence.number, presence.asked_at)
    left -= played_ms
    if left > 0:
        return Presence(left, presence.number)
    return Presence(left_ms=_pause(minutes, draw), number=presence.number + 1, asked_at=now)


def answered(presence: Presence, number: int) -> Presence:
    """Return the state after an answer, right or wrong; an answer to another question changes nothing."""
    if presence.asked_at is None or presence.number != number:
        return presence
    return replace(presence, asked_at=None)


def _pause(minutes: tuple[int, int], draw: int) -> int:
    shortest, longest = minutes
    return shortest * MINUTE_MS + draw % max(1, (longest - shortest) * MINUTE_MS + 1)
