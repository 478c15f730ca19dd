"""Extra attempts: given to one person, or to all whom an outage hit and whose attempts are not made good otherwise."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from exam.domain.admission import NO_EXTRAS
from exam.domain.exam import GRACE
from exam.services import adjustment
from exam.services import outage as outages
from exam.store import exam as exams
from exam.store import extra_attempt as store
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Conflict, Invalid


class WindowTooShort(Invalid):
    """The window of the extra attempt does not hold the exam."""

    code = "extra_window"
    message = N_("补考时间须在将来，且不短于考试时长。")


class ExtraWaits(Conflict):
    """She holds one that she has not begun."""

    code = "extra_waits"
    message = N_("这位考生已有一次补考机会尚未使用。")


def grant(actor_id: int, attempt_id: int, *, opens: datetime, closes: datetime, reason: str, now: datetime) -> None:
    """Give the person of an attempt one more, with a window of its own."""
    with transaction() as session:
        whom = adjustment.target_of(session, actor_id, attempt_id)
        assert whom.person_id is not None
        if whom.person_id == actor_id:
            raise adjustment.OwnAttempt
        if store.of_person(session, whom.person_id, now).get(whom.exam.id, NO_EXTRAS).waiting is not None:
            raise ExtraWaits
        give(session, whom, [whom.person_id], opens=opens, closes=closes, reason=reason, actor_id=actor_id, now=now)


def hold_again(outage_id: int, *, opens: datetime, closes: datetime, reason: str, actor_id: int, now: datetime) -> None:
    """Decide that a long outage is not given back, and give everybody it hit an extra attempt."""
    with transaction() as session:
        hit = outages.decided(session, outage_id, give_back=False, reason=reason, actor_id=actor_id, now=now)
        whom = {exam_id: adjustment.Target(exams.by_id(session, exam_id), ("/",)) for exam_id in hit}
        for exam_id, people in hit.items():
            give(session, whom[exam_id], people, opens=opens, closes=closes, reason=reason, actor_id=actor_id, now=now)


def give(
    session: Session, whom: adjustment.Target, people: Sequence[int], *, opens: datetime, closes: datetime, reason: str, actor_id: int, now: datetime
) -> None:
    """Give an extra attempt to each of the people, in the caller's transaction; the minute's job sees to the papers."""
    if closes - max(opens, now) < timedelta(minutes=whom.exam.minutes) + GRACE:
        raise WindowTooShort
    store.add_all(session, people, whom.exam.id, opens=opens, closes=closes, reason=reason, granted_by=actor_id, now=now)
    adjustment.note(session, whom, reason, kind="extra", actor_id=actor_id, now=now, attempts=len(people), opens=opens.isoformat(), closes=closes.isoformat())
