"""What invigilators do for one learner, a school or all: messages, time, pauses, re-opening, notes; each audited and logged as an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.safe_exam_browser import BrowserKeys, NoBrowserAsked, fingerprints
from exam.services import attempt as attempts
from exam.services.exam import found, is_settled
from exam.services.invigilation import watched
from exam.store import adjustment as store
from exam.store import attempt as attempt_store
from exam.store import exam as exam_store
from exam.store import incident, message
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid, Missing


class NothingToGive(Invalid):
    """Neither minutes nor per cent."""

    code = "nothing_to_give"
    message = N_("请填写要增加的分钟数或百分比。")


class NobodyOpen(Conflict):
    """Nobody there sits the exam."""

    code = "nobody_open"
    message = N_("这里现在没有人正在作答。")


class AllPaused(Conflict):
    """The clocks stand there already."""

    code = "all_paused"
    message = N_("这里正在作答的考生都已经暂停计时。")


class NobodyPaused(Conflict):
    """No clock stands there."""

    code = "nobody_paused"
    message = N_("这里没有由监考人员暂停计时的考生。")


class AlreadyStarted(Conflict):
    """An accommodation counts from the start; who sits already gets minutes."""

    code = "already_started"
    message = N_("这位考生已经开考，请在她的作答记录页面增加时间。")


class OwnAttempt(Forbidden):
    """Nobody decides about herself."""

    code = "own_attempt"
    message = N_("不能处理自己的作答，请由另一位管理员办理。")


class NotExamined(Invalid):
    """Nobody of this account takes part in the exam: it is mistyped, as a rule."""

    code = "not_examined"
    message = N_("这个账号没有报名这场考试，也没有参加过，请核对账号。")


class ExamSettled(Conflict):
    """Nobody can sit the exam any more."""

    code = "exam_settled"
    message = N_("这场考试已经全部结束，不能再改变浏览器要求。")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an act concerns: all below the paths, or one person."""

    exam: Exam
    paths: tuple[str, ...]
    person_id: int | None = None
    attempt_id: int | None = None

    @property
    def subject(self) -> str:
        """Return the audit's subject."""
        return f"attempt:{self.attempt_id}" if self.attempt_id else f"exam:{self.exam.id}"


def target(session: Session, actor_id: int, code: str, unit_id: int | None) -> Target:
    """Return all learners at a place of one's scope."""
    place = platform.unit_place(session, actor_id, Permission.INVIGILATE, unit_id)
    return Target(found(session, code), place.paths)


def target_of(session: Session, actor_id: int | None, attempt_id: int, *, alone: bool = False) -> Target:
    """Return the learner of an attempt in one's scope, the attempt locked; None and `alone` as in `watched`. Nobody acts on an attempt of her own."""
    one = watched(session, actor_id, attempt_id, alone=alone)
    if one.attempt.person_id == actor_id:
        raise OwnAttempt
    return Target(one.exam, (one.person.unit_path,), one.attempt.person_id, attempt_id)


def note(
    session: Session, whom: Target, words: str, people: Sequence[int] = (), *, kind: str = "note", actor_id: int | None, now: datetime, **detail: object
) -> None:
    """Write a line into the incident log, its figures apart from its words, and into the audit, which alone names the people."""
    incident.add(
        session, exam_id=whom.exam.id, paths=whom.paths, person_id=whom.person_id, attempt_id=whom.attempt_id, kind=kind, words=words, facts=detail,
        recorded_by=actor_id, now=now,
    )  # fmt: skip
    named = {"people": sorted(people)} if people else {}
    audit.record(session, actor_id=actor_id, action=f"exam.{kind}", subject=whom.subject, now=now, units=list(whom.paths), **named, **detail)


def send(session: Session, whom: Target, words: str, *, actor_id: int, now: datetime) -> None:
    """Send a message; a page in front shows it within about a minute."""
    message.add(session, exam_id=whom.exam.id, paths=whom.paths, person_id=whom.person_id, words=words, sent_by=actor_id, now=now)
    note(session, whom, words, kind="message", actor_id=actor_id, now=now)


def give(session: Session, whom: Target, *, minutes: int, percent: int, reason: str, actor_id: int | None, now: datetime) -> int:
    """Add minutes, and per cent of the time each had, to the open attempts but one's own; returns how many."""
    if not (minutes or percent):
        raise NothingToGive
    ids = _open(session, whom, but=actor_id)
    store.give(session, ids, seconds=minutes * 60, percent=percent, kind="staff", reason=reason, actor_id=actor_id, now=now)
    note(session, whom, reason, kind="time", actor_id=actor_id, now=now, attempts=len(ids), minutes=minutes, percent=percent)
    return len(ids)


def give_time(attempt_id: int, *, minutes: int, reason: str, now: datetime) -> datetime:
    """Add minutes to an open attempt from the console, where nobody is signed in; returns its deadline."""
    with transaction() as session:
        give(session, target_of(session, None, attempt_id), minutes=minutes, percent=0, reason=reason, actor_id=None, now=now)
        return attempt_store.by_id(session, attempt_id).deadline


