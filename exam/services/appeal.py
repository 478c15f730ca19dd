"""Appeals against results: the learner's words, a named answer; points change by marking or regrading, never by an appeal alone."""

from dataclasses import dataclass
from datetime import datetime

from exam.domain.exam import Exam
from exam.domain.review import AppealDecided, AppealWaiting
from exam.services import posting
from exam.services import result as results
from exam.services.exam import found
from exam.store import appeal as store
from exam.store import attempt as attempts
from exam.store import marking
from exam.store import result as result_store
from exam.store.appeal import ExamAppealRow
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import Forbidden, Missing

SHOWN = 50  # on a page


@dataclass(frozen=True, slots=True)
class AppealView:
    """One appeal as those who decide read it; points in hundredths. `written`: whether people marked some of the attempt."""

    appeal: ExamAppealRow
    written: bool
    person_id: int
    person: str
    unit: str
    points: int
    of_points: int


def make(person_id: int, exam_code: str, words: str, now: datetime) -> None:
    """Ask for a second look at a released result."""
    sheet = results.sheet(person_id, exam_code)
    with transaction() as session:
        exam = found(session, exam_code)
        counts = posting.counting(session, exam, person_id) if sheet is not None and sheet.released else None
        attempt = attempts.lock(session, counts[0]) if counts else None
        if attempt is None or any(one.decided_at is None for one in store.of_attempts(session, [attempt.id])):
            raise AppealWaiting
        appeal_id = store.add(session, attempt.id, words, now)
        audit.record(session, actor_id=person_id, action="appeal.make", subject=f"attempt:{attempt.id}", now=now, appeal=appeal_id)


def of_person(person_id: int, exam_code: str) -> list[ExamAppealRow]:
    """Return a person's appeals at an exam."""
    with transaction() as session:
        return store.of_attempts(session, [one.id for one in attempts.of_person(session, person_id, found(session, exam_code).id)])


def of_exam(exam_code: str) -> tuple[Exam, list[AppealView]]:
    """Return an exam and its appeals: the first that wait for an answer, and those answered last."""
    with transaction() as session:
        exam = found(session, exam_code)
        listed = store.of_exam(session, exam.id, SHOWN)
        cards = platform.people(session, [person for _row, person in listed])
        written = {one.attempt_id for one in marking.of_attempts(session, [row.attempt_id for row, _person in listed])}
        held = result_store.newest_versions(session, [row.attempt_id for row, _person in listed])
        return exam, [
            AppealView(row, row.attempt_id in written, person, cards[person].name, cards[person].unit_name, held[row.attempt_id][1].points, exam.points)
            for row, person in listed
        ]


def decide(appeal_id: int, *, exam_code: str, upheld: bool, answer: str, actor_id: int, now: datetime) -> None:
    """Answer an appeal by name."""
    with transaction() as session:
        row = store.lock(session, appeal_id)
        attempt = attempts.by_id(session, row.attempt_id) if row else None
        if row is None or attempt is None or attempt.exam_id != found(session, exam_code).id:
            raise Missing
        if attempt.person_id == actor_id:
            raise Forbidden
        if row.decided_at is not None:
            raise AppealDecided
        row.upheld, row.answer, row.decided_by, row.decided_at = upheld, answer, actor_id, now
        audit.record(
            session, actor_id=actor_id, action="appeal.uphold" if upheld else "appeal.refuse", subject=f"attempt:{row.attempt_id}", now=now,
            appeal=appeal_id, answer=answer,
        )  # fmt: skip
