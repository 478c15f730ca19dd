"""What is held of a person's exams, for her own export."""

from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import personal_data as store
from exam.store import result as results
from lms.kernel.db import Session


def sat(session: Session, person_id: int) -> object:
    """Return a person's attempts with the points that are released to her, for her own export."""
    return [
        {"exam": exam.code, "attempt": one.number, "started_at": one.started_at, "ended_at": one.ended_at, "state": str(one.state),
         "points": result.points if result and result.is_final and exam.shows_results else None, "of_points": exam.points}
        for exam in exams.all_of(session)
        for one in attempts.of_person(session, person_id, exam.id)
        for result in (results.newest_of(session, one.id),)
    ]  # fmt: skip


def decided(session: Session, person_id: int) -> object:
    """Return what was decided about her and what she was told; the notices of her first page are made of the same."""
    return store.decided(session, person_id)
