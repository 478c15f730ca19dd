"""Rests of one's own: whoever was granted minutes for it lets her clock stand in the room, and go on."""

from datetime import datetime, timedelta

from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.services import token as tokens
from exam.services.payload import AskRest, RestNow
from exam.store import adjustment as store
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store.attempt import Attempt
from lms.kernel.db import Session, transaction

BATCH = 200


def take(payload: AskRest, person_id: int, now: datetime) -> RestNow:
    """Begin or end a rest, or look how much is left. Only the page that leads begins; both may be repeated. What arrives during a rest is not taken."""
    token = tokens.read(payload.token)
    with transaction() as session:
        attempt = attempts.lock(session, token.attempt_id)
        if attempt is None or not attempt.person_id == token.person_id == person_id or attempt.state is not State.OPEN:
            raise rules.AttemptClosed
        if attempt.epoch != token.epoch:
            raise rules.OtherDeviceLeads(since=attempt.led_since)
        granted = exams.accommodation_of(session, attempt.exam_id, person_id).rest_minutes * 60
        held = store.rests_of(session, attempt.id)
        if payload.act == "begin" and held.since is None:
            _begin(session, attempt, granted - held.taken, now)
        elif payload.act == "end" and held.since is not None:
            store.resume(session, [attempt.id], rests=True, actor_id=person_id, now=now)
        return _told(attempts.by_id(session, attempt.id), granted, store.rests_of(session, attempt.id), now)


def _begin(session: Session, attempt: Attempt, left: int, now: datetime) -> None:
    if attempt.paused_at is not None:
        raise rules.AttemptPaused
    if now > attempt.deadline:
        raise rules.TimeIsUp
    if left <= 0:
        raise rules.NoRestLeft
    store.pause(session, [attempt.id], reason="", actor_id=attempt.person_id, now=now, most_seconds=left)


def _told(attempt: Attempt, granted: int, held: store.Rests, now: datetime) -> RestNow:
    left = timedelta(seconds=granted - held.taken)
    if held.since is not None:
        left = held.since + left - now
    return RestNow(
        resting=held.since is not None,
        left_ms=max(0, round(left / timedelta(milliseconds=1))),
        deadline=attempt.deadline,
        remaining_ms=rules.remaining_ms(attempt.deadline, attempt.paused_at or now),
        paused=attempt.paused_at is not None,
    )


def end_overdue(now: datetime) -> None:
    """Let every clock go on whose rest has run out, as from then."""
    while True:
        with transaction() as session:
            over = store.take_rested(session, now, BATCH)
            store.resume(session, over, rests=True, actor_id=None, now=now)
        if len(over) < BATCH:
            return
