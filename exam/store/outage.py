"""Signs of life of the app, and the outages they show: tables and statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from exam.domain.outage import Gap, Mark
from exam.store.attempt import RESULT_OUT
from lms.kernel.db import Base, Session
from lms.kernel.link import wait_for_standby
from lms.kernel.statement import link_of

# All that sat in an outage, still open or ended by a bell after it began, with `handed_in` also those who handed in themselves behind it,
# before anything was decided. What each lost: the outage, from its beginning or her own start on, and the time from her end (by then the bell
# or her hand-in had stopped her) until she can go on; less what a pause gives back or has given back of that, and what later outages took
# that still wait for a decision of their own.
# Where she has begun another attempt since, this one cannot be entered again.
_HIT = f"""
    SELECT a.id, a.exam_id, a.person_id, a.ended_at IS NOT NULL AS ended, a.ended_at <= a.deadline AS handed_in, {RESULT_OUT} AS is_out,
      ceil((SELECT sum(extract(epoch FROM upper(part) - lower(part))) FROM unnest(lost.times - stood.times - others.times) AS part)) AS seconds
    FROM attempt a,
      LATERAL (SELECT greatest(CAST(:ended AS timestamptz), least(a.deadline, a.ended_at)) AS at) AS stopped,
      LATERAL (SELECT tstzmultirange(tstzrange(greatest(:began, least(a.started_at, :ended)), :ended),
        tstzrange(stopped.at, greatest(CAST(:until AS timestamptz), stopped.at))) AS times) AS lost,
      LATERAL (SELECT coalesce(range_agg(tstzrange(h.began_at, greatest(h.began_at,
        coalesce(h.ended_at, h.began_at + h.most_seconds * interval '1 second', 'infinity')))), '{{}}') AS times
        FROM attempt_pause h WHERE h.attempt_id = a.id) AS stood,
      (SELECT coalesce(range_agg(tstzrange(o.began_at, o.ended_at)), '{{}}') AS times
        FROM outage o WHERE o.state = 'undecided' AND o.began_at >= :ended) AS others
    WHERE a.started_at < :ended AND a.deadline > :began
      AND (a.state = 'open' OR a.state <> 'annulled' AND (a.ended_at > a.deadline OR :handed_in AND a.ended_at > :ended))
      AND NOT EXISTS (SELECT FROM attempt later WHERE later.exam_id = a.exam_id AND later.person_id = a.person_id AND later.number > a.number)
