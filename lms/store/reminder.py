"""Reminders to learners who are behind: one a day at most, shown until dismissed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, Index, UniqueConstraint, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from lms.store.person import BEHIND, PersonRow


class ReminderRow(Base):
    """One reminder to one person."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("person_id", "day"),
        Index("ix_reminder_shown", "person_id", "sent_at", postgresql_where=text("dismissed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    sent_at: Mapped[datetime]
    sent_by: Mapped[int] = mapped_column(BigInteger)
    dismissed_at: Mapped[datetime | None] = mapped_column(default=None)


_BEHIND_IN_UNIT = (
    "SELECT person.id FROM person JOIN unit ON unit.id = person.unit_id "  # noqa: S608 - put together from our own text
    f"WHERE person.active AND starts_with(unit.path, :path) AND {BEHIND}"
)
_SEND = text(
    f"WITH lagging AS ({_BEHIND_IN_UNIT}), sent AS ("  # noqa: S608 - put together from our own text
    "INSERT INTO reminder (person_id, day, sent_at, sent_by) SELECT id, :day, :now, :actor FROM lagging ON CONFLICT (person_id, day) DO NOTHING RETURNING 1) "
    "SELECT (SELECT count(*) FROM lagging), (SELECT count(*) FROM sent)"
)


def send(session: Session, *, path: str, day: date, actor_id: int, now: datetime) -> tuple[int, int]:
    """Remind whoever is behind at or under a path and has not been reminded on this day; return how many are behind, and how many were reminded."""
    behind, sent = session.execute(_SEND, {"path": path, "day": day, "now": now, "actor": actor_id}).one()
    return int(behind), int(sent)


def dismiss(session: Session, person_id: int, now: datetime) -> None:
    """Put away what a person was reminded of."""
    session.execute(update(ReminderRow).where(ReminderRow.person_id == person_id, ReminderRow.dismissed_at.is_(None)).values(dismissed_at=now))
