"""The waiting room in front of an exam. A place in the line is an appointment: the instant from which its holder may start.

Each second of the clock has as many turns as the tested rate allows; whoever asks gets the next free one, never before now nor
before the bell. So people start in the order in which they asked, and where somebody stands is arithmetic, which asks no database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from exam.domain.exam import Exam
from lms.kernel.refusal import N_, Conflict

EARLY = timedelta(minutes=30)  # so long before the bell a place may be taken
LASTS = timedelta(minutes=10)  # a turn not used in this time is given up; whoever comes later takes a new place
LATE = timedelta(minutes=1)  # a turn not used in this time was missed; pages use theirs within seconds, but after an outage all at once
RATE = 30.0  # starts per second where neither the exam nor a load test says otherwise
MOST = 10_000.0  # starts per second that can be asked for


class PlaceGivenUp(Conflict):
    """The place was not used in time, or has been used: nothing begins unless somebody presses the button."""

    code = "place_given_up"
    message = N_("您之前的候场位置已经失效，系统没有自动开始考试。要考试时，请再按一次按钮。")


class Waiting(Conflict):
    """It is not this person's turn yet."""

    code = "waiting"
    message = N_("您已进入候场，轮到您时自动开始。排队不占考试时间。")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line: since when its holder waits for an exam that is open, and her turn."""

    since: datetime
    turn: datetime
    gap: timedelta
    squeezed: bool = False  # the end of the exam's window would take from her what she waits: the slower way gives it back

    def has_come(self, now: datetime) -> bool:
        """Tell whether its holder may start."""
        return self.turn <= now

    def stands(self, now: datetime) -> bool:
        """Tell whether the place has not been given up, nor is of a rehearsed, later clock."""
        return self.since - EARLY <= now < self.turn + LASTS

    def missed(self, now: datetime) -> bool:
        """Tell whether its turn has passed: the place stands, and its holder is given another turn."""
        return self.turn + LATE <= now

    def used(self, started_at: datetime, now: datetime) -> bool:
        """Tell whether an attempt was begun since it was asked for, before now; one of a rehearsed, later clock counts for nothing."""
        return self.since <= started_at <= now and self.since < now

    def wait(self, now: datetime) -> timedelta:
        """Return how long it still takes."""
        return max(self.turn - now, timedelta(0))

    def ahead(self, now: datetime) -> int:
        """Return how many turns come before this one, counted from now or from the bell."""
        return -(-self.wait(max(now, self.since)) // self.gap)


def lost(exam: Exam, place: Place, started_at: datetime, percent: int) -> timedelta:
    """Return what waiting took from somebody's time because the window ends: it is given back. Never more than she waited."""
    waited = max(min(started_at, place.turn) - place.since, timedelta(0))
    missing = exam.time_given(place.since, percent) - exam.time_given(started_at, percent)
    return min(max(missing, timedelta(0)), waited)


def asked_in_time(place: Place | None, now: datetime) -> datetime:
    """Return the instant by which the window judges a start: when she asked, if she then waits; within the time her turn lasts."""
    return place.since if place and place.squeezed and place.since <= now and place.stands(now) else now