"""  # noqa: S608 - constants of these files


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


@dataclass(frozen=True, slots=True)
class Hit:
    """Whom an outage hit in one exam: those whose time can be given back, those whose result is out, and how many had handed in themselves."""

    exam_id: int
    people: list[int]
    out: list[int]
    handed_in: int


@dataclass(frozen=True, slots=True)
class HandIn:
    """Who handed in herself behind an outage that waits for a decision; `is_out`: her result is."""

    attempt_id: int
    name: str
    unit: str
    is_out: bool


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


def is_silent(session: Session, span: timedelta) -> bool:
    """Tell whether there has been no mark for so long."""
    return bool(session.scalar(text("SELECT clock_timestamp() - max(real_at) > :span FROM app_mark"), {"span": span}))


def covers(session: Session, started_at: datetime, deadline: datetime) -> bool:
    """Tell whether an outage that is not settled yet lies in a time."""
    return bool(session.scalar(text("SELECT exam_unsettled() && tstzrange(:started, :deadline)"), {"started": started_at, "deadline": deadline}))


def hit(session: Session, gap: Gap, until: datetime, *, handed_in: bool) -> list[Hit]:
    """Return whom an outage hit, exam by exam; until when who had ended could not go on; with those who handed in behind it, or without."""
    rows = session.execute(
        text(
            "SELECT exam_id, coalesce(array_agg(person_id ORDER BY person_id) FILTER (WHERE NOT is_out), '{}'),"  # noqa: S608 - a constant of this file
            " coalesce(array_agg(person_id ORDER BY person_id) FILTER (WHERE is_out), '{}'),"
            f" count(*) FILTER (WHERE handed_in) FROM ({_HIT}) AS hit WHERE seconds > 0 GROUP BY 1 ORDER BY 1"
        ),
        {"began": gap.began_at, "ended": gap.ended_at, "until": until, "handed_in": handed_in},
    )
    return [Hit(*row) for row in rows]


def handed_in(session: Session, gap: Gap, now: datetime, scope: Sequence[str], most: int) -> list[HandIn]:
    """Return those below the paths who handed in themselves behind an outage."""
    rows = session.execute(
        text(
            f"SELECT hit.id, p.name, u.name, hit.is_out FROM ({_HIT}) AS hit JOIN person p ON p.id = hit.person_id JOIN unit u ON u.id = p.unit_id"  # noqa: S608 - a constant of this file
            " WHERE hit.handed_in AND hit.seconds > 0 AND u.path LIKE ANY(:below) ORDER BY hit.id LIMIT :most"
        ),
        {"began": gap.began_at, "ended": gap.ended_at, "until": now, "handed_in": True, "below": [f"{path}%" for path in scope], "most": most},
    )
    return [HandIn(*row) for row in rows]


def give_back(session: Session, gap: Gap, until: datetime, *, handed_in: bool, reason: str, actor_id: int | None, now: datetime) -> list[int]:
    """Give each attempt hit what it lost, and open those again that have ended and whose result is not out; returns the ids of these."""
    rows = session.execute(
        text(
            f"WITH hit AS ({_HIT} ORDER BY a.id FOR UPDATE OF a),"  # noqa: S608 - a constant of this file
            " given AS (INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, actor_id, at)"
            " SELECT id, seconds, 'outage', :reason, :actor, :now FROM hit WHERE seconds > 0 AND NOT is_out RETURNING attempt_id, seconds),"
            " moved AS (UPDATE attempt a SET deadline = a.deadline + given.seconds * interval '1 second', state = 'open', ended_at = NULL,"
            " reopened = a.reopened + CASE WHEN a.ended_at IS NULL THEN 0 ELSE 1 END FROM given WHERE a.id = given.attempt_id)"
            " SELECT id FROM hit WHERE ended AND seconds > 0 AND NOT is_out"
        ),
        {"began": gap.began_at, "ended": gap.ended_at, "until": until, "handed_in": handed_in, "reason": reason, "actor": actor_id, "now": now},
    )
    return list(rows.scalars())


def add(session: Session, gap: Gap, *, attempts: int, state: str, now: datetime) -> int:
    """Record an outage; returns its id."""
    row = OutageRow(began_at=gap.began_at, ended_at=gap.ended_at, attempts=attempts, state=state, settled_at=now)
    session.add(row)
    session.flush()
    return row.id


def undecided(session: Session) -> list[Outage]:
    """Return the outages that wait for a decision."""
    rows = session.execute(text("SELECT id, began_at, ended_at, attempts, state FROM outage WHERE state = 'undecided' ORDER BY began_at, id"))
    return [Outage(row.id, Gap(row.began_at, row.ended_at), row.attempts, row.state) for row in rows]


def waits_for(session: Session, exam_id: int) -> bool:
    """Tell whether an outage in the time of an exam's attempts waits for a decision: whoever has handed in may come back."""
    query = (
        "SELECT EXISTS (SELECT FROM outage o JOIN attempt a ON a.started_at < o.ended_at AND a.deadline > o.began_at"
        " WHERE o.state = 'undecided' AND a.exam_id = :exam AND a.state <> 'annulled'"
        " AND (a.ended_at IS NULL OR a.ended_at > least(a.deadline, o.ended_at)))"
    )
    return bool(session.scalar(text(query), {"exam": exam_id}))


def decide(session: Session, outage_id: int, state: str, *, reason: str, actor_id: int) -> Gap | None:
    """Settle an undecided outage; None when it is settled already."""
    row = session.execute(
        text("UPDATE outage SET state = :state, reason = :reason, decided_by = :actor WHERE id = :id AND state = 'undecided' RETURNING began_at, ended_at"),
        {"id": outage_id, "state": state, "reason": reason, "actor": actor_id},
    ).first()
    return None if row is None else Gap(row.began_at, row.ended_at)
