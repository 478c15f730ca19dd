"""Places in the line before an exam: tables, and the call that hands them out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.exam import Exam
from exam.domain.waiting_room import EARLY, LASTS, Place
from lms.kernel import db
from lms.kernel.db import Base

Link = psycopg.Connection[tuple[Any, ...]]


class ExamGateRow(Base):
    """The next free turn of an exam, and when somebody last asked (a line of a rehearsed, later clock counts for nothing).

    Unlogged, as the places: whoever holds a place holds it signed, so a crash of the database loses the order of the line and no place.
    """

    __tablename__ = "exam_gate"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    exam_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_at: Mapped[datetime]
    asked_at: Mapped[datetime]


class ExamPlaceRow(Base):
    """One person's place, so that a second tab, another device and a lost answer find it again."""

    __tablename__ = "exam_place"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    exam_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
    turn: Mapped[datetime]


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Somebody asks for a place."""

    exam: str
    person_id: int
    arrived: datetime


_DRAW = db.Prepared(
    "exam_draw",
    f"SELECT * FROM exam_draw($1, $2, $3, $4, $5, '{EARLY.total_seconds()} seconds', '{LASTS.total_seconds()} seconds')",  # noqa: S608 - constants
)


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
    UPDATE exam_gate SET next_at = least(next_at, :first + (SELECT count(*) FROM line) * CAST(:each AS interval)) WHERE exam_id = :exam
    """
)


def draw(link: Link, asked: Sequence[Asked], rate: float) -> dict[int, Place]:
    """Return the place of each who asks, held or taken now; none where the exam admits without a line or is not near."""
    lines = [(index, f'"{one.exam}"', one.person_id, f'"{one.arrived}"') for index, one in enumerate(asked)]
    values = [f"{{{','.join(map(str, column))}}}".encode() for column in zip(*lines, strict=True)]
    return {int(request or 0): _place(facts) for request, *facts in _DRAW.rows(link, [*values, str(rate).encode()])}


def earlier(held: Place | None, drawn: Place | None, now: datetime) -> Place | None:
    """Return the better of the place that somebody holds and the one that the line now gives her: none means that nobody need wait any more."""
    if held is None:
        return drawn
    if drawn is None:
        return replace(held, turn=max(held.since, now))
    best = min(held, drawn, key=lambda one: one.turn)
    return replace(best, since=min(held.since, drawn.since), squeezed=held.squeezed or drawn.squeezed)  # she has asked since the first


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


def move_up(session: Session, exam_id: int, opens: datetime, rate: float, now: datetime) -> None:
    """Give all who wait turns as near as the new rate allows, in their order and never later than before; at 0 all at once."""
    first = max(now.replace(microsecond=0) + timedelta(seconds=1), opens)
    each = timedelta(microseconds=ceil(1_000_000 / rate) if rate else 0)
    session.execute(_MOVE_UP, {"exam": exam_id, "first": first, "each": each, "limit": now + timedelta(minutes=1)})


def somebody_may_come(session: Session, exam_id: int, closes: datetime, now: datetime) -> bool:
    """Tell whether somebody who asked before the end still has her turn; only where the line was moving lately are places read."""
    query = text(
        "SELECT EXISTS (SELECT FROM exam_gate WHERE exam_id = :exam AND next_at > :since)"
        " AND EXISTS (SELECT FROM exam_place WHERE exam_id = :exam AND turn > :since AND asked_at < :closes)"
    )
    return bool(session.scalar(query, {"exam": exam_id, "since": now - LASTS, "closes": closes}))


def _place(facts: Sequence[bytes | None]) -> Place:
    since, turn, gap, squeezed = ((one or b"").decode() for one in facts)
    return Place(datetime.fromisoformat(since), datetime.fromisoformat(turn), timedelta(microseconds=int(gap)), squeezed == "t")
