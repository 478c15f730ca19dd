"""Take reports of played seconds: a batch is locked, loaded, decided by the rules and saved in one transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.group_commit import GroupCommit
from lms.kernel.refusal import Unauthenticated
from media.domain import playback
from media.domain.interval import Spans, clip, intersection, spans_of
from media.domain.lease import Lease
from media.domain.playback import Evidence, Refused, Standing, Watched
from media.domain.presence import Presence
from media.services import lease as leases
from media.store import delivery as delivery_store
from media.store import heartbeat as store
from media.store.heartbeat import Beat, Changes, RefusedSpan
from media.store.lease import AccountState

DONE_JOB = "media.watched"


class LeaseUnknown(Unauthenticated):
    """The lease's account, or the lease itself, is gone."""

    code = "lease_unknown"


class SignedOut(Unauthenticated):
    """The sign-in under which the lease was opened has ended; facts may follow under a new lease."""

    code = "signed_out"


@dataclass(frozen=True, slots=True)
class Report:
    """One report: what was played under a lease, and the sign-in that vouches for it."""

    lease: Lease
    login_id: int
    sequence: int
    claim: list[tuple[int, int]]
    arrived: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report."""

    accepted: Spans
    refused: tuple[Refused, ...]
    watched: Watched
    unspent_ms: int
    presence: Presence | None
    newest: bool
    done: bool


def report(token: str, sequence: int, claim: list[tuple[int, int]], vouching: str | None, arrived: datetime) -> Outcome:
    """Store one report durably and say what became of each second.

    `vouching` is a newer lease of the same person: so facts kept in the browser over a sign-out still arrive.
    """
    lease = leases.read(token)
    login_id = lease.login_id
    if vouching is not None:
        newer = leases.read(vouching)
        if newer.person_id != lease.person_id:
            raise SignedOut
        login_id = newer.login_id
    return _lane.submit(Report(lease, login_id, sequence, claim, arrived))


def _write(link: store.Link, reports: Sequence[Report]) -> Sequence[Outcome | Exception]:
    newest = max(one.arrived for one in reports)
    accounts = store.lock(link, sorted({one.lease.person_id for one in reports}), list({one.login_id for one in reports}), newest)
    leases_asked, sequences = list({one.lease.id for one in reports}), list({one.sequence for one in reports})
    states = store.load(link, leases_asked, sequences)
    # Before the first second is called undelivered, look whether a killed process took the record of it along.
    if any(playback.overdue(state.watched, newest) for state in states.values()) and delivery_store.note_lost_writers(link, newest):
        states = store.load(link, leases_asked, sequences)
    batch = _Batch(accounts, states)
    answers = [batch.take(one) for one in reports]
    if batch.beats:
        store.save(link, batch.changes())
    for lease in batch.finished:
        store.enqueue(link, DONE_JOB, {"person_id": lease.person_id, "activity_id": lease.activity_id, "asset_id": lease.asset_id})
    return answers


class _Batch:
    """The state of one batch in memory: several reports of one account are decided one after the other."""

    def __init__(self, accounts: dict[int, AccountState], states: dict[int, store.LeaseState]) -> None:
        self._accounts = accounts
        self._states = states
        self._budgets = {lease_id: state.budget for lease_id, state in states.items()}
        self._watched: dict[store.WatchedKey, tuple[Watched, datetime | None]] = {}
        self._presences = {person_id: account.presence for person_id, account in accounts.items()}
        self._seen = {lease_id: set(state.seen) for lease_id, state in states.items()}
        self._touched: dict[store.WatchedKey, datetime] = {}
        self.beats: list[Beat] = []
        self.refused: list[RefusedSpan] = []
        self.finished: list[Lease] = []

    def take(self, one: Report) -> Outcome | Exception:
        """Decide one report."""
        lease = one.lease
        account, state = self._accounts.get(lease.person_id), self._states.get(lease.id)
        if account is None or state is None:
            return LeaseUnknown()
        if one.login_id not in account.logins:
            return SignedOut()
        key = (lease.person_id, lease.activity_id, lease.asset_id)
        watched, done_at = self._watched.get(key, (state.watched, state.done_at))
        standing = Standing(watched, self._budgets[lease.id], self._presences[lease.person_id])
        claimed = clip(spans_of(one.claim), lease.length_ms)
        refused: tuple[Refused, ...] = ()
        if one.sequence in self._seen[lease.id]:
            accepted = intersection(claimed, watched.accepted)
        else:
            evidence = Evidence(state.delivered, state.gap, secrets.randbits(31))
            found = playback.decide(lease, one.claim, standing, evidence, one.arrived)
            accepted, refused, standing = found.accepted, found.refused, found.standing
            if done_at is None and playback.done(standing.watched, lease.done_ms):
                done_at = one.arrived
                self.finished.append(lease)
            self._keep(one, key, claimed, found, done_at)
        newest = account.lease_id == lease.id
        asking = standing.presence if newest and lease.presence_minutes and standing.presence.asked_at else None
        return Outcome(accepted, refused, standing.watched, standing.budget.unspent_ms, asking, newest, done_at is not None)

    def _keep(self, one: Report, key: store.WatchedKey, claimed: Spans, found: playback.Decision, done_at: datetime | None) -> None:
        lease_id = one.lease.id
        self._seen[lease_id].add(one.sequence)
        self._watched[key] = (found.standing.watched, done_at)
        self._touched[key] = one.arrived
        self._budgets[lease_id] = found.standing.budget
        self._presences[one.lease.person_id] = found.standing.presence
        self.beats.append(Beat(lease_id, one.sequence, one.arrived, claimed, found.accepted))
        self.refused.extend(RefusedSpan(key, lease_id, one.arrived, part.reason, part.provisional, part.spans) for part in found.refused)

    def changes(self) -> Changes:
        """Return what is to be written."""
        touched = {beat.lease_id for beat in self.beats}
        return Changes(
            beats=self.beats,
            refused=self.refused,
            budgets={lease_id: self._budgets[lease_id] for lease_id in touched},
            watched={key: (*self._watched[key], at) for key, at in self._touched.items()},
            presences={person: now for person, now in self._presences.items() if now != self._accounts[person].presence},
        )


_lane: GroupCommit[Report, Outcome] = GroupCommit(_write)