def pause(session: Session, whom: Target, *, reason: str, actor_id: int, now: datetime) -> int:
    """Let the clocks stand, but one's own; returns how many."""
    ids = _open(session, whom, but=actor_id)
    store.resume(session, store.take_rested(session, now, len(ids), among=ids), rests=True, actor_id=None, now=now)  # what has run out is no rest to take over
    count = store.pause(session, ids, reason=reason, actor_id=actor_id, now=now)
    if not count:
        raise AllPaused
    note(session, whom, reason, kind="pause", actor_id=actor_id, now=now, attempts=count)
    return count


def resume(session: Session, whom: Target, *, actor_id: int, now: datetime) -> int:
    """Let the clocks go on, with the time for which they stood; returns how many. A rest of one's own ends early for a named learner only."""
    count = store.resume(session, _open(session, whom), rests=whom.attempt_id is not None, actor_id=actor_id, now=now)
    if not count:
        raise NobodyPaused
    note(session, whom, "", kind="resume", actor_id=actor_id, now=now, attempts=count)
    return count


def _open(session: Session, whom: Target, *, but: int | None = None) -> list[int]:
    ids = store.lock_open(session, whom.exam.id, whom.paths, whom.attempt_id, but=but)
    if not ids:
        raise OwnAttempt if but is not None and sits(session, whom, but) else NobodyOpen
    return ids


def sits(session: Session, whom: Target, person_id: int) -> bool:
    """Tell whether a person has the exam open, with all others: what is done for them leaves her out where she does it."""
    newest = None if whom.attempt_id else attempt_store.newest_of(session, person_id, whom.exam.id)
    return newest is not None and newest.state is State.OPEN


def reopen(actor_id: int, attempt_id: int, *, minutes: int, reason: str, now: datetime) -> datetime:
    """Open an ended attempt again whose result is not out, with so many minutes to go; returns its deadline."""
    with transaction() as session:
        whom = target_of(session, actor_id, attempt_id, alone=True)
        attempt = attempts.reopened(session, attempt_id, reason=reason, actor_id=actor_id, now=now)
        short = now + timedelta(minutes=minutes) - attempt.deadline
        store.give(session, [attempt_id], seconds=max(0, round(short.total_seconds())), percent=0, kind="reopen", reason=reason, actor_id=actor_id, now=now)
        note(session, whom, reason, kind="reopen", actor_id=actor_id, now=now, minutes=minutes)
        return attempt_store.by_id(session, attempt_id).deadline


def accommodate(actor_id: int | None, code: str, account: str, percent: int, *, rest_minutes: int = 0, reason: str, now: datetime) -> timedelta:
    """Give somebody of one's scope (None: of all) but oneself more time in an exam, and rests, before she starts; returns what its window keeps back of it."""
    with transaction() as session:
        exam = found(session, code)
        person_id, whom = _another(session, exam, account, actor_id, Permission.INVIGILATE)
        newest = attempt_store.newest_of(session, person_id, exam.id)
        if newest is not None and newest.state is State.OPEN:
            raise AlreadyStarted
        exam_store.accommodate(session, exam.id, person_id, percent=percent, rest_minutes=rest_minutes)
        note(session, whom, reason, kind="accommodation", actor_id=actor_id, now=now, percent=percent, rest_minutes=rest_minutes)
        return exam.kept_back(percent)


def lift_browser(actor_id: int, code: str, account: str, *, lifted: bool, reason: str, now: datetime) -> None:
    """Let somebody of one's scope but oneself sit an exam in any browser, or no longer; from her next coming to the room on."""
    with transaction() as session:
        exam = found(session, code)
        person_id, whom = _another(session, exam, account, actor_id, Permission.MANAGE_EXAMS)
        if not exam.browser_keys:
            raise NoBrowserAsked
        if not (platform.enrolment_of(session, person_id, exam.programme_code) or attempt_store.newest_of(session, person_id, exam.id)):
            raise NotExamined
        exam_store.accommodate(session, exam.id, person_id, any_browser=lifted)
        note(session, whom, reason, kind="browser", actor_id=actor_id, now=now, lifted=lifted)


def widen_browser(actor_id: int, code: str, further: BrowserKeys | None, *, reason: str, now: datetime) -> None:
    """Take further keys for all of an exam, or ask nobody for its browser any more (None), also while it is sat: open attempts get it by coming back."""
    with transaction() as session:
        row = exam_store.lock(session, found(session, code).id)
        exam = found(session, code)
        if is_settled(session, exam, now):
            raise ExamSettled
        if platform.enrolment_of(session, actor_id, exam.programme_code):
            raise OwnAttempt
        if not exam.browser_keys:
            raise NoBrowserAsked
        keys = BrowserKeys() if further is None else exam.browser_keys.widened(further)
        exam_store.ask_browser(row, keys)
        facts: dict[str, Any] = {"lifted": True} if further is None else {"keys": fingerprints((*further.config_keys, *further.browser_exam_keys))}
        note(session, Target(exam, ("/",)), reason, kind="browser", actor_id=actor_id, now=now, **facts)


def _another(session: Session, exam: Exam, account: str, actor_id: int | None, permission: Permission) -> tuple[int, Target]:
    """Return somebody by her account, in one's scope (None: of all) and not oneself."""
    person_id = platform.id_of_account(session, account)
    if actor_id is not None and not platform.in_scope(session, actor_id, permission, person_id):
        raise Missing
    if person_id == actor_id:
        raise OwnAttempt
    card = platform.people(session, [person_id])[person_id]
    return person_id, Target(exam, (card.unit_path,), person_id)
