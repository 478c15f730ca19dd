"""Load as it was seen: one row a quarter of an hour for each programme, metric and city, written by a job."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, String, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session


class LoadQuarterRow(Base):
    """How many did something in a city at the beginning of a quarter of an hour."""

    __tablename__ = "load_quarter"
    __table_args__ = (CheckConstraint("people >= 0", name="people_from_zero"), {"info": APPEND_ONLY})

    programme_code: Mapped[str] = mapped_column(String(64), primary_key=True)
    metric: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    city: Mapped[str] = mapped_column(String(12), primary_key=True)
    people: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class Seen:
    """One row."""

    programme_code: str
    metric: str
    at: datetime
    city: str
    people: int


def add(session: Session, rows: Iterable[Seen]) -> None:
    """Keep what was seen; a quarter that is there already stays as it is."""
    values = [{name: getattr(one, name) for name in Seen.__slots__} for one in rows]
    if values:
        session.execute(insert(LoadQuarterRow).on_conflict_do_nothing(), values)


def between(session: Session, programme_code: str, metric: str, opens: datetime, closes: datetime) -> tuple[Seen, ...]:
    """Return what was seen of a programme from `opens` up to, and without, `closes`."""
    row = LoadQuarterRow
    found = session.execute(
        select(row.programme_code, row.metric, row.at, row.city, row.people)
        .where(row.programme_code == programme_code, row.metric == metric, row.at >= opens, row.at < closes)
        .order_by(row.at, row.city)
    )
    return tuple(Seen(*one) for one in found)
