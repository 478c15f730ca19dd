"""Messages to the learners of an exam: table and statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session


class ExamMessageRow(Base):
    """One message: to one person, or to all below a unit."""

    __tablename__ = "exam_message"
    __table_args__ = (Index("ix_exam_message_exam_id", "exam_id", "sent_at"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    unit_path: Mapped[str] = mapped_column(String(400))
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(String(500))
    sent_by: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as read."""

    id: int
    text: str
    sent_at: datetime


def add(session: Session, *, exam_id: int, paths: Sequence[str], person_id: int | None, words: str, sent_by: int, now: datetime) -> None:
    """Store a message, one row for each unit it goes to."""
    session.add_all(ExamMessageRow(exam_id=exam_id, unit_path=path, person_id=person_id, text=words, sent_by=sent_by, sent_at=now) for path in paths)
