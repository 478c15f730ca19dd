"""Scores as they were posted, and the grade they add up to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Integer, String, Text, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.grade import Grade, Score
from lms.kernel.db import APPEND_ONLY, Base, Session, copy_rows
from lms.store.enrolment import EnrolmentRow


class GradeLineRow(Base):
    """One score of one component; `reverses_id` takes an earlier line back, and the newest standing line counts."""

    __tablename__ = "grade_line"
    __table_args__ = (
        CheckConstraint("of_points > 0 AND points >= 0 AND points <= of_points", name="points_in_range"),
        Index("uq_grade_line_reversed", "reverses_id", unique=True, postgresql_where=text("reverses_id IS NOT NULL")),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"), index=True)
    component: Mapped[str] = mapped_column(String(64))
    points: Mapped[int] = mapped_column(Integer)
    of_points: Mapped[int] = mapped_column(Integer)
    evidence: Mapped[str] = mapped_column(Text)
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("grade_line.id"))
    posted_at: Mapped[datetime]
    posted_by: Mapped[int | None] = mapped_column(BigInteger)


class GradeRow(Base):
    """The grade of one enrolment; `total` is kept as an exact fraction such as `881/10`."""

    __tablename__ = "grade"

    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"), primary_key=True)
    total: Mapped[str | None] = mapped_column(String(60))
    qualified: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class GradeLine:
    """One line as others read it."""

    id: int
    component: str
    score: Score
    evidence: str
    reverses_id: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class KeptGrade:
    """The grade as kept."""

    enrolment_id: int
    total: Fraction | None
    qualified: bool


def add(
    session: Session,
    *,
    enrolment_id: int,
    component: str,
    score: Score,
    evidence: str,
    posted_by: int | None,
    now: datetime,
    reverses_id: int | None = None,
) -> int:
    """Write one line."""
    row = GradeLineRow(
        enrolment_id=enrolment_id,
        component=component,
        points=score.points,
        of_points=score.of_points,
        evidence=evidence,
        reverses_id=reverses_id,
        posted_at=now,
        posted_by=posted_by,
    )
    session.add(row)
    session.flush()
    return row.id


def lines(session: Session, enrolment_id: int) -> tuple[GradeLine, ...]:
    """Return every line of an enrolment, the oldest first."""
    rows = session.execute(select(GradeLineRow).where(GradeLineRow.enrolment_id == enrolment_id).order_by(GradeLineRow.id)).scalars()
    return tuple(_line(row) for row in rows)


def add_many(session: Session, component: str, scores: Mapping[int, tuple[Score, str]], now: datetime) -> None:
    """Write one line for each of many enrolments, each with its evidence."""
    copied = ((enrolment_id, component, score.points, score.of_points, evidence, now) for enrolment_id, (score, evidence) in scores.items())
    copy_rows(session, "grade_line (enrolment_id, component, points, of_points, evidence, posted_at)", copied)


def lines_of(session: Session, enrolment_ids: Sequence[int]) -> dict[int, tuple[GradeLine, ...]]:
    """Return every line of many enrolments, the oldest first."""
    found: dict[int, list[GradeLine]] = {number: [] for number in enrolment_ids}
    columns = (getattr(GradeLineRow, name) for name in ("enrolment_id", "id", "component", "points", "of_points", "evidence", "reverses_id", "posted_at"))
    for number, at, component, points, of_points, *rest in session.execute(
        select(*columns).where(GradeLineRow.enrolment_id.in_(enrolment_ids)).order_by(GradeLineRow.id)
    ):
        found[number].append(GradeLine(at, component, Score(points, of_points), *rest))
    return {number: tuple(lines) for number, lines in found.items()}


def by_evidence(session: Session, evidence: Collection[str]) -> tuple[tuple[int, GradeLine], ...]:
    """Return the lines with any of this evidence that nobody took back, each with its enrolment."""
    back = select(GradeLineRow.reverses_id).where(GradeLineRow.reverses_id.is_not(None))
    rows = session.execute(
        select(GradeLineRow)
        .where(GradeLineRow.evidence.in_(evidence), GradeLineRow.reverses_id.is_(None), GradeLineRow.id.not_in(back))
        .order_by(GradeLineRow.id)
    ).scalars()
    return tuple((row.enrolment_id, _line(row)) for row in rows)


def standing(found: tuple[GradeLine, ...]) -> dict[str, GradeLine]:
    """Return the line that counts for each component: the newest that nobody took back."""
    back = {line.reverses_id for line in found if line.reverses_id is not None}
    return {line.component: line for line in found if line.reverses_id is None and line.id not in back}


def lock(session: Session, enrolment_id: int, now: datetime) -> KeptGrade:
    """Return the kept grade, locked to the transaction's end: whoever changes a grade passes here first."""
    session.execute(insert(GradeRow).values(enrolment_id=enrolment_id, total=None, qualified=False, changed_at=now).on_conflict_do_nothing())
    query = select(GradeRow).where(GradeRow.enrolment_id == enrolment_id).with_for_update().execution_options(populate_existing=True)
    row = session.execute(query).scalar_one()
    return _kept(row)


def lock_many(session: Session, enrolment_ids: Sequence[int], now: datetime) -> dict[int, KeptGrade]:
    """Return many kept grades, locked one after the other in the order of their ids."""
    if not enrolment_ids:
        return {}
    fresh = "INSERT INTO grade (enrolment_id, qualified, changed_at) SELECT unnest(CAST(:ids AS bigint[])), false, :now ON CONFLICT DO NOTHING"
    session.execute(text(fresh), {"ids": sorted(enrolment_ids), "now": now})
    query = select(GradeRow).where(GradeRow.enrolment_id.in_(enrolment_ids)).order_by(GradeRow.enrolment_id).with_for_update()
    return {row.enrolment_id: _kept(row) for row in session.scalars(query.execution_options(populate_existing=True))}


def kept(session: Session, enrolment_id: int) -> KeptGrade | None:
    """Return the kept grade."""
    row = session.get(GradeRow, enrolment_id)
    return _kept(row) if row else None


def every(session: Session, programme_code: str) -> tuple[KeptGrade, ...]:
    """Return the kept grades of a programme, for `flask hours verify`."""
    rows = session.execute(
        select(GradeRow).join(EnrolmentRow, EnrolmentRow.id == GradeRow.enrolment_id).where(EnrolmentRow.programme_code == programme_code)
    ).scalars()
    return tuple(_kept(row) for row in rows)


def keep(session: Session, enrolment_id: int, grade: Grade, now: datetime) -> None:
    """Keep a recalculated grade."""
    row = session.get_one(GradeRow, enrolment_id)
    row.total = None if grade.total is None else str(grade.total)
    row.qualified = grade.qualified
    row.changed_at = now


def keep_many(session: Session, grades: Mapping[int, Grade], now: datetime) -> None:
    """Keep many recalculated grades, by enrolment."""
    changed = [
        {"enrolment_id": number, "total": None if grade.total is None else str(grade.total), "qualified": grade.qualified, "changed_at": now}
        for number, grade in grades.items()
    ]
    if changed:
        session.execute(update(GradeRow), changed)


def _kept(row: GradeRow) -> KeptGrade:
    return KeptGrade(row.enrolment_id, None if row.total is None else Fraction(row.total), row.qualified)


def _line(row: GradeLineRow) -> GradeLine:
    return GradeLine(row.id, row.component, Score(row.points, row.of_points), row.evidence, row.reverses_id, row.posted_at)
