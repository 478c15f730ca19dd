"""Places in the line before an exam: tables, and the call that hands them out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

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


def draw(link: Link, asked: Sequence[Asked], rate: float) -> dict[int, Place]:
    """Return the place of each who asks, held or taken now; none where the exam admits without a line or is not near."""
    lines = [(index, f'"{one.exam}"', one.person_id, f'"{one.arrived}"') for index, one in enumerate(asked)]
    values = [f"{{{','.join(map(str, column))}}}".encode() for column in zip(*lines, strict=True)]
    return {int(request or 0): _place(facts) for request, *facts in _DRAW.rows(link, [*values, str(rate).encode()])}


def _place(facts: Sequence[bytes | None]) -> Place:
    since, turn, gap, squeezed = ((one or b"").decode() for one in facts)
    return Place(datetime.fromisoformat(since), datetime.fromisoformat(turn), timedelta(microseconds=int(gap)), squeezed == "t")
