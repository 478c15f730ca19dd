"""What becomes of each claimed second: accepted, pending or refused, decided by the server's knowledge alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from media.domain import presence as presences
from media.domain.interval import NOTHING, Spans, clip, difference, intersection, length, spans_of, split, union
from media.domain.lease import Budget, Lease
from media.domain.presence import Presence

KNOWN_WITHIN = timedelta(seconds=60)  # by then a delivery has been written, unless its record was lost


class Reason(StrEnum):
    """Why a second did not count."""

    OUTSIDE_WINDOW = "outside_window"
    OTHER_DEVICE = "other_device"
    ALREADY_COUNTED = "already_counted"
    FASTER_THAN_CLOCK = "faster_than_clock"
    NOT_DELIVERED = "not_delivered"
    PRESENCE_MISSED = "presence_missed"


@dataclass(frozen=True, slots=True)
class Refused:
    """Seconds that did not count; provisional ones wait for a decision."""

    reason: Reason
    spans: Spans
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """One learner's seconds of one video.

    `accepted` count. `waiting` were played in time but are not known to have been delivered, since `waiting_since`;
    `undelivered` waited in vain and still count once a delivery becomes known.
    """

    accepted: Spans = NOTHING
    waiting: Spans = NOTHING
    waiting_since: datetime | None = None
    undelivered: Spans = NOTHING
    resume_ms: int = 0

    @property
    def settled(self) -> bool:
        """Tell whether every second that was paid counts: what is delivered from now on changes nothing of it."""
        return not (self.waiting or self.undelivered)

    @property
    def claimed(self) -> Spans:
        """Return every second whose time has been paid."""
        return union(union(self.accepted, self.waiting), self.undelivered)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the server knows beside the claim: the deliveries, whether some may be lost, and a random number."""

    delivered: Spans
    gap: bool = False
    draw: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a report is decided against: the video's seconds, the lease's time, the account's questions."""

    watched: Watched
    budget: Budget
    presence: Presence


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one report; `accepted` are the seconds gained by it."""

    accepted: Spans
    refused: tuple[Refused, ...]
    standing: Standing


def decide(lease: Lease, claim: list[tuple[int, int]], standing: Standing, evidence: Evidence, now: datetime) -> Decision:
    """Decide one report: time first, then delivery."""
    watched, presence = standing.watched, standing.presence
    claimed = clip(spans_of(claim), lease.length_ms)
    refused: list[Refused] = []
    missed = lease.presence_minutes is not None and presence.missed_at(now)
    budget = count(lease, standing.budget, presence, now)
    again = intersection(claimed, watched.accepted)
    if again:
        refused.append(Refused(Reason.ALREADY_COUNTED, again))
    fresh = difference(claimed, watched.claimed)
    if fresh and not lease.takes_facts_at(now):
        refused.append(Refused(Reason.OUTSIDE_WINDOW, fresh))
        fresh = NOTHING
    paid, over = split(fresh, budget.unspent_ms)
    budget = budget.spend(length(paid))
    if over:
        more, budget = _beyond(lease, over, budget, missed=missed, now=now)
        refused.extend(more)
    resume_ms = claim[-1][1] if claim and 0 <= claim[-1][1] <= lease.length_ms else watched.resume_ms
    played = Watched(watched.accepted, union(watched.waiting, paid), watched.waiting_since or now, watched.undelivered, resume_ms)
    settled, undelivered = settle(played, evidence, now)
    if undelivered:
        refused.append(Refused(Reason.NOT_DELIVERED, undelivered))
    gained = difference(settled.accepted, watched.accepted)
    if not budget.closed_at:
        presence = presences.after_play(presence, lease.presence_minutes, length(paid), evidence.draw, now)
    return Decision(gained, tuple(refused), Standing(settled, budget, presence))


def count(lease: Lease, budget: Budget, presence: Presence, now: datetime) -> Budget:
    """Return the budget by now; time stops at the end of an unanswered presence question."""
    return budget.until(lease, now, presence.deadline if lease.presence_minutes else None)


def answer(lease: Lease, standing: Standing, number: int, now: datetime) -> Standing:
    """Return the state after an answer to a presence question.

    Time after the deadline is struck out, except where nothing was heard since before it: then the line was down, and the
    answer is the first thing that comes through.
    """
    budget, deadline = standing.budget, standing.presence.deadline
    if deadline is None or standing.presence.number != number or not lease.presence_minutes:
        return standing
    if budget.counted_at >= deadline:
        budget = budget.skip_to(now)
    return replace(standing, budget=budget.until(lease, now), presence=presences.answered(standing.presence, number))


def settle(watched: Watched, evidence: Evidence, now: datetime) -> tuple[Watched, Spans]:
    """Accept what is known as delivered by now; return the state and the seconds that waited in vain."""
    accepted = union(watched.accepted, intersection(union(watched.waiting, watched.undelivered), evidence.delivered))
    waiting = difference(watched.waiting, evidence.delivered)
    undelivered = difference(watched.undelivered, evidence.delivered)
    since = watched.waiting_since if waiting else None
    vain: Spans = NOTHING
    if waiting and overdue(watched, now) and not evidence.gap:
        vain, undelivered, waiting, since = waiting, union(undelivered, waiting), NOTHING, None
    return Watched(accepted, waiting, since, undelivered, watched.resume_ms), vain


def overdue(watched: Watched, now: datetime) -> bool:
    """Tell whether seconds have waited longer for their delivery than one that was recorded takes to be known."""
    return watched.waiting_since is not None and now - watched.waiting_since >= KNOWN_WITHIN


def awarded(watched: Watched, spans: Spans) -> Watched:
    """Return the state with seconds added by a person's decision."""
    return replace(
        watched,
        accepted=union(watched.accepted, spans),
        waiting=difference(watched.waiting, spans),
        undelivered=difference(watched.undelivered, spans),
    )


def done(watched: Watched, needed_ms: int) -> bool:
    """Tell whether enough of the video was watched; of nothing, nothing is enough."""
    return length(watched.accepted) >= max(1, needed_ms)


def losses(refusals: Iterable[tuple[datetime, Refused]], watched: Watched) -> list[tuple[datetime, Refused]]:
    """Return the refusals, given newest first, that still cost something; each second is named once, by its newest reason."""
    found: list[tuple[datetime, Refused]] = []
    named = watched.accepted
    for at, refused in refusals:
        spans = difference(refused.spans, named)
        if spans and refused.reason is not Reason.ALREADY_COUNTED:
            found.append((at, replace(refused, spans=spans)))
            named = union(named, spans)
    return found


def _beyond(lease: Lease, over: Spans, budget: Budget, *, missed: bool, now: datetime) -> tuple[list[Refused], Budget]:
    """Name why the clock does not cover these seconds; what an outage cost stays provisional."""
    if budget.closed_at is not None:
        return [Refused(Reason.OTHER_DEVICE, over)], budget
    if missed:
        return [Refused(Reason.PRESENCE_MISSED, over)], budget
    if lease.closes is not None and lease.closes <= now:
        return [Refused(Reason.OUTSIDE_WINDOW, over)], budget
    excused, rest = split(over, budget.lost_ms)
    budget = budget.excuse(length(excused))
    found = [Refused(Reason.FASTER_THAN_CLOCK, spans, provisional) for spans, provisional in ((excused, True), (rest, False)) if spans]
    return found, budget
