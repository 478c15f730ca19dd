"""What a look for irregular responses found: the run and its leads."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, String, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base


class IntegrityRunRow(Base):
    """One look at an exam; the newest is shown."""

    __tablename__ = "integrity_run"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    people: Mapped[int] = mapped_column(Integer)
    pairs: Mapped[int] = mapped_column(BigInteger)
    too_few: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    left_out: Mapped[int] = mapped_column(BigInteger, default=0)  # pairs of one school that were not compared, since it is too large


class IntegrityLeadRow(Base):
    """One lead with its evidence."""

    __tablename__ = "integrity_lead"
    __table_args__ = (CheckConstraint("kind IN ('similar', 'misfit', 'fast')", name="kind"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("integrity_run.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(BigInteger)
    other_id: Mapped[int | None] = mapped_column(BigInteger)
    figures: Mapped[Any] = mapped_column(JSONB)


class Pace(NamedTuple):
    """How many first answers came within seconds of the one before, and how many of these were right."""

    person_id: int
    fast: int
    right: int


def add(session: Session, run: IntegrityRunRow, leads: list[tuple[str, int, int | None, dict[str, float]]]) -> None:
    """Store a run with its leads."""
    session.add(run)
    session.flush()
    session.add_all(IntegrityLeadRow(run_id=run.id, kind=kind, person_id=one, other_id=other, figures=figures) for kind, one, other, figures in leads)


def newest(session: Session, exam_id: int) -> tuple[IntegrityRunRow, list[IntegrityLeadRow]] | None:
    """Return the newest run with its leads, in the order they were found."""
    run = session.scalars(select(IntegrityRunRow).where(IntegrityRunRow.exam_id == exam_id).order_by(IntegrityRunRow.id.desc()).limit(1)).first()
    if run is None:
        return None
    return run, list(session.scalars(select(IntegrityLeadRow).where(IntegrityLeadRow.run_id == run.id).order_by(IntegrityLeadRow.id)))


def paces(session: Session, exam_id: int, *, seconds: float, least: int) -> list[Pace]:
    """Return who gave so many first answers within seconds of the one before.

    What arrived in one request was kept by the page while the line was down, and says nothing about pace.
    """
    rows = session.execute(
        text(
            "WITH first AS (SELECT e.attempt_id, e.position, min(e.arrived_at) AS at FROM response_event e JOIN attempt a ON a.id = e.attempt_id"
            " WHERE a.exam_id = :exam AND a.state = 'scored' AND e.outcome = 'saved' GROUP BY 1, 2),"
            " gaps AS (SELECT attempt_id, position, at - lag(at) OVER (PARTITION BY attempt_id ORDER BY at, position) AS gap FROM first)"
            " SELECT a.person_id, count(*), count(*) FILTER (WHERE r.item_points[g.position] > 0) FROM gaps g JOIN attempt a ON a.id = g.attempt_id"
            " JOIN LATERAL (SELECT item_points FROM result WHERE attempt_id = a.id ORDER BY version DESC LIMIT 1) r ON true"
            " WHERE g.gap > interval '0' AND g.gap <= make_interval(secs => :seconds) GROUP BY a.id HAVING count(*) >= :least ORDER BY 3 DESC, a.id"
        ),
        {"exam": exam_id, "seconds": seconds, "least": least},
    )
    return [Pace(*row) for row in rows]
