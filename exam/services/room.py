"""The room around an attempt: what a person's exams are, how long she has, and the receipt of what she handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import admission as rules
from exam.domain.admission import NO_ACCOMMODATION, NO_EXTRAS, Briefing, Standing
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.packet import in_time
from exam.domain.safe_exam_browser import BrowserKeys
from exam.domain.waiting_room import Place, asked_in_time
from exam.services.admission import standing, standing_of
from exam.services.attempt import AttemptMissing
from exam.services.exam import ExamMissing, found
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import extra_attempt as extra_attempts
from exam.store import waiting_room as places
from exam.store.attempt import Attempt
from lms import api as platform
from lms.kernel.db import transaction
from question_bank import api as bank


@dataclass(frozen=True, slots=True)
class PersonExam:
    """One exam of a person: the briefing, whether she has handed in, whether it is known who she is, what is asked of her browser, how long she may rest.

    `packets_open`: her time is over, and what could not be sent in it may still be brought.
    """

    briefing: Briefing
    handed_in: bool
    packets_open: bool
    identified: bool
    browser_keys: BrowserKeys
    rest_minutes: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What proves a handing-in; `numbers` of all attempts of hers that have one."""

    exam: Exam
    number: int
    numbers: tuple[int, ...]
    by: str
    submitted_at: datetime
    answered: int
    items: int
    late_answers: int
    code: str
    deadline: datetime


def exams_of(person_id: int, now: datetime) -> Sequence[PersonExam]:
    """Return the exams of the programmes a person takes part in, and those she has sat."""
    with transaction() as session:
        every = exams.all_of(session)
        newest = attempts.newest_by_exam(session, person_id, [exam.id for exam in every])
        facts = {code: platform.enrolment_of(session, person_id, code) for code in {exam.programme_code for exam in every}}
        granted, extras, shown = exams.accommodations(session, person_id), extra_attempts.of_person(session, person_id, now), []
        for exam in every:
            last, part = newest.get(exam.id), facts[exam.programme_code]
            if last or part:
                hers, own = granted.get(exam.id, NO_ACCOMMODATION), extras.get(exam.id, NO_EXTRAS)
                who = standing_of(session, exam, person_id, last, facts=part, accommodation=hers, extras=own)
                shown.append(_person_exam(exam, who, last, now=now))
    return shown


def exam_of(person_id: int, code: str, now: datetime) -> PersonExam:
    """Return one exam of a person; who neither takes part nor has sat it learns nothing of it."""
    with transaction() as session:
        exam = found(session, code)
        place = None if exam.starts_at(now) else places.of_person(session, exam, person_id)
        newest = attempts.newest_of(session, person_id, exam.id)
        who = standing(session, exam, person_id, newest, now)
    if not who.enrolled and newest is None:
        raise ExamMissing
    return _person_exam(exam, who, newest, now=now, place=place)


def receipt(person_id: int, code: str, number: int | None = None) -> Receipt | None:
    """Return the receipt of the person's attempt of this number, or of her newest; None while it is open."""
    with transaction() as session:
        exam = found(session, code)
        mine = {one.number: one for one in attempts.of_person(session, person_id, exam.id)}
        attempt = mine.get(max(mine, default=0) if number is None else number)
        if attempt is None:
            raise AttemptMissing
        handed_in = attempts.handed_in(session, list(mine.values()))
        row = handed_in.get(attempt.number)
        if row is None:
            return None
        return Receipt(
            exam,
            attempt.number,
            tuple(sorted(handed_in)),
            row.ended_by,
            row.submitted_at,
            row.answered,
            exam.items,
            attempt.late,
            row.receipt,
            attempt.deadline,
        )


def topic_names(exam: Exam) -> dict[str, str]:
    """Return the names of the topics in the exam's bank by code."""
    with transaction() as session:
        return dict(bank.topics(session, exam.bank_code))


def _person_exam(exam: Exam, who: Standing, newest: Attempt | None, *, now: datetime, place: Place | None = None) -> PersonExam:
    is_open = newest is not None and newest.state is State.OPEN
    if place is not None and newest is not None and place.used(newest.started_at, now):
        place = None
    brief = rules.brief(exam, who, open_attempt=is_open, now=now, judged=asked_in_time(place, now))
    handed_in = newest is not None and not is_open
    return PersonExam(
        brief,
        handed_in=handed_in,
        packets_open=newest is not None and (handed_in or newest.deadline <= now) and in_time(newest.deadline, now),
        identified=who.identity_confirmed,
        browser_keys=who.accommodation.asked(exam.browser_keys),
        rest_minutes=who.accommodation.rest_minutes,
    )
