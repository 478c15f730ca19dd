"""Take reports of played seconds: each is decided by the rules on what the browser brought along or the database knows, and stored unless somebody was faster.

Who was overtaken is decided anew on what the database knows.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from lms.kernel.group_commit import GroupCommit, Pending
from lms.kernel.link import wait_for_standby
from lms.kernel.refusal import Unauthenticated, Unavailable
from media.domain import playback
from media.domain.interval import Spans, clip, intersection, spans_of
from media.domain.lease import Lease
from media.domain.playback import Decision, Evidence, Refused, Watched
from media.domain.presence import Presence
from media.services import lease as leases
from media.services import standing as standings
from media.services.standing import Left
from media.store import delivery as delivery_store
from media.store import heartbeat as store
from media.store.heartbeat import Known, Turn, Versions

DONE_JOB = "media.watched"
GATHERS = 0.02  # seconds: a player shows nothing that hangs on this answer
MOST_ROUNDS = 100  # one is overtaken only by oneself, and each time another report of one's own has got on


class LeaseUnknown(Unauthenticated):
    """The lease's account, or the lease itself, is gone."""

    code = "lease_unknown"


class SignedOut(Unauthenticated):
    """The sign-in under which the lease was opened has ended; facts may follow under a new lease."""

    code = "signed_out"


class Overtaken(Unavailable):
    """The same person reported from too many places at once; the browser tries again."""

    code = "overtaken"


class Outcome(msgspec.Struct):
    """What became of a report, and what it left behind; `seen`: the versions of its rows, once it is stored."""

    accepted: Spans
    refused: tuple[Refused, ...]
    watched: Watched
    presence: Presence | None
    newest: bool
    done: bool
    left: Left | None = None
    seen: Versions | None = None

    @property
    def standing(self) -> str:
        """Return what the browser is to bring along with its next report; nothing where that has to ask the database anyway."""
        return standings.sign(self.left, self.seen) if self.left and self.seen else ""


class Report(msgspec.Struct):
    """One report: what was played under a lease, the sign-in that vouches for it, and what was decided on what the browser brought along."""

    lease: Lease
    login_id: int
    sequence: int
    claim: list[tuple[int, int]]
    arrived: datetime
    guess: tuple[Outcome, Turn] | None = None


def report(token: str, sequence: int, claim: list[tuple[int, int]], vouching: str | None, arrived: datetime, *, standing: str = "") -> Pending[Outcome]:
    """Return a report on its way, which is stored durably before it is said what became of each second.

    `vouching` is a newer lease of the same person: so facts kept in the browser over a sign-out still arrive. `standing` is what the last answer gave.
    """
    lease = leases.read(token)
    login_id = lease.login_id
    if vouching is not None:
        newer = leases.read(vouching)
        if newer.person_id != lease.person_id:
            raise SignedOut
        login_id = newer.login_id
    return _lane.pending(guessed(Report(lease, login_id, sequence, claim, arrived), standing))


def guessed(one: Report, standing: str) -> Report:
    """Return the report, decided on what was brought along unless a delivery that became known meanwhile may change the decision."""
    brought = standings.read(standing, one.lease) if standing else None
    if brought is not None:
        outcome, turn = _decide(one, brought)
        one.guess = (outcome, turn) if outcome.watched.settled else None
    return one


def _write(link: store.Link, reports: Sequence[Report]) -> Sequence[Outcome | Exception]:
    answers: list[Outcome | Exception] = [Overtaken()] * len(reports)
    left = list(range(len(reports)))
    for turn in range(MOST_ROUNDS):
        first = {reports[place].lease.person_id: place for place in reversed(left)}  # a person's further reports are decided after it
        _take(link, {place: reports[place] for place in first.values()}, answers, guessing=not turn)
        left = [place for place in left if isinstance(answers[place], Overtaken)]
        if not left:
            break
    return answers


def _take(link: store.Link, reports: Mapping[int, Report], answers: list[Outcome | Exception], *, guessing: bool) -> None:
    """Decide and store reports of different people; the answer of who was overtaken stays as it is."""
    decided = {place: one.guess for place, one in reports.items() if guessing and one.guess}
    asking = {place: one for place, one in reports.items() if place not in decided}
    known_of = _known(link, asking.values()) if asking else {}
    for place, one in asking.items():
        known = known_of.get(one.lease.id)
        if known is None:
            answers[place] = LeaseUnknown()
        elif not known.signed_in:
            answers[place] = SignedOut()
        elif known.repeated:
            wait_for_standby(link)  # as its first try should have
            answers[place] = _repeated(one, known)
        else:
            decided[place] = _decide(one, known)
    stored = store.save(link, [turn for _outcome, turn in decided.values()]) if decided else {}
    for place, (outcome, turn) in decided.items():
        if turn.person_id in stored:
            outcome.seen = stored[turn.person_id]
            answers[place] = outcome


def _known(link: store.Link, reports: Collection[Report]) -> dict[int, Known]:
    now = max(one.arrived for one in reports)
    asked = [one.lease.id for one in reports], [one.login_id for one in reports], [one.sequence for one in reports]
    found = store.load(link, *asked, now)
    # Before the first second is called undelivered, look whether a killed process took the record of it along.
    if any(playback.overdue(one.standing.watched, now) for one in found.values()) and delivery_store.note_lost_writers(link, now):
        found = store.load(link, *asked, now)
    return found


def _repeated(one: Report, known: Known) -> Outcome:
    """Answer a report that was taken before; it changes nothing."""
    accepted = intersection(clip(spans_of(one.claim), one.lease.length_ms), known.standing.watched.accepted)
    return _outcome(one.lease, known, Decision(accepted, (), known.standing), known.done_at, None)


def _decide(one: Report, known: Known) -> tuple[Outcome, Turn]:
    lease, done_at = one.lease, known.done_at
    draw = secrets.randbits(31) if lease.presence_minutes else 0
    found = playback.decide(lease, one.claim, known.standing, Evidence(known.delivered, known.gap, draw), one.arrived)
    if done_at is None and playback.done(found.standing.watched, lease.done_ms):
        done_at = one.arrived
    turn = store.turn(
        lease, known, found, login_id=one.login_id, sequence=one.sequence, arrived=one.arrived, claimed=clip(spans_of(one.claim), lease.length_ms),
        done_at=done_at, job=DONE_JOB,
    )  # fmt: skip
    return _outcome(lease, known, found, done_at, standings.left(lease, known, found, done_at)), turn


def _outcome(lease: Lease, known: Known, found: Decision, done_at: datetime | None, left: Left | None) -> Outcome:
    after, newest = found.standing, known.newest_lease == lease.id
    asking = after.presence if newest and lease.presence_minutes and after.presence.asked_at else None
    return Outcome(found.accepted, found.refused, after.watched, asking, newest, done_at is not None, left)


_lane: GroupCommit[Report, Outcome] = GroupCommit(_write, single=True, gathers=GATHERS)
