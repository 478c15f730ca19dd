"""Results: the table of versions and its statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.result import RULE, PointsChange, Result, TopicScore
from lms.kernel.db import APPEND_ONLY, Base


class ResultRow(Base):
    """One version of an attempt's result; the newest counts."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("attempt_id", "version"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    version: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(Integer)
    of_points: Mapped[int] = mapped_column(Integer)
    item_points: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
    topics: Mapped[Any] = mapped_column(JSONB)
    rule: Mapped[int] = mapped_column(Integer)  # exam.domain.result.RULE as it was then
    reason: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]


class ResultViewRow(Base):
    """When a learner first read the result of an attempt."""

    __tablename__ = "result_view"
    __table_args__ = ({"info": APPEND_ONLY},)

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]


def note_view(session: Session, attempt_ids: Sequence[int], now: datetime) -> None:
    """Store that a learner has read the results of these attempts; the first time stays. An attempt that is held is left for the next time."""
    noted = text(
        "INSERT INTO result_view (attempt_id, at) SELECT a.id, :now FROM attempt a WHERE a.id = ANY(:ids)"
        " AND NOT EXISTS (SELECT FROM result_view v WHERE v.attempt_id = a.id) FOR KEY SHARE OF a SKIP LOCKED ON CONFLICT DO NOTHING"
    )
    session.execute(noted, {"now": now, "ids": list(attempt_ids)})


def add(session: Session, attempt_id: int, result: Result, *, version: int, reason: str, now: datetime) -> None:
    """Store a version of a result."""
    session.add(
        ResultRow(
            attempt_id=attempt_id, version=version, points=result.points, of_points=result.of_points, item_points=list(result.item_points),
            topics=[[topic.topic, topic.points, topic.of_points, topic.right, topic.items] for topic in result.topics],
            rule=RULE, reason=reason, at=now,
        )
    )  # fmt: skip


def newest_of(session: Session, attempt_id: int) -> Result | None:
    """Return the result that counts."""
    row = session.scalars(select(ResultRow).where(ResultRow.attempt_id == attempt_id).order_by(ResultRow.version.desc()).limit(1)).first()
    return None if row is None else _result(row)


def versions(session: Session, attempt_id: int) -> int:
    """Return how many versions there are."""
    return int(session.execute(text("SELECT coalesce(max(version), 0) FROM result WHERE attempt_id = :id"), {"id": attempt_id}).scalar_one())


def newest_versions(session: Session, attempt_ids: Sequence[int]) -> dict[int, tuple[int, Result]]:
    """Return the number and the content of the result that counts, by attempt."""
    rows = session.scalars(
        select(ResultRow)
        .where(ResultRow.attempt_id.in_(attempt_ids))
        .ext(distinct_on(ResultRow.attempt_id))
        .order_by(ResultRow.attempt_id, ResultRow.version.desc())
    )
    return {row.attempt_id: (row.version, _result(row)) for row in rows}


def rule_of(session: Session, attempt_id: int) -> int:
    """Return the rule by which the result that counts came about."""
    return session.scalars(select(ResultRow.rule).where(ResultRow.attempt_id == attempt_id).order_by(ResultRow.version.desc()).limit(1)).one()


def changes(session: Session, attempt_id: int) -> tuple[PointsChange, ...]:
    """Return how the points of an attempt changed after they were released, the first change first."""
    rows = session.execute(
        text(
            "WITH final AS (SELECT *, lag(points) OVER (ORDER BY version) AS before FROM result"
            " WHERE attempt_id = :id AND array_position(item_points, NULL) IS NULL)"
            " SELECT CASE WHEN g.reverses_id IS NOT NULL THEN 'reversal' ELSE split_part(f.reason, ':', 1) END, f.at, f.before, f.points"
            " FROM final f JOIN attempt a ON a.id = f.attempt_id JOIN exam x ON x.id = a.exam_id LEFT JOIN regrade g ON f.reason = 'regrade:' || g.id"
            " WHERE f.before <> f.points AND f.reason <> 'scored' AND (x.release = 'at_once' OR x.released_at < f.at) ORDER BY f.version"
        ),
        {"id": attempt_id},
    )
    return tuple(PointsChange(*row) for row in rows)


def people_done(session: Session, exam_id: int) -> int:
    """Count the people of an exam who have a final result."""
    done = text(
        "SELECT count(DISTINCT a.person_id) FROM attempt a WHERE a.exam_id = :exam AND a.state = 'scored' AND array_position("
        "(SELECT r.item_points FROM result r WHERE r.attempt_id = a.id ORDER BY r.version DESC LIMIT 1), NULL) IS NULL"
    )
    return int(session.execute(done, {"exam": exam_id}).scalar_one())


def _result(row: ResultRow) -> Result:
    return Result(row.points, row.of_points, tuple(row.item_points), tuple(TopicScore(*parts) for parts in row.topics))
