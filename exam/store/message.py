"""Messages to the learners of an exam: table and statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session, Statement


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


_FOR = Statement(
    text(
        "SELECT m.id, m.text, m.sent_at FROM exam_message m WHERE m.exam_id = :exam AND m.sent_at >= :since AND (m.person_id = :person OR m.person_id IS NULL"
        " AND (SELECT u.path FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.id = :person) LIKE m.unit_path || '%') ORDER BY m.id"
    )
)


def add(session: Session, *, exam_id: int, paths: Sequence[str], person_id: int | None, words: str, sent_by: int, now: datetime) -> None:
    """Store a message, one row for each unit it goes to."""
    session.add_all(ExamMessageRow(exam_id=exam_id, unit_path=path, person_id=person_id, text=words, sent_by=sent_by, sent_at=now) for path in paths)


def to_person(session: Session, exam_id: int, person_id: int, since: datetime) -> list[Message]:
    """Return the messages that are for a person, the first one first."""
    return [Message(row.id, row.text, row.sent_at) for row in _FOR.rows(session, exam=exam_id, person=person_id, since=since)]
