"""May this person start now: enrolled, learning done, inside the window, attempts left, honesty stated."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from exam.domain.exam import Exam
from exam.domain.identity import IdentityMissing
from exam.domain.safe_exam_browser import BrowserKeys
from exam.domain.waiting_room import EARLY
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid, Refusal


class NotEnrolled(Forbidden):
    """The person is not enrolled in the exam's programme."""

    code = "not_enrolled"
    message = N_("您没有报名本培训项目，不能参加这场考试。")


class LearningIncomplete(Forbidden):
    """The learning that the exam asks for is not done."""

    code = "learning_incomplete"
    message = N_("您还有必修学习内容没有完成，完成后即可参加考试。")


class NotOpenYet(Conflict):
    """The exam's window has not begun."""

    code = "not_open_yet"
    message = N_("考试还没有开始，请在考试时间内进入。")


class WindowClosed(Conflict):
    """The exam's window has ended."""

    code = "window_closed"
    message = N_("考试时间已经结束，不能再开始作答。")


class AttemptsUsed(Conflict):
    """No attempt is left."""

    code = "attempts_used"
    message = N_("您的考试次数已经用完。")


class TooSoon(Conflict):
    """The days between two attempts have not passed."""

    code = "too_soon"
    message = N_("离上一次考试结束的间隔天数还不够，请到可以再考的时间再来。")


class HonestyMissing(Invalid):
    """The honesty statement was not made."""

    code = "honesty_missing"
    message = N_("请先阅读并同意诚信考试承诺。")


class NotReady(Conflict):
    """The papers of the exam have not been assembled."""

    code = "exam_not_ready"
    message = N_("考试还在准备中，请稍后再来。")


@dataclass(frozen=True, slots=True)
class ExtraAttempt:
    """A further attempt by decision, with a window of its own."""

    id: int
    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Extras:
    """A person's extra attempts at an exam: so many begun, and the next that she can still begin."""

    begun: int
    waiting: ExtraAttempt | None


NO_EXTRAS = Extras(0, None)


@dataclass(frozen=True, slots=True)
class Accommodation:
    """What a person is granted in one exam: per cent of the limit, whether any browser will do, minutes for which she may let her clock stand."""

    percent: int = 100
    any_browser: bool = False
    rest_minutes: int = 0

    def asked(self, keys: BrowserKeys) -> BrowserKeys:
        """Return what an exam asks of this person's browser."""
        return BrowserKeys() if self.any_browser else keys


NO_ACCOMMODATION = Accommodation()


@dataclass(frozen=True, slots=True)
class Standing:
    """What admission needs to know of a person; extra attempts are not among those used."""

    enrolled: bool
    learning_complete: bool
    missing: tuple[str, ...]
    attempts_used: int
    accommodation: Accommodation = NO_ACCOMMODATION
    last_ended_at: datetime | None = None
    identity_confirmed: bool = True
    extra: ExtraAttempt | None = None


def granted(exam: Exam, standing: Standing, now: datetime) -> Exam:
    """Return an exam as it stands for a person: where no ordinary attempt may begin, an extra one of hers brings its own window."""
    if standing.extra is None or (exam.starts_at(now) and standing.attempts_used < exam.attempts and _waited(exam, standing, now)):
        return exam
    extra, policy = standing.extra, replace(exam.policy, wait_days=0)
    return replace(exam, opens=extra.opens, closes=extra.closes, attempts=standing.attempts_used + 1, policy=policy)


@dataclass(frozen=True, slots=True)
class Briefing:
    """What stands before the start button; `refusal` says why there is none; `may_wait`: the bell is near, and nothing else stands in the way."""

    exam: Exam
    seconds: int
    attempts_left: int
    open_attempt: bool
    missing: tuple[str, ...]
    refusal: Refusal | None
    may_wait: bool
    next_at: datetime | None


def next_at(exam: Exam, standing: Standing, now: datetime) -> datetime | None:
    """Return from when on a further attempt may begin; None where none may, or none was made yet."""
    if standing.last_ended_at is None or standing.attempts_used >= exam.attempts:
        return None
    earliest = max(now, exam.opens, standing.last_ended_at + timedelta(days=exam.policy.wait_days))
    return earliest if exam.starts_at(earliest) else None


def refusal(exam: Exam, standing: Standing, now: datetime) -> Refusal | None:
    """Return why the person may not start now, the most lasting reason first."""
    reasons: tuple[tuple[bool, Refusal], ...] = (
        (not standing.enrolled, NotEnrolled()),
        (exam.state != "ready", NotReady()),
        (now < exam.opens, NotOpenYet(opens=exam.opens)),
        (not exam.starts_at(now), WindowClosed()),
        (standing.attempts_used >= exam.attempts, AttemptsUsed()),
        (not _waited(exam, standing, now), TooSoon(next_at=next_at(exam, standing, now))),
        (exam.requires_learning and not standing.learning_complete, LearningIncomplete(missing=list(standing.missing))),
        (not standing.identity_confirmed, IdentityMissing()),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _waited(exam: Exam, standing: Standing, now: datetime) -> bool:
    return standing.last_ended_at is None or now >= standing.last_ended_at + timedelta(days=exam.policy.wait_days)


def brief(asked: Exam, standing: Standing, *, open_attempt: bool, now: datetime, judged: datetime | None = None) -> Briefing:
    """Return the briefing; who has an open attempt may always go back to it, who asked in time and waits may start after the window's end.

    Nobody waits for the bell of an extra attempt: the line knows the exam's own alone.
    """
    exam, judged = granted(asked, standing, now), judged or now
    return Briefing(
        exam=exam,
        seconds=int(exam.time_given(max(judged, exam.opens), standing.accommodation.percent).total_seconds()),
        attempts_left=max(0, exam.attempts - standing.attempts_used),
        open_attempt=open_attempt,
        missing=standing.missing if exam.requires_learning else (),
        refusal=None if open_attempt else refusal(exam, standing, judged),
        may_wait=exam is asked and not open_attempt and exam.opens - EARLY <= now < exam.opens and refusal(exam, standing, exam.opens) is None,
        next_at=next_at(exam, standing, now),
    )
