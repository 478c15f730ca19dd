"""What was delivered to whom, and the gaps in that knowledge."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel import link as links
from lms.kernel.db import APPEND_ONLY, Base, Session, connection
from media.domain.delivery import Delivery
from media.domain.interval import Spans
from media.store.spans import SpansColumn, from_text, to_text

Link = psycopg.Connection[Any]
LinkLost = (psycopg.OperationalError, psycopg.InterfaceError, links.NotReplicated)


class DeliveryRow(Base):
    """All that was ever served of a video to a person: only grows, so a browser's cache is as good as a fetch."""

    __tablename__ = "delivery"

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"), primary_key=True)
    asset_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True)
    spans: Mapped[Spans] = mapped_column(SpansColumn())
    updated_at: Mapped[datetime]


class DeliveryWriterRow(Base):
    """A process that writes deliveries; one that vanished without an end has lost its last batch."""

    __tablename__ = "delivery_writer"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    backend: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class DeliveryGapRow(Base):
    """A time in which deliveries may have been lost."""

    __tablename__ = "delivery_gap"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(40))


def open_writer(now: datetime) -> tuple[links.Link, int]:
    """Open a connection for deliveries and register it."""
    link = connection()
    row = link.execute("INSERT INTO delivery_writer (backend, started_at, seen_at) VALUES (pg_backend_pid(), %s, %s) RETURNING id", (now, now)).fetchone()
    assert row is not None
    return link, int(row[0])


def write(link: links.Link, writer_id: int, deliveries: Sequence[Delivery], lost_since: datetime | None, now: datetime) -> None:
    """Add a batch in one transaction; people and videos that are gone are passed over."""
    with links.Vouched(link), link.transaction():
        link.execute(
            "INSERT INTO delivery (person_id, asset_id, spans, updated_at) "
            "SELECT d.person_id, d.asset_id, d.spans::int4multirange, %s "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS d (person_id, asset_id, spans) "
            "WHERE EXISTS (SELECT FROM person WHERE id = d.person_id) AND EXISTS (SELECT FROM asset WHERE id = d.asset_id) "
            "ON CONFLICT (person_id, asset_id) DO UPDATE SET spans = delivery.spans + EXCLUDED.spans, updated_at = EXCLUDED.updated_at",
            (
                now,
                [delivery.person_id for delivery in deliveries],
                [delivery.asset_id for delivery in deliveries],
                [to_text(delivery.spans) for delivery in deliveries],
            ),
        )
        link.execute("UPDATE delivery_writer SET seen_at = greatest(seen_at, %s) WHERE id = %s", (now, writer_id))
        if lost_since is not None:
            link.execute("INSERT INTO delivery_gap (from_at, until_at, reason) VALUES (%s, %s, 'overflow')", (lost_since, now))


def end_writer(link: Link, writer_id: int, now: datetime) -> None:
    """Say that nothing is left unwritten."""
    link.execute("UPDATE delivery_writer SET ended_at = %s WHERE id = %s", (now, writer_id))


_LOST = (
    "WITH lost AS (UPDATE delivery_writer w SET ended_at = %s WHERE ended_at IS NULL AND NOT EXISTS ("
    "SELECT FROM pg_stat_activity a WHERE a.pid = w.backend AND a.datname = current_database()) RETURNING w.seen_at) "
    "INSERT INTO delivery_gap (from_at, until_at, reason) SELECT seen_at, %s, 'writer_lost' FROM lost RETURNING id"
)


def find_lost_writers(session: Session, now: datetime) -> int:
    """Record a gap for each writer that vanished with its last batch; returns how many."""
    return len(session.connection().exec_driver_sql(_LOST, (now, now)).all())


def note_lost_writers(link: Link, now: datetime) -> int:
    """Do the same inside a batch of reports."""
    return len(link.execute(_LOST, (now, now)).fetchall())


def delivered(session: Session, person_id: int, asset_id: int) -> Spans:
    """Return everything that was served of the video to the person."""
    found = session.execute(
        text("SELECT spans::text FROM delivery WHERE person_id = :person AND asset_id = :asset"), {"person": person_id, "asset": asset_id}
    ).scalar()
    return from_text(found)
