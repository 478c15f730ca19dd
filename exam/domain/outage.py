"""Outages as the app's own signs of life show them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

BEAT = timedelta(seconds=5)  # how often a serving process leaves its mark
OUTAGE = timedelta(seconds=20)  # so long without any mark: nobody could save
GIVEN_BACK = timedelta(minutes=30)  # up to here by itself; a longer one needs a decision
JUMP = timedelta(seconds=5)  # the house clock and the real one part by more: a rehearsal moved the clock, nothing failed


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of life: the house's instant, and the real one."""

    at: datetime
    real_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without marks."""

    began_at: datetime
    ended_at: datetime

    @property
    def needs_decision(self) -> bool:
        """Tell whether giving the time back would not do."""
        return self.ended_at - self.began_at >= GIVEN_BACK


def gaps(marks: Iterable[Mark]) -> Iterator[Gap]:
    """Yield the outages between marks in their real order."""
    ordered: Sequence[Mark] = sorted(marks, key=lambda mark: mark.real_at)
    for before, after in pairwise(ordered):
        real = after.real_at - before.real_at
        if real > OUTAGE and abs((after.at - before.at) - real) <= JUMP:
            yield Gap(before.at, after.at)
