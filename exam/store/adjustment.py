"""What moves a deadline: adjustments, of one attempt or many at once, and pauses; attempts are locked in the order of ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session


class DeadlineAdjustmentRow(Base):
    """Time given to one attempt after its start."""

    __tablename__ = "deadline_adjustment"
    __table_args__ = (Index("ix_deadline_adjustment_attempt_id", "attempt_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    seconds: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


class AttemptPauseRow(Base):
    """A time in which the clock of an attempt stands; at its end it becomes an adjustment. Behind `most_seconds`, a learner's own rest is over."""

    __tablename__ = "attempt_pause"
    __table_args__ = (Index("uq_attempt_pause_running", "attempt_id", unique=True, postgresql_where=text("ended_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    reason: Mapped[str] = mapped_column(String(200))
    paused_by: Mapped[int | None] = mapped_column(BigInteger)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    most_seconds: Mapped[int | None] = mapped_column(Integer, default=None)


@dataclass(frozen=True, slots=True)
class Rests:
    """The rests of an attempt: seconds of those that are over, and since when one runs."""

    taken: int
    since: datetime | None


def lock_open(session: Session, exam_id: int, paths: Sequence[str], attempt_id: int | None, *, but: int | None) -> list[int]:
    """Lock the open attempts of the people below the paths (or one of them), without those of the person `but`; returns their ids."""
    return list(
        session.scalars(
            text(
                "SELECT a.id FROM attempt a WHERE a.exam_id = :exam AND a.state = 'open' AND a.id = coalesce(:attempt, a.id)"
                " AND a.person_id IS DISTINCT FROM :but AND EXISTS (SELECT FROM person p JOIN unit u ON u.id = p.unit_id"
                " WHERE p.id = a.person_id AND u.path LIKE ANY(:below)) ORDER BY a.id FOR UPDATE OF a"
            ),
            {"exam": exam_id, "below": [f"{path}%" for path in paths], "attempt": attempt_id, "but": but},
        )
    )


def give(session: Session, attempt_ids: Sequence[int], *, seconds: int, percent: int, kind: str, reason: str, actor_id: int | None, now: datetime) -> None:
    """Add seconds, and per cent of the time each had at its start, to locked attempts."""
    session.execute(
        text(
            "WITH given AS (INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, actor_id, at)"
            " SELECT id, :seconds + round(extract(epoch FROM base_deadline - started_at) * :percent / 100), :kind, :reason, :actor, :now"
            " FROM attempt WHERE id = ANY(:ids) RETURNING attempt_id, seconds)"
            " UPDATE attempt SET deadline = deadline + given.seconds * interval '1 second' FROM given WHERE id = given.attempt_id"
        ),
        {"ids": list(attempt_ids), "seconds": seconds, "percent": percent, "kind": kind, "reason": reason, "actor": actor_id, "now": now},
    )


def adjust(session: Session, attempt_id: int, *, seconds: int, kind: str, reason: str, actor_id: int | None, now: datetime) -> None:
    """Write an adjustment; the attempt's deadline is set by `set_deadline` from all of them."""
    session.add(DeadlineAdjustmentRow(attempt_id=attempt_id, seconds=seconds, kind=kind, reason=reason, actor_id=actor_id, at=now))
    session.flush()


def adjustments(session: Session, attempt_id: int) -> list[timedelta]:
    """Return all adjustments of an attempt."""
    return adjustments_of(session, [attempt_id])[attempt_id]


def adjustments_of(session: Session, attempt_ids: Sequence[int]) -> dict[int, list[timedelta]]:
    """Return all adjustments, by attempt."""
    row = DeadlineAdjustmentRow
    found: dict[int, list[timedelta]] = {attempt_id: [] for attempt_id in attempt_ids}
    for attempt_id, seconds in session.execute(select(row.attempt_id, row.seconds).where(row.attempt_id.in_(attempt_ids))):
        found[attempt_id].append(timedelta(seconds=seconds))
    return found


def set_deadline(session: Session, attempt_id: int, deadline: datetime) -> None:
    """Set the folded deadline."""
    session.execute(text("UPDATE attempt SET deadline = :deadline WHERE id = :id"), {"id": attempt_id, "deadline": deadline})


def pause(session: Session, attempt_ids: Sequence[int], *, reason: str, actor_id: int | None, now: datetime, most_seconds: int | None = None) -> int:
    """Let the clock of locked attempts stand, for a rest of so many seconds at most, where it does not yet; returns how many.

    A rest that runs becomes part of a pause by the staff: she is let on by them, and it takes nothing of what she may rest.
    """
    return len(
        session.execute(
            text(
                "WITH made AS (INSERT INTO attempt_pause (attempt_id, reason, paused_by, began_at, most_seconds)"
                " SELECT unnest(CAST(:ids AS bigint[])), :reason, :actor, :now, CAST(:most AS int) ON CONFLICT (attempt_id) WHERE ended_at IS NULL"
                " DO UPDATE SET reason = excluded.reason, paused_by = excluded.paused_by, most_seconds = NULL"
                " WHERE attempt_pause.most_seconds IS NOT NULL AND excluded.most_seconds IS NULL RETURNING attempt_id, began_at)"
                " UPDATE attempt SET paused_at = made.began_at FROM made WHERE id = made.attempt_id RETURNING 1"
            ),
            {"ids": list(attempt_ids), "reason": reason, "actor": actor_id, "now": now, "most": most_seconds},
        ).all()
    )


def resume(session: Session, attempt_ids: Sequence[int], *, actor_id: int | None, now: datetime, rests: bool = False) -> int:
    """Let the clocks of locked attempts go on, those of running `rests` too or not, each with the time it stood; returns how many.

    Of a rest whole seconds only: many short ones must not add up to more than they lasted.
    """
    return len(
        session.execute(
            text(
                "WITH ended AS (UPDATE attempt_pause SET ended_at = least(:now, began_at + most_seconds * interval '1 second')"
                " WHERE attempt_id = ANY(:ids) AND ended_at IS NULL AND (:rests OR most_seconds IS NULL)"
                " RETURNING attempt_id, reason, CASE WHEN most_seconds IS NULL THEN round(extract(epoch FROM ended_at - began_at))"
                " ELSE floor(extract(epoch FROM ended_at - began_at)) END AS seconds),"
                " given AS (INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, actor_id, at)"
                " SELECT attempt_id, seconds, 'pause', reason, :actor, :now FROM ended)"
                " UPDATE attempt SET paused_at = NULL, deadline = deadline + ended.seconds * interval '1 second' FROM ended"
                " WHERE id = ended.attempt_id RETURNING 1"
            ),
            {"ids": list(attempt_ids), "actor": actor_id, "now": now, "rests": rests},
        ).all()
    )


def rests_of(session: Session, attempt_id: int) -> Rests:
    """Return what a locked attempt has had of rests."""
    row = session.execute(
        text(
            "SELECT ceil(coalesce(sum(extract(epoch FROM ended_at - began_at)), 0))::int AS taken, max(began_at) FILTER (WHERE ended_at IS NULL) AS since"
            " FROM attempt_pause WHERE attempt_id = :id AND most_seconds IS NOT NULL"
        ),
        {"id": attempt_id},
    ).one()
    return Rests(*row)


def take_rested(session: Session, now: datetime, most: int, *, among: Sequence[int] | None = None) -> list[int]:
    """Lock open attempts (of all, or `among` these) whose rest has run out, leaving out those another worker holds."""
    return list(
        session.scalars(
            text(
                "SELECT a.id FROM attempt_pause h JOIN attempt a ON a.id = h.attempt_id WHERE h.ended_at IS NULL"
                " AND h.began_at + h.most_seconds * interval '1 second' <= :now AND a.state = 'open'"
                " AND a.id = ANY(coalesce(CAST(:among AS bigint[]), ARRAY[a.id]))"
                " ORDER BY a.id LIMIT :most FOR UPDATE OF a SKIP LOCKED"
            ),
            {"now": now, "most": most, "among": None if among is None else list(among)},
        )
    )
