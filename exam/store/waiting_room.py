"""Places in the line before an exam: tables and statements; `exam_draw` hands them out, within the call that starts (exam/store/start.py)."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import BigInteger, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.exam import Exam
from exam.domain.waiting_room import LASTS, Place
from lms.kernel.db import Base


class ExamGateRow(Base):
    """The next free turn of an exam, and when somebody last asked (a line of a rehearsed, later clock counts for nothing).

    `again_at`: the next turn of those who missed theirs; `told_until`: up to when turns were told that a higher rate then moved up.
    Unlogged, as the places: whoever holds a place holds it signed, so a crash of the database loses the order of the line and no place.
    """

    __tablename__ = "exam_gate"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    exam_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    again_at: Mapped[datetime | None] = mapped_column(default=None)
    told_until: Mapped[datetime | None] = mapped_column(default=None)


class ExamPlaceRow(Base):
    """One person's place, so that a second tab, another device and a lost answer find it again."""

    __tablename__ = "exam_place"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    exam_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
    turn: Mapped[datetime]


# In the order of their turns, so many a second as draws of the new rate would be.
_MOVE_UP = text(
    """
    WITH line AS (
      SELECT person_id, row_number() OVER (ORDER BY turn, asked_at, person_id) - 1 AS before FROM exam_place
      WHERE exam_id = :exam AND turn >= :first AND asked_at < :limit
    ), moved AS (
      UPDATE exam_place p SET turn = least(p.turn, date_trunc('second', :first + line.before * CAST(:each AS interval)))
      FROM line WHERE p.exam_id = :exam AND p.person_id = line.person_id
    )
    UPDATE exam_gate SET told_until = greatest(told_until, next_at - CAST(:was AS interval)),
      next_at = least(next_at, :first + (SELECT count(*) FROM line) * CAST(:each AS interval))
    WHERE exam_id = :exam
    """
)


def of_person(session: Session, exam: Exam, person_id: int) -> Place | None:
    """Return the place that is kept for a person after the end of an exam's window: squeezed, if she had to wait."""
    row = session.get(ExamPlaceRow, (exam.id, person_id))
    if row is None:
        return None
    since = max(row.asked_at, exam.opens)
    return Place(since, row.turn, timedelta(microseconds=1), squeezed=row.turn > since + timedelta(seconds=1))


def lock_gate(session: Session, exam_id: int) -> None:
    """Let nobody draw a place at an exam until this transaction ends."""
    session.execute(select(ExamGateRow.next_at).where(ExamGateRow.exam_id == exam_id).with_for_update())


def move_up(session: Session, exam_id: int, opens: datetime, *, old: float, new: float, now: datetime) -> None:
    """Give all who wait turns as near as the new rate allows, in their order and never later than before; at 0 all at once."""
    first = max(now.replace(microsecond=0) + timedelta(seconds=1), opens)
    was, each = (timedelta(microseconds=ceil(1_000_000 / rate) if rate else 0) for rate in (old, new))
    session.execute(_MOVE_UP, {"exam": exam_id, "first": first, "was": was, "each": each, "limit": now + timedelta(minutes=1)})


def somebody_may_come(session: Session, exam_id: int, closes: datetime, now: datetime) -> bool:
    """Tell whether somebody who asked before the end still has her turn; only where the line was moving lately are places read.

    Who was moved up may hold the ticket of her first turn, so the line counts as long as it was told.
    """
    query = text(
        "SELECT EXISTS (SELECT FROM exam_gate g WHERE exam_id = :exam AND greatest(next_at, again_at, told_until) > :since AND (told_until > :since"
        " OR EXISTS (SELECT FROM exam_place p WHERE p.exam_id = :exam AND p.turn > :since AND p.asked_at < :closes)))"
    )
    return bool(session.scalar(query, {"exam": exam_id, "since": now - LASTS, "closes": closes}))


def forget(session: Session, before: datetime) -> None:
    """Delete the lines of exams that closed before then."""
    for table in ("exam_place", "exam_gate"):
        session.execute(text(f"DELETE FROM {table} t USING exam x WHERE x.id = t.exam_id AND x.closes < :before"), {"before": before})  # noqa: S608 - constants
