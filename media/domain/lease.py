"""The lease under which a video is played, and the time it may be credited: server time alone, whatever the client claims.

Each lease counts the server's clock from its opening to its end, and only the newest lease of an account is open. So all
that an account can ever be credited is bounded by the time that passed while one lease or another was open.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lms.kernel.refusal import N_, Forbidden

MILLISECOND = timedelta(milliseconds=1)
KEPT = timedelta(minutes=15)  # unused time that is kept, so that a tunnel can be made good
LATE = timedelta(minutes=15)  # how long after the window its facts are still taken
LASTS = timedelta(hours=12)
FULL_RATE = 1000


class NotEnrolled(Forbidden):
    """The person does not take part in the programme of the video."""

    code = "not_enrolled"
    message = N_("您没有报名这个培训项目，观看不计学时。请联系班级管理员。")


@dataclass(frozen=True, slots=True)
class Lease:
    """The terms: who plays what, in which window, at which rate (thousandths of a second for a second)."""

    id: int
    person_id: int
    login_id: int
    activity_id: int
    asset_id: int
    length_ms: int
    opened_at: datetime
    opens: datetime | None
    closes: datetime | None
    rate: int
    done_ms: int
    presence_minutes: tuple[int, int] | None

    @property
    def earns(self) -> bool:
        """Tell whether it was opened inside the window."""
        return (self.opens is None or self.opens <= self.opened_at) and (self.closes is None or self.opened_at < self.closes)

    @property
    def expires(self) -> datetime:
        """Return when its time stops by itself."""
        return self.opened_at + LASTS

    def takes_facts_at(self, now: datetime) -> bool:
        """Tell whether what was played under it may still be reported."""
        return self.earns and (self.closes is None or now < self.closes + LATE)

    def counts_until(self) -> datetime:
        """Return the last instant that can be credited."""
        return self.expires if self.closes is None else min(self.expires, self.closes)

    @property
    def most_ms(self) -> int:
        """Return how much unused time is kept."""
        return KEPT // MILLISECOND * self.rate // FULL_RATE


@dataclass(frozen=True, slots=True)
class Budget:
    """The time of one lease: counted up to an instant, unspent, and lost because no more is kept."""

    counted_at: datetime
    unspent_ms: int = 0
    lost_ms: int = 0
    closed_at: datetime | None = None

    def until(self, lease: Lease, now: datetime, *limits: datetime | None) -> "Budget":
        """Return the budget with the time up to now, or up to the first limit; a clock that steps back adds nothing."""
        ends = [limit for limit in (now, lease.counts_until(), self.closed_at, *limits) if limit is not None]
        passed = (min(ends) - self.counted_at) // MILLISECOND
        if passed <= 0 or not lease.earns:
            return self
        unspent = self.unspent_ms + passed * lease.rate // FULL_RATE
        kept = min(unspent, lease.most_ms)
        return Budget(self.counted_at + passed * MILLISECOND, kept, self.lost_ms + unspent - kept, self.closed_at)

    def closed(self, lease: Lease, now: datetime, *limits: datetime | None) -> "Budget":
        """Return the budget with no more time to come."""
        counted = self.until(lease, now, *limits)
        return counted if counted.closed_at else replace(counted, closed_at=now)

    def spend(self, amount: int) -> "Budget":
        """Return what is left."""
        return Budget(self.counted_at, self.unspent_ms - amount, self.lost_ms, self.closed_at)

    def excuse(self, amount: int) -> "Budget":
        """Return the budget after so much of the lost time was used to keep claims provisional."""
        return replace(self, lost_ms=self.lost_ms - amount)

    def skip_to(self, now: datetime) -> "Budget":
        """Return the budget with the time up to now struck out."""
        return replace(self, counted_at=max(self.counted_at, now))


def begin(previous: Budget | None, now: datetime) -> Budget:
    """Return a new lease's budget: nothing yet, and no instant counted twice even if the clock stepped back."""
    return Budget(counted_at=now if previous is None else max(now, previous.counted_at))
