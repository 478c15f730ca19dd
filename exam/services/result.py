"""Results as their learner reads them. How they come about: `scoring.py`; when they count and go out: `posting.py`."""

from collections.abc import Sequence
from datetime import datetime

from exam.domain import result as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.result import Result, ResultSheet, TopicScore, Try
from exam.services import posting
from exam.services.exam import found, is_settled
from exam.store import attempt as attempts
from exam.store import result as store
from exam.store.attempt import Attempt
from lms.kernel.db import Session, transaction


def sheet(person_id: int, exam_code: str) -> ResultSheet | None:
    """Return the person's result: the attempt that counts and what the others brought; None while nothing is handed in or she sits."""
    with transaction() as session:
        exam = found(session, exam_code)
        mine = attempts.of_person(session, person_id, exam.id)
        handed_in = attempts.handed_in(session, mine)
        newest = next((one for one in reversed(mine) if one.state is not State.ANNULLED), mine[-1] if mine else None)
        if newest is None or (newest.state is not State.ANNULLED and newest.number not in handed_in):
            return None
        scored = {one.number: result for one in mine if one.state is State.SCORED and (result := store.newest_of(session, one.id)) is not None}
        is_released = exam.shows_results
        shown = {at: result for at, result in scored.items() if is_released and result.is_final}
        number = rules.counting({number: result.points for number, result in shown.items()}, exam.policy.counts)
        of_number = {one.number: one for one in mine}
        attempt, result = of_number[number or newest.number], shown.get(number or 0)
        row = handed_in.get(attempt.number)
        return ResultSheet(
            exam_code=exam.code,
            title=exam.title,
            points=result.points if result else 0,
            of_points=exam.points,
            passed=rules.passed(result.points, exam.pass_points) if result else None,
            released=result is not None,
            topics=result.topics if result else (),
            submitted_at=row.submitted_at if row else None,
            by=row.ended_by if row else "",
            answered=row.answered if row else 0,
            late_answers=attempt.late,
            changes=store.changes(session, attempt.id) if result else (),
            marking=any(not one.is_final for one in scored.values()),
            annulled=attempt.state is State.ANNULLED,
            counts=exam.policy.counts,
            tries=tuple(_try(exam, of_number[at], row.submitted_at, shown.get(at), counts=at == number) for at, row in handed_in.items()),
        )


def profile(sheet: ResultSheet, now: datetime) -> tuple[TopicScore, ...]:
    """Return the topics as they may be read now: until the exam is settled, none tells of single items whether they were right."""
    shown = rules.joined(sheet.topics)
    if shown == sheet.topics:
        return shown
    with transaction() as session:
        return sheet.topics if is_settled(session, found(session, sheet.exam_code), now) else shown


def note_view(found: ResultSheet, now: datetime) -> None:
    """Keep when a person first read the points of her attempts: whoever decides on a packet asks whether that came before."""
    with transaction() as session:
        store.note_view(session, [one.attempt_id for one in found.tries if one.points is not None], now)


def note_reading(session: Session, evidence: Sequence[str], now: datetime) -> None:
    """Keep that she read them on her grade sheet."""
    store.note_view(session, [int(one.removeprefix(posting.EVIDENCE)) for one in evidence if one.startswith(posting.EVIDENCE)], now)


def _try(exam: Exam, attempt: Attempt, submitted_at: datetime, result: Result | None, *, counts: bool) -> Try:
    return Try(
        attempt_id=attempt.id,
        number=attempt.number,
        submitted_at=submitted_at,
        points=result.points if result else None,
        passed=rules.passed(result.points, exam.pass_points) if result else None,
        annulled=attempt.state is State.ANNULLED,
        counts=counts,
    )
