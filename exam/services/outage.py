"""Outages: marks of life, giving back what an outage took, and the decision where that would not do."""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import outage as rules
from exam.domain.outage import BEAT, OUTAGE, Gap
from exam.services import review
from exam.store import exam as exams
from exam.store import incident
from exam.store import outage as store
from exam.store.attempt import Attempt
from exam.store.outage import HandIn, Hit, Outage
from lms import api as platform
from lms.kernel import audit
from lms.kernel.clock import Clock
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Conflict

logger = logging.getLogger(__name__)
MOST_NAMED = 50


class AlreadyDecided(Conflict):
    """Somebody has decided on the outage."""

    code = "outage_decided"
    message = N_("这次系统中断已经有人处理过了。")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An outage that waits for a decision, and the exams it hit; for who may decide also how many have handed in since, and those of her scope."""

    outage: Outage
    exams: Sequence[str]
    handed_in: Sequence[HandIn]
    handed_in_all: int


def mark(now: datetime, real: datetime | None = None) -> bool:
    """Leave a sign of life, unless a standby that is to confirm commits does not: no answer is safe then either, which is an outage.

    Returns whether it was the first after an outage.
    """
    with transaction() as session:
        store.ask_standby(session)
    with transaction() as session:
        was_silent = store.is_silent(session, OUTAGE)
        store.mark(session, now, real)
        return was_silent


def keep_marking(clock: Clock) -> None:
    """Leave a mark at once and every few seconds for as long as this process serves; a failure is a gap, which is the point.

    Whoever leaves the first mark after a gap settles it, so that nobody waits for the worker's minute.
    """

    def beat() -> None:
        rest = threading.Event()
        while True:
            try:
                if mark(clock.now()):
                    settle(clock.now())
            except Exception as error:  # noqa: BLE001 - the database is away: the next beat tries again
                logger.warning("mark_failed: %s", type(error).__name__)
            rest.wait(BEAT.total_seconds())

    threading.Thread(target=beat, name="exam-marks", daemon=True).start()


def settle(now: datetime) -> None:
    """Give back each outage that the marks show, or raise the decision; exactly once."""
    with transaction() as session:
        store.one_settles(session)
        marks = store.marks(session)
        found = list(rules.gaps(marks))
        for gap, until in zip(found, [*(following.began_at for following in found[1:]), now], strict=False):
            _settle(session, gap, until, now)
        if marks:
            store.forget_before(session, marks[-1].real_at)


def _settle(session: Session, gap: Gap, until: datetime, now: datetime) -> None:
    hits = store.hit(session, gap, until, handed_in=False)  # it is settled at once, before anybody sees her time and hands in
    if not hits:
        return
    if not gap.needs_decision:
        _give_back(session, gap, until, handed_in=False, reason="", actor_id=None, now=now)
    attempts = sum(len(one.people) for one in hits)
    outage_id = store.add(session, gap, attempts=attempts, state="undecided" if gap.needs_decision else "given_back", now=now)
    minutes = round((gap.ended_at - gap.began_at).total_seconds() / 60, 1)
    _write_down(session, hits, minutes=minutes, now=now)
    audit.record(session, actor_id=None, action="exam.outage", subject=f"outage:{outage_id}", now=now, minutes=minutes, attempts=attempts)


def _write_down(session: Session, hits: Iterable[Hit], *, now: datetime, words: str = "", actor_id: int | None = None, **facts: object) -> None:
    for one in hits:
        figures = {"attempts": len(one.people), "out": len(one.out), "handed_in": one.handed_in}
        told = facts | {name: figure for name, figure in figures.items() if figure or name == "attempts"}
        incident.add(session, exam_id=one.exam_id, paths=["/"], kind="outage", words=words, facts=told, recorded_by=actor_id, now=now)


def _give_back(session: Session, gap: Gap, until: datetime, *, handed_in: bool, reason: str, actor_id: int | None, now: datetime) -> None:
    for attempt_id in store.give_back(session, gap, until, handed_in=handed_in, reason=reason, actor_id=actor_id, now=now):
        audit.record(session, actor_id=actor_id, action="attempt.reopen", subject=f"attempt:{attempt_id}", now=now, reason=reason)


def covers(session: Session, attempt: Attempt) -> bool:
    """Tell whether an outage lies in an attempt's time that is not settled yet: its bell ends nothing before."""
    return store.covers(session, attempt.started_at, attempt.deadline)


def waiting(actor_id: int, now: datetime) -> list[Waiting]:
    """Return the outages that wait for a decision."""
    with transaction() as session:
        scope = platform.scope_of(session, actor_id, Permission.MANAGE_EXAMS)
        return [_waiting(session, one, scope, now) for one in store.undecided(session)]


def _waiting(session: Session, one: Outage, scope: Sequence[str], now: datetime) -> Waiting:
    hits = store.hit(session, one.gap, now, handed_in=True)
    everybody = sum(hit.handed_in for hit in hits) if scope else 0
    titles = [exams.by_id(session, hit.exam_id).title for hit in hits]
    return Waiting(one, titles, store.handed_in(session, one.gap, now, scope, MOST_NAMED) if everybody else (), everybody)


def decide(outage_id: int, *, give_back: bool, handed_in: bool = True, reason: str, actor_id: int, now: datetime) -> None:
    """Give a long outage back after all, or leave the attempts to end: keys are then not shown before somebody says so again, since people are to sit again."""
    with transaction() as session:
        hits = decided(session, outage_id, give_back=give_back, handed_in=handed_in, reason=reason, actor_id=actor_id, now=now)
        for one in hits if not give_back else ():
            review.close(session, one.exam_id, actor_id=actor_id, now=now)


def decided(session: Session, outage_id: int, *, give_back: bool, handed_in: bool, reason: str, actor_id: int, now: datetime) -> list[Hit]:
    """Decide on a long outage in the caller's transaction; returns whom it hit, exam by exam.

    Who came back and handed in before the decision knew of no minutes to come: unless it is said otherwise (`handed_in`), she gets what the others get.
    """
    gap = store.decide(session, outage_id, "given_back" if give_back else "rescheduled", reason=reason, actor_id=actor_id)
    if gap is None:
        raise AlreadyDecided
    hits = store.hit(session, gap, now, handed_in=handed_in)
    if give_back:
        _give_back(session, gap, now, handed_in=handed_in, reason=reason, actor_id=actor_id, now=now)
    _write_down(session, hits, words=reason, actor_id=actor_id, now=now, give_back=give_back)
    audit.record(
        session,
        actor_id=actor_id,
        action="exam.outage_decided",
        subject=f"outage:{outage_id}",
        now=now,
        give_back=give_back,
        handed_in=handed_in,
        reason=reason,
    )
    return hits
