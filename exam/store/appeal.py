"""Appeals against results: table and statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.store.attempt import AttemptRow
from lms.kernel.db import Base


class ExamAppealRow(Base):
    """One appeal, with its decision once there is one."""

    __tablename__ = "exam_appeal"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (upheld IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name="decided_whole"),
        Index("uq_exam_appeal_open", "attempt_id", unique=True, postgresql_where=text("decided_at IS NULL")),
        Index("ix_exam_appeal_attempt_id", "attempt_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    words: Mapped[str] = mapped_column(String(500))
    made_at: Mapped[datetime]
    upheld: Mapped[bool | None] = mapped_column(Boolean, default=None)
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)


def add(session: Session, attempt_id: int, words: str, now: datetime) -> int:
    """Store an appeal and return its id."""
    row = ExamAppealRow(attempt_id=attempt_id, words=words, made_at=now)
    session.add(row)
    session.flush()
    return row.id


def of_attempts(session: Session, attempt_ids: Sequence[int]) -> list[ExamAppealRow]:
    """Return the appeals of attempts, the newest first."""
    return list(session.scalars(select(ExamAppealRow).where(ExamAppealRow.attempt_id.in_(attempt_ids)).order_by(ExamAppealRow.id.desc())))


def of_exam(session: Session, exam_id: int, most: int) -> list[tuple[ExamAppealRow, int]]:
    """Return so many appeals of an exam that wait for an answer, the oldest first, and as many answered last, each with its person."""
    joined = select(ExamAppealRow, AttemptRow.person_id).join(AttemptRow, AttemptRow.id == ExamAppealRow.attempt_id).where(AttemptRow.exam_id == exam_id)
    waiting = joined.where(ExamAppealRow.decided_at.is_(None)).order_by(ExamAppealRow.id).limit(most)
    decided = joined.where(ExamAppealRow.decided_at.is_not(None)).order_by(ExamAppealRow.decided_at.desc(), ExamAppealRow.id.desc()).limit(most)
    return [(row, person) for query in (waiting, decided) for row, person in session.execute(query)]


def lock(session: Session, appeal_id: int) -> ExamAppealRow | None:
    """Lock an appeal."""
    return session.scalars(select(ExamAppealRow).where(ExamAppealRow.id == appeal_id).with_for_update()).first()
