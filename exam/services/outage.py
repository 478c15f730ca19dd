"""Outages: marks of life, giving back what an outage took, and the decision where that would not do."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from exam.domain import outage as rules
from exam.domain.outage import BEAT, OUTAGE, Gap
from exam.store import incident
from exam.store import outage as store
from exam.store.outage import Outage
from lms.kernel import audit
from lms.kernel.clock import Clock
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Conflict

logger = logging.getLogger(__name__)


class AlreadyDecided(Conflict):
    """Somebody has decided on the outage."""

    code = "outage_decided"
    message = N_("这次系统中断已经有人处理过了。")


def mark(now: datetime, real: datetime | None = None) -> None:
    """Leave a sign of life, unless a standby that is to confirm commits does not: no answer is safe then either, which is an outage."""
    with transaction() as session:
        store.ask_standby(session)
    with transaction() as session:
        store.mark(session, now, real)


def keep_marking(clock: Clock) -> None:
    """Leave a mark every few seconds for as long as this process serves; a failure is a gap, which is the point."""

    def beat() -> None:
        rest = threading.Event()
        while not rest.wait(BEAT.total_seconds()):
            try:
                mark(clock.now())
            except Exception as error:  # noqa: BLE001 - the database is away: the next beat tries again
                logger.warning("mark_failed: %s", type(error).__name__)

    threading.Thread(target=beat, name="exam-marks", daemon=True).start()


def settle(now: datetime) -> None:
    """Give back each outage that the marks show, or raise the decision; exactly once."""
    with transaction() as session:
        store.one_settles(session)
        marks = store.marks(session)
        for gap in rules.gaps(marks):
            _settle(session, gap, now)
        if marks:
            store.forget_before(session, marks[-1].real_at)


def _settle(session: Session, gap: Gap, now: datetime) -> None:
    hit = store.hit(session, gap)
    if not hit:
        return
    if not gap.needs_decision:
        store.give_back(session, gap, reason="outage", actor_id=None, now=now)
    outage_id = store.add(session, gap, attempts=sum(hit.values()), state="undecided" if gap.needs_decision else "given_back", now=now)
    minutes = (gap.ended_at - gap.began_at).total_seconds() / 60
    for exam_id, count in hit.items():
        words = f"{minutes:.1f} min × {count}"
        incident.add(session, exam_id=exam_id, paths=["/"], kind="outage", words=words, recorded_by=None, now=now)
    audit.record(session, actor_id=None, action="exam.outage", subject=f"outage:{outage_id}", now=now, minutes=round(minutes, 1), attempts=sum(hit.values()))


def ending_limit(session: Session) -> datetime | None:
    """Return up to which deadline attempts may be ended while an outage runs; None: none runs."""
    return store.silent_since(session, OUTAGE)


def waiting() -> Sequence[Outage]:
    """Return the outages that wait for a decision."""
    with transaction() as session:
        return store.undecided(session)


def decide(outage_id: int, *, give_back: bool, reason: str, actor_id: int, now: datetime) -> None:
    """Give a long outage back after all, or leave the attempts to end, because the exam is held again for them."""
    with transaction() as session:
        gap = store.decide(session, outage_id, "given_back" if give_back else "rescheduled", reason=reason, actor_id=actor_id)
        if gap is None:
            raise AlreadyDecided
        hit = store.hit(session, gap)
        if give_back:
            store.give_back(session, gap, reason=reason, actor_id=actor_id, now=now)
        for exam_id, count in hit.items():
            words = f"{'given back' if give_back else 'reschedule'} × {count} {reason}"
            incident.add(session, exam_id=exam_id, paths=["/"], kind="outage", words=words, recorded_by=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="exam.outage_decided", subject=f"outage:{outage_id}", now=now, give_back=give_back, reason=reason)
