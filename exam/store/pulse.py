"""Signs of life of open attempts, and what their pages are told in return: one statement for many pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from exam.store.message import Message
from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.kernel.statement import Prepared


class AttemptPulseRow(Base):
    """When the page of an open attempt was last heard of.

    Unlogged: after a crash of the database nobody has been heard of, and the next word of each page comes within about a minute.
    So it waits for no flush, and without a foreign key it touches no attempt.
    """

    __tablename__ = "attempt_pulse"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    attempt_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(16))


class AttemptAddressRow(Base):
    """From when on the page of an attempt was heard of from another address; a keyed hash tells addresses apart and is none.

    No foreign key: the only writer has just read the attempt, and the check would lock it against its saves.
    """

    __tablename__ = "attempt_address"
    __table_args__ = (Index("ix_attempt_address_attempt_id", "attempt_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class Pulse(msgspec.Struct, frozen=True, gc=False):
    """One word of a page: what its attempt token says, and when it arrived."""

    attempt_id: int
    person_id: int
    login_id: int
    epoch: int
    arrived: datetime
    address: str


class Move(msgspec.Struct, frozen=True, gc=False):
    """An answer came from this address (hidden), which is perhaps another than the page's own."""

    attempt_id: int
    person_id: int
    address: str
    arrived: datetime


class Heard(msgspec.Struct, frozen=True):
    """What a page is told; `status` other than heard is a refusal."""

    status: str
    deadline: datetime | None = None
    paused_at: datetime | None = None
    leads: bool = False
    open: bool = False
    messages: tuple[Message, ...] = ()


_HEAR = Prepared(
    "exam_pulse",
    """
    WITH line AS NOT MATERIALIZED (
      SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::timestamptz[], $7::text[])
        AS line(request, attempt_id, person_id, login_id, epoch, arrived, address)
    ), found AS MATERIALIZED (
      SELECT line.request, line.arrived, line.address, a.id, a.exam_id, a.person_id, a.started_at, a.deadline, a.paused_at,
        a.epoch = line.epoch AS leads, a.ended_at IS NULL AS open, coalesce((SELECT l.person_id = line.person_id AND l.ended_at IS NULL
          AND l.ends_at > line.arrived FROM login l WHERE l.id = line.login_id), false) AS stands
      FROM line LEFT JOIN attempt a ON a.id = line.attempt_id AND a.person_id = line.person_id
    ), heard AS (
      INSERT INTO attempt_pulse (attempt_id, seen_at, address)
      SELECT DISTINCT ON (id) id, arrived, address FROM found WHERE stands AND leads AND open ORDER BY id, arrived DESC
      ON CONFLICT (attempt_id) DO UPDATE SET seen_at = greatest(attempt_pulse.seen_at, excluded.seen_at), address = excluded.address
      RETURNING attempt_id, seen_at, address
    ), moved AS (
      INSERT INTO attempt_address (attempt_id, address, at)
      SELECT attempt_id, address, seen_at FROM heard
      WHERE CASE WHEN EXISTS (SELECT FROM attempt_pulse p WHERE p.attempt_id = heard.attempt_id AND p.address = heard.address) THEN false
        ELSE address IS DISTINCT FROM (SELECT n.address FROM attempt_address n WHERE n.attempt_id = heard.attempt_id ORDER BY n.id DESC LIMIT 1) END
    )
    SELECT request, CASE WHEN id IS NULL THEN 'missing' WHEN stands THEN 'heard' ELSE 'signed_out' END, deadline, paused_at, leads, open,
      (SELECT json_agg(json_build_object('id', m.id, 'text', m.text, 'sent_at', m.sent_at) ORDER BY m.id) FROM exam_message m
        WHERE found.stands AND found.open AND m.exam_id = found.exam_id AND m.sent_at >= found.started_at AND (m.person_id = found.person_id
          OR m.person_id IS NULL AND (SELECT u.path FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.id = found.person_id) LIKE m.unit_path || '%'))
    FROM found
    """,
)


_NOTE = """
    INSERT INTO attempt_address (attempt_id, address, at)
    SELECT line.attempt_id, line.address, min(line.arrived) FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
      AS line(attempt_id, person_id, address, arrived)
    JOIN attempt a ON a.id = line.attempt_id AND a.person_id = line.person_id AND a.ended_at IS NULL
    LEFT JOIN attempt_pulse p ON p.attempt_id = line.attempt_id
    WHERE p.address IS DISTINCT FROM line.address
      AND NOT EXISTS (SELECT FROM attempt_address n WHERE n.attempt_id = line.attempt_id AND n.address = line.address)
    GROUP BY line.attempt_id, line.address
"""


def note(link: "psycopg.Connection[tuple[Any, ...]]", moves: Sequence[Move]) -> None:
    """Keep from which addresses answers to open attempts came, each once and not the page's own: a phone may swing between two."""
    link.execute(_NOTE, tuple(map(list, zip(*((one.attempt_id, one.person_id, one.address, one.arrived) for one in moves), strict=True))))


def forget(session: Session, before: datetime) -> None:
    """Delete the pulses of attempts that ended at exams which closed before then."""
    gone = "DELETE FROM attempt_pulse p USING attempt a, exam x WHERE a.id = p.attempt_id AND a.ended_at < :before AND x.id = a.exam_id AND x.closes < :before"
    session.execute(text(gone), {"before": before})


def hear(link: "psycopg.Connection[tuple[Any, ...]]", pulses: Sequence[Pulse]) -> list[Heard]:
    """Note that the pages were heard of, those that lead an open attempt, and tell each how it stands."""
    lines = [(index, one.attempt_id, one.person_id, one.login_id, one.epoch, f'"{one.arrived}"', one.address) for index, one in enumerate(pulses)]
    told = [Heard("missing")] * len(pulses)
    for place, *facts in _HEAR.rows(link, [f"{{{','.join(map(str, column))}}}".encode() for column in zip(*lines, strict=True)]):
        told[int(place or 0)] = _heard(facts)
    return told


def _heard(facts: Sequence[bytes | None]) -> Heard:
    status, deadline, paused_at, leads, is_open, said = facts
    messages = msgspec.json.decode(said, type=tuple[Message, ...]) if said else ()
    return Heard((status or b"").decode(), _instant(deadline), _instant(paused_at), leads == b"t", is_open == b"t", messages)


def _instant(text: bytes | None) -> datetime | None:
    return datetime.fromisoformat(text.decode()) if text else None
