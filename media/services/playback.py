"""Watched seconds beside the hot path: settling what waited, telling lms, states, losses and the answer to `hours verify`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms import api as lms
from lms.domain.activity import Activity, ActivityState
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.jobs import enqueue
from media.domain import playback as rules
from media.domain.interval import Spans, difference, length
from media.domain.lease import Lease
from media.domain.playback import KNOWN_WITHIN, Evidence, Reason, Refused, Watched
from media.services.heartbeat import DONE_JOB
from media.store import delivery as delivery_store
from media.store import lease as lease_store
from media.store import playback as store

TOLD_WITHIN = timedelta(minutes=5)  # by then the job of a watched video has run, unless its worker was killed


def tell(now: datetime, *, person_id: int, activity_id: int, asset_id: int) -> None:
    """Job: say to lms that a video was watched; telling it twice changes nothing."""
    with transaction() as session:
        found = store.watched(session, person_id, activity_id, asset_id)
        if found is not None and found[1] is not None:
            lms.activity_done(
                session,
                person_id=person_id,
                activity_id=activity_id,
                seconds=length(found[0].accepted) // 1000,
                evidence=f"watched:{person_id}/{activity_id}/{asset_id}",
                now=now,
            )


def tell_missed(now: datetime) -> None:
    """Job: say again what a worker was killed over; without it the hour would be lost in silence."""
    with transaction() as session:
        missed = store.untold(session, now - TOLD_WITHIN)
    for person_id, activity_id, asset_id in missed:
        tell(now, person_id=person_id, activity_id=activity_id, asset_id=asset_id)


def settle_waiting(now: datetime) -> None:
    """Job: settle seconds that waited to be known as delivered, and count those whose delivery became known late."""
    with transaction() as session:
        delivery_store.find_lost_writers(session, now)
        due = store.unsettled(session, now - KNOWN_WITHIN)
    for lease_id in due:
        settle(lease_id, now)


def settle(lease_id: int, now: datetime) -> None:
    """Settle one lease's video."""
    with transaction() as session:
        terms, _budget = lease_store.lease(session, lease_id)
        lease_store.lock_account(session, terms.person_id)
        found = store.watched(session, terms.person_id, terms.activity_id, terms.asset_id)
        if found is None:
            return
        delivered = delivery_store.delivered(session, terms.person_id, terms.asset_id)
        before, done_at = found
        gap = before.waiting_since is not None and store.gap_since(session, before.waiting_since - KNOWN_WITHIN)
        after, vain = rules.settle(before, Evidence(delivered, gap), now)
        if after == before:
            return
        gained = difference(after.accepted, before.accepted)
        if gained:
            _correct(session, terms, gained, reason="delivered", actor_id=None, now=now)
        if vain:
            store.add_refusals(session, terms, [Refused(Reason.NOT_DELIVERED, vain)], now)
        _save(session, terms, after, done_at, now)


def award(session: Session, terms: Lease, spans: Spans, *, reason: str, actor_id: int, now: datetime) -> Spans:
    """Count seconds by a person's decision; the account is locked by the caller. Returns what was new."""
    found = store.watched(session, terms.person_id, terms.activity_id, terms.asset_id)
    assert found is not None
    watched, done_at = found
    gained = difference(spans, watched.accepted)
    if gained:
        _correct(session, terms, gained, reason=reason, actor_id=actor_id, now=now)
        _save(session, terms, rules.awarded(watched, gained), done_at, now)
    return gained


def _correct(session: Session, terms: Lease, spans: Spans, *, reason: str, actor_id: int | None, now: datetime) -> None:
    store.add_correction(
        session,
        person_id=terms.person_id,
        activity_id=terms.activity_id,
        asset_id=terms.asset_id,
        spans=spans,
        reason=reason,
        actor_id=actor_id,
        now=now,
    )


def _save(session: Session, terms: Lease, watched: Watched, done_at: datetime | None, now: datetime) -> None:
    if done_at is None and rules.done(watched, terms.done_ms):
        done_at = now
        enqueue(session, DONE_JOB, {"person_id": terms.person_id, "activity_id": terms.activity_id, "asset_id": terms.asset_id})
    store.save_watched(session, terms, watched, done_at, now)


def states(session: Session, person_id: int, activities: Sequence[Activity], now: datetime) -> Mapping[int, ActivityState]:  # noqa: ARG001
    """Return how far a learner is with each video, by one query."""
    found = store.states(session, person_id, [activity.id for activity in activities])
    return {activity.id: _state(activity.id, *found.get(activity.id, (0, 1, 1, False))) for activity in activities}


def _state(activity_id: int, accepted_ms: int, needed_ms: int, length_ms: int, done: bool) -> ActivityState:
    if done:
        return ActivityState(activity_id, done=True, fraction=1.0, text=_("已看完"))
    if not accepted_ms:
        return ActivityState(activity_id, done=False, fraction=0.0, text=_("未开始"))
    percent = accepted_ms * 100 // length_ms
    return ActivityState(activity_id, done=False, fraction=min(1.0, accepted_ms / needed_ms), text=_("已看 %(percent)d%%", percent=percent))


@dataclass(frozen=True, slots=True)
class Loss:
    """Seconds that did not count, as the learner reads them."""

    at: datetime
    refused: Refused

    @property
    def seconds(self) -> int:
        """Return how many, rounded up so that nothing shows as nothing."""
        return -(-length(self.refused.spans) // 1000)


def losses(session: Session, person_id: int, activity_id: int, watched: Watched) -> list[Loss]:
    """Return what did not count and does not count by now, newest first."""
    return [Loss(at, refused) for at, refused in rules.losses(store.refusals(session, person_id, activity_id), watched)]


def verify(session: Session, now: datetime) -> Iterable[str]:
    """Recompute watched seconds from the reports behind them."""
    for person_id, activity_id, asset_id in store.differences(session):
        yield f"watched {person_id}/{activity_id}/{asset_id}: the accepted seconds are not the union of its reports and corrections"
    for person_id, activity_id, asset_id in store.untold(session, now - 3 * TOLD_WITHIN):
        yield f"watched {person_id}/{activity_id}/{asset_id}: the video was watched and its lesson does not know"
    for person_id, activity_id in store.unwatched(session, lms.evidence_of_rehearsal(session)):
        yield f"person {person_id}: video {activity_id} counts as watched, and her accepted seconds are not enough"
    for person_id, activity_id, asset_id in store.unclaimed(session):
        yield f"watched {person_id}/{activity_id}/{asset_id}: seconds were accepted that no report claimed"
    for person_id in store.overdrawn(session):
        yield f"person {person_id}: more seconds were accepted than the server's clock allows"
