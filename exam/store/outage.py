"""Signs of life of the app, and the outages they show: tables and statements."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from exam.domain.outage import Gap, Mark
from lms.kernel.db import Base, Session, link_of, wait_for_standby

# All that sit when an outage begins: the deadline had not come, and the clock ran.
_HIT = """
    a.state = 'open' AND a.started_at < :ended AND a.deadline > :began
    AND NOT EXISTS (SELECT FROM attempt_pause h WHERE h.attempt_id = a.id AND h.began_at <= :began AND h.ended_at IS NULL)
"""


class AppMarkRow(Base):
    """A serving process was alive and could write; only what is not settled yet is kept."""

    __tablename__ = "app_mark"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    real_at: Mapped[datetime]


class OutageRow(Base):
    """A time in which nobody could save, and what became of it."""

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint("state IN ('given_back', 'undecided', 'rescheduled')", name="state"),
        Index("ix_outage_undecided", "began_at", postgresql_where=text("state = 'undecided'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))
    settled_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    reason: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage as read."""

    id: int
    gap: Gap
    attempts: int
    state: str


def mark(session: Session, now: datetime, real: datetime | None) -> None:
    """Leave a mark; without `real` the database's own clock is taken."""
    session.execute(
        text("INSERT INTO app_mark (at, real_at) VALUES (:now, coalesce(:real, clock_timestamp())) ON CONFLICT DO NOTHING"), {"now": now, "real": real}
    )


def ask_standby(session: Session) -> None:
    """Have this transaction's commit confirmed by the standby, where there is one to do so, though nothing is stored in it."""
    wait_for_standby(link_of(session))


def one_settles(session: Session) -> None:
    """Let no other worker settle until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('exam.outage'))"))


def marks(session: Session) -> list[Mark]:
    """Return the marks in their real order."""
    return [Mark(*row) for row in session.execute(text("SELECT at, real_at FROM app_mark ORDER BY real_at"))]


def forget_before(session: Session, real_at: datetime) -> None:
    """Drop settled marks."""
    session.execute(text("DELETE FROM app_mark WHERE real_at < :real"), {"real": real_at})


def silent_since(session: Session, span: timedelta) -> datetime | None:
    """Return the instant of the newest mark if there has been none for so long."""
    newest = session.execute(text("SELECT at, clock_timestamp() - real_at AS silence FROM app_mark ORDER BY real_at DESC LIMIT 1")).first()
    return newest.at if newest is not None and newest.silence > span else None


def hit(session: Session, gap: Gap) -> dict[int, int]:
    """Count the attempts an outage hit, by exam."""
    rows = session.execute(
        text(f"SELECT a.exam_id, count(*) FROM attempt a WHERE {_HIT} GROUP BY 1"),  # noqa: S608 - a constant of this file
        {"began": gap.began_at, "ended": gap.ended_at},
    )
    return {int(exam_id): int(count) for exam_id, count in rows}


def give_back(session: Session, gap: Gap, *, reason: str, actor_id: int | None, now: datetime) -> None:
    """Give each attempt hit what it lost, from the outage's beginning or its own start to the end; one that ran out meanwhile has its rest from now."""
    session.execute(
        text(
            f"WITH held AS (SELECT a.id, a.started_at, CASE WHEN a.deadline > :ended THEN :ended ELSE greatest(CAST(:now AS timestamptz), :ended) END"  # noqa: S608 - a constant of this file
            f" AS back FROM attempt a WHERE {_HIT} ORDER BY a.id FOR UPDATE OF a),"
            " given AS (INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, actor_id, at)"
            " SELECT id, ceil(extract(epoch FROM back - greatest(:began, started_at))), 'outage', :reason, :actor, :now FROM held"
            " RETURNING attempt_id, seconds)"
            " UPDATE attempt SET deadline = deadline + given.seconds * interval '1 second' FROM given WHERE id = given.attempt_id"
        ),
        {"began": gap.began_at, "ended": gap.ended_at, "reason": reason, "actor": actor_id, "now": now},
    )


def add(session: Session, gap: Gap, *, attempts: int, state: str, now: datetime) -> int:
    """Record an outage; returns its id."""
    row = OutageRow(began_at=gap.began_at, ended_at=gap.ended_at, attempts=attempts, state=state, settled_at=now)
    session.add(row)
    session.flush()
    return row.id


def undecided(session: Session) -> list[Outage]:
    """Return the outages that wait for a decision."""
    rows = session.execute(text("SELECT id, began_at, ended_at, attempts, state FROM outage WHERE state = 'undecided' ORDER BY began_at"))
    return [Outage(row.id, Gap(row.began_at, row.ended_at), row.attempts, row.state) for row in rows]


def decide(session: Session, outage_id: int, state: str, *, reason: str, actor_id: int) -> Gap | None:
    """Settle an undecided outage; None when it is settled already."""
    row = session.execute(
        text("UPDATE outage SET state = :state, reason = :reason, decided_by = :actor WHERE id = :id AND state = 'undecided' RETURNING began_at, ended_at"),
        {"id": outage_id, "state": state, "reason": reason, "actor": actor_id},
    ).first()
    return None if row is None else Gap(row.began_at, row.ended_at)
