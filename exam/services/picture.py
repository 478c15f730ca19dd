"""Pictures of papers and quizzes: found only for whom their item is being shown."""

from datetime import datetime

from exam.domain.attempt import State
from exam.domain.exam import GRACE
from exam.domain.quiz import source_of
from exam.services import paper as papers
from exam.services import quiz as quizzes
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import paper as paper_store
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank import api as bank
from question_bank.domain.exchange import Picture


def in_room(person_id: int, exam_code: str, digest: str, now: datetime) -> Picture:
    """Return a picture of the person's paper; nothing of it is found before the start, after the end, or of another paper."""
    with transaction() as session:
        exam = found(session, exam_code)
        attempt = attempts.newest_of(session, person_id, exam.id)
        if attempt is None or attempt.state is not State.OPEN or (attempt.paused_at or now) > attempt.deadline + GRACE:
            raise Missing
        if not papers.shows(session, paper_store.by_id(session, attempt.paper_id)[1], digest):
            raise Missing
        return _existing(session, exam.bank_code, digest)


def in_quiz(person_id: int, attempt_id: int, digest: str, now: datetime) -> Picture:
    """Return a picture that a try of the person shows."""
    view = quizzes.view(person_id, attempt_id, now)
    if not any(digest in html for html in quizzes.shown_html(view)):
        raise Missing
    with transaction() as session:
        return _existing(session, source_of(view.activity.ref)[0], digest)


def _existing(session: Session, bank_code: str, digest: str) -> Picture:
    picture = bank.picture(session, bank_code, digest)
    if picture is None:
        raise Missing
    return picture
