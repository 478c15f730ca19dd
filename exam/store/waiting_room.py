"""Places in the line before an exam: tables, and the one statement that hands them out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, Interval
from sqlalchemy.orm import Mapped, mapped_column

from exam.domain.waiting_room import EARLY, LASTS, Place
from lms.kernel import db
from lms.kernel.db import Base

Link = psycopg.Connection[tuple[Any, ...]]


class ExamGateRow(Base):
    """The next free turn of an exam, how much of the line the last group took, and when (a line of a rehearsed, later clock counts for nothing).

    Unlogged, as the places: whoever holds a place holds it signed, so a crash of the database loses the order of the line and no place.
    """

    __tablename__ = "exam_gate"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    exam_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_at: Mapped[datetime]
    taken: Mapped[timedelta] = mapped_column(Interval)
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
    f"""
    WITH line AS NOT MATERIALIZED (
      SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[], $4::timestamptz[]) AS line(request, code, person_id, arrived)
    ), rated AS MATERIALIZED (
      SELECT line.*, e.id AS exam_id, e.opens, e.closes, e.minutes, e.window_rule, coalesce((e.settings ->> 'starts_per_second')::float8, $5::float8) AS rate
      FROM line JOIN exam e ON e.code = line.code AND line.arrived >= e.opens - interval '{EARLY.total_seconds()} seconds'
    ), asked AS MATERIALIZED (
      SELECT r.*, interval '1 microsecond' * ceil(1000000 / r.rate) AS gap, p.asked_at, p.turn
      FROM rated r LEFT JOIN exam_place p ON p.exam_id = r.exam_id AND p.person_id = r.person_id
        AND p.turn > r.arrived - interval '{LASTS.total_seconds()} seconds' AND p.asked_at < r.arrived + interval '1 minute'
      WHERE r.rate > 0
    ), fresh AS MATERIALIZED (
      SELECT exam_id, person_id, min(arrived) AS arrived, min(opens) AS opens, min(gap) AS gap,
        row_number() OVER (PARTITION BY exam_id ORDER BY min(arrived), min(request)) - 1 AS before
      FROM asked WHERE turn IS NULL GROUP BY exam_id, person_id
    ), moved AS (
      INSERT INTO exam_gate AS g (exam_id, next_at, taken, asked_at)
      SELECT exam_id, greatest(date_trunc('second', min(arrived)), min(opens)) + sum(gap), sum(gap), min(arrived) FROM fresh GROUP BY exam_id ORDER BY exam_id
      ON CONFLICT (exam_id) DO UPDATE SET taken = excluded.taken, asked_at = excluded.asked_at, next_at = excluded.taken + greatest(
        excluded.next_at - excluded.taken, CASE WHEN g.asked_at < excluded.asked_at + interval '1 minute' THEN g.next_at END)
      RETURNING exam_id, next_at - taken AS begins
    ), placed AS (
      INSERT INTO exam_place (exam_id, person_id, asked_at, turn)
      SELECT exam_id, person_id, arrived, date_trunc('second', begins + before * gap) FROM fresh JOIN moved USING (exam_id) ORDER BY exam_id, person_id
      ON CONFLICT (exam_id, person_id) DO UPDATE SET asked_at = excluded.asked_at, turn = excluded.turn
      RETURNING exam_id, person_id, asked_at, turn
    ), told AS (
      SELECT a.*, greatest(coalesce(a.asked_at, n.asked_at), a.opens) AS since, coalesce(a.turn, n.turn) AS comes
      FROM asked a LEFT JOIN placed n ON n.exam_id = a.exam_id AND n.person_id = a.person_id
    )
    SELECT request, since, comes, round(extract(epoch FROM gap) * 1000000),
      comes > since + interval '1 second' AND comes + interval '{LASTS.total_seconds()} seconds' + CASE window_rule WHEN 'start_by' THEN interval '0'
        ELSE minutes * interval '0.6 second' * coalesce((SELECT percent FROM exam_accommodation x WHERE x.exam_id = told.exam_id
          AND x.person_id = told.person_id), 100) + interval '60 seconds' END > closes
    FROM told
    """,  # noqa: S608 - constants of this package
)


def draw(link: Link, asked: Sequence[Asked], rate: float) -> dict[int, Place]:
    """Return the place of each who asks, held or taken now; none where the exam admits without a line or is not near."""
    lines = [(index, f'"{one.exam}"', one.person_id, f'"{one.arrived}"') for index, one in enumerate(asked)]
    values = [f"{{{','.join(map(str, column))}}}".encode() for column in zip(*lines, strict=True)]
    return {int(request or 0): _place(facts) for request, *facts in _DRAW.rows(link, [*values, str(rate).encode()])}


def _place(facts: Sequence[bytes | None]) -> Place:
    since, turn, gap, squeezed = ((one or b"").decode() for one in facts)
    return Place(datetime.fromisoformat(since), datetime.fromisoformat(turn), timedelta(microseconds=int(gap)), squeezed == "t")
