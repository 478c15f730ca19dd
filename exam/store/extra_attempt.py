"""Extra attempts, each with a window of its own: table and statements."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.admission import ExtraAttempt, Extras
from lms.kernel.db import Base
from lms.kernel.statement import Statement


class ExtraAttemptRow(Base):
    """One further attempt of one person, by decision; `attempt_id` once she has begun it."""

    __tablename__ = "extra_attempt"
    __table_args__ = (
        CheckConstraint("opens < closes", name="window"),
        Index("ix_extra_attempt_person_id", "person_id", "exam_id"),
        Index("ix_extra_attempt_waiting", "exam_id", "closes", postgresql_where=text("attempt_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    granted_by: Mapped[int] = mapped_column(BigInteger)
    granted_at: Mapped[datetime]
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"), default=None)


def add_all(session: Session, people: Iterable[int], exam_id: int, *, opens: datetime, closes: datetime, reason: str, granted_by: int, now: datetime) -> None:
    """Keep an extra attempt for each of the people."""
    session.add_all(
        ExtraAttemptRow(exam_id=exam_id, person_id=person, opens=opens, closes=closes, reason=reason, granted_by=granted_by, granted_at=now)
        for person in people
    )
    session.flush()


_OF_PERSON = Statement(text("SELECT id, exam_id, opens, closes, attempt_id FROM extra_attempt WHERE person_id = :person ORDER BY closes, id"))


def of_person(session: Session, person_id: int, now: datetime) -> dict[int, Extras]:
    """Return a person's extra attempts, by exam; one whose window is over counts for nothing."""
    rows = _OF_PERSON.rows(session, person=person_id)
    found = {}
    for exam_id in {row.exam_id for row in rows}:
        mine = [row for row in rows if row.exam_id == exam_id]
        waiting = (ExtraAttempt(row.id, row.opens, row.closes) for row in mine if row.attempt_id is None and row.closes > now)
        found[exam_id] = Extras(sum(row.attempt_id is not None for row in mine), next(waiting, None))
    return found


def begin(session: Session, extra_id: int, attempt_id: int) -> bool:
    """Note that it was begun; False where it has just been withdrawn."""
    begun = text("UPDATE extra_attempt SET attempt_id = :attempt WHERE id = :id RETURNING id")
    return session.scalar(begun, {"id": extra_id, "attempt": attempt_id}) is not None


def withdraw(session: Session, extra_id: int, *, all_given_with_it: bool, but: int) -> list[int]:
    """Drop one that was not begun, or all that were given by the same act but that of the person `but`; returns whose."""
    gone = text(
        "DELETE FROM extra_attempt x USING extra_attempt one WHERE one.id = :id AND x.attempt_id IS NULL AND (x.id = one.id"
        " OR :all AND x.person_id <> :but AND (x.exam_id, x.granted_by, x.granted_at) = (one.exam_id, one.granted_by, one.granted_at)) RETURNING x.person_id"
    )
    return sorted(session.scalars(gone, {"id": extra_id, "all": all_given_with_it, "but": but}))


def waiting(session: Session, exam_id: int, now: datetime) -> int:
    """Count those of an exam that can still be begun."""
    found = session.scalar(
        text("SELECT count(*) FROM extra_attempt WHERE exam_id = :exam AND attempt_id IS NULL AND closes > :now"), {"exam": exam_id, "now": now}
    )
    return int(found or 0)


def waiting_people(session: Session, exam_id: int, now: datetime) -> set[int]:
    """Return who holds one that can still be begun."""
    query = text("SELECT person_id FROM extra_attempt WHERE exam_id = :exam AND attempt_id IS NULL AND closes > :now")
    return set(session.scalars(query, {"exam": exam_id, "now": now}))
