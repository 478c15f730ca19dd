"""Extra attempts: given to one person, or to all whom an outage hit and whose attempts are not made good otherwise."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from exam.domain.admission import NO_EXTRAS
from exam.domain.exam import GRACE, Exam
from exam.services import adjustment, review
from exam.services import outage as outages
from exam.services.exam import is_over
from exam.store import exam as exams
from exam.store import extra_attempt as store
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Conflict, Invalid


class WindowTooShort(Invalid):
    """The window of the extra attempt does not hold the exam."""

    code = "extra_window"
    message = N_("补考时间须在将来，且不短于考试时长，连同为考生延长的时间。")


class ExtraWaits(Conflict):
    """She holds one that she has not begun."""

    code = "extra_waits"
    message = N_("这位考生已有一次补考机会尚未使用。")


class NothingWaits(Conflict):
    """She holds none, or has just begun it."""

    code = "extra_begun"
    message = N_("这位考生没有尚未使用的补考机会，可能刚刚开始作答。")


def grant(actor_id: int, attempt_id: int, *, opens: datetime, closes: datetime, reason: str, now: datetime) -> None:
    """Give the person of an attempt one more, with a window of its own."""
    with transaction() as session:
        whom = adjustment.target_of(session, actor_id, attempt_id)
        assert whom.person_id is not None
        if store.of_person(session, whom.person_id, now).get(whom.exam.id, NO_EXTRAS).waiting is not None:
            raise ExtraWaits
        give(session, whom, [whom.person_id], opens=opens, closes=closes, reason=reason, actor_id=actor_id, now=now)


def withdraw(actor_id: int, attempt_id: int, *, all_given_with_it: bool, reason: str, now: datetime) -> int:
    """Take back the extra attempt that the person of an attempt has not begun, or all given by the same act but one's own; returns how many.

    What waited kept the papers from being looked through: they stay so until somebody says otherwise, since other dates may follow.
    """
    with transaction() as session:
        whom = adjustment.target_of(session, actor_id, attempt_id)
        assert whom.person_id is not None
        held = store.of_person(session, whom.person_id, now).get(whom.exam.id, NO_EXTRAS).waiting
        people = store.withdraw(session, held.id, all_given_with_it=all_given_with_it, but=actor_id) if held else []
        if not people:
            raise NothingWaits
        if all_given_with_it or is_over(session, whom.exam, now):
            review.close(session, whom.exam.id, actor_id=actor_id, now=now)
        told = adjustment.Target(whom.exam, ("/",)) if all_given_with_it else whom
        adjustment.note(session, told, reason, people, kind="extra_back", actor_id=actor_id, now=now, attempts=len(people))
        return len(people)


def decide_outage(outage_id: int, *, give_back: bool, handed_in: bool, opens: datetime, closes: datetime, reason: str, actor_id: int, now: datetime) -> None:
    """Decide on a long outage, and give everybody it hit whose time is not given back an extra attempt."""
    with transaction() as session:
        hits = outages.decided(session, outage_id, give_back=give_back, handed_in=handed_in, reason=reason, actor_id=actor_id, now=now)
        without = [(one.exam_id, one.out if give_back else [*one.people, *one.out]) for one in hits]
        for exam_id, hit in without:
            whom = adjustment.Target(exams.by_id(session, exam_id), ("/",))
            _hold(_needed(session, whom.exam, hit), opens, closes, now)
            people = sorted(set(hit) - store.waiting_people(session, exam_id, now))  # by an outage before this one, say
            if people:
                give(session, whom, people, opens=opens, closes=closes, reason=reason, actor_id=actor_id, now=now)


def give(
    session: Session, whom: adjustment.Target, people: Sequence[int], *, opens: datetime, closes: datetime, reason: str, actor_id: int, now: datetime
) -> None:
    """Give an extra attempt to each of the people, in the caller's transaction; the minute's job sees to the papers."""
    _hold(_needed(session, whom.exam, people), opens, closes, now)
    store.add_all(session, people, whom.exam.id, opens=opens, closes=closes, reason=reason, granted_by=actor_id, now=now)
    adjustment.note(session, whom, reason, kind="extra", actor_id=actor_id, now=now, attempts=len(people), opens=opens.isoformat(), closes=closes.isoformat())


def _needed(session: Session, exam: Exam, people: Sequence[int]) -> timedelta:
    """Return how long a window must be for all of the people, those with more time included."""
    percents = exams.percents_in(session, exam.id)
    return timedelta(minutes=exam.minutes) * max((percents.get(person, 100) for person in people), default=100) / 100 + GRACE


def _hold(needed: timedelta, opens: datetime, closes: datetime, now: datetime) -> None:
    if closes - max(opens, now) < needed:
        raise WindowTooShort
