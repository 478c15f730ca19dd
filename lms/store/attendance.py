"""Signed lists as they came in, with what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, String, any_, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.attendance import DayPart, Held, Line, Listed, ListKind, ListStage
from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.store.enrolment import EnrolmentRow
from lms.store.grade import GradeLineRow
from lms.store.person import PersonRow
from lms.store.progress import LearnerProgressRow
from lms.store.unit import UnitRow, below


class AttendanceListRow(Base):
    """One file: staged, then committed, then perhaps undone."""

    __tablename__ = "attendance_list"
    __table_args__ = (
        CheckConstraint("kind IN ('offline', 'assignment')", name="kind_known"),
        CheckConstraint("stage IN ('staged', 'committed', 'undone')", name="stage_known"),
        CheckConstraint("(kind = 'assignment') = (component IS NOT NULL)", name="assignment_named"),
        CheckConstraint("(kind = 'offline') = (held_on IS NOT NULL) AND (kind = 'offline') = (held_part IS NOT NULL)", name="session_dated"),
        CheckConstraint("held_part IN ('day', 'morning', 'afternoon', 'evening')", name="held_part_known"),
        Index(
            "uq_attendance_list_standing",
            "programme_code",
            "kind",
            "component",
            "digest",
            unique=True,
            postgresql_where=text("stage = 'committed'"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    programme_code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    component: Mapped[str | None] = mapped_column(String(64))
    held_on: Mapped[date | None]
    held_part: Mapped[str | None] = mapped_column(String(12))
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(12))
    entered_at: Mapped[datetime]
    entered_by: Mapped[int] = mapped_column(BigInteger)
    moved_at: Mapped[datetime]
    good: Mapped[int] = mapped_column(Integer)
    faulty: Mapped[int] = mapped_column(Integer)


class AttendanceLineRow(Base):
    """One row of a list."""

    __tablename__ = "attendance_line"
    __table_args__ = ({"info": APPEND_ONLY},)

    list_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("attendance_list.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    account: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60))
    school: Mapped[str] = mapped_column(String(120))
    enrolment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("enrolment.id"), index=True)
    amount: Mapped[int | None] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(String(40))


@dataclass(frozen=True, slots=True)
class AttendanceList:
    """One list as others read it."""

    id: int
    programme_code: str
    kind: ListKind
    component: str | None
    held: Held | None
    file_name: str
    digest: str
    stage: ListStage
    entered_at: datetime
    entered_by: int
    moved_at: datetime
    good: int
    faulty: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One assignment's mark in hundredths, and the list it came in with."""

    amount: int
    list_id: int


def _list(row: AttendanceListRow) -> AttendanceList:
    return AttendanceList(
        id=row.id,
        programme_code=row.programme_code,
        kind=ListKind(row.kind),
        component=row.component,
        held=Held(row.held_on, DayPart(row.held_part)) if row.held_on and row.held_part else None,
        file_name=row.file_name,
        digest=row.digest,
        stage=ListStage(row.stage),
        entered_at=row.entered_at,
        entered_by=row.entered_by,
        moved_at=row.moved_at,
        good=row.good,
        faulty=row.faulty,
    )


def enrolled(session: Session, programme_code: str, scope: Sequence[str]) -> tuple[Listed, ...]:
    """Return the enrolled people of a scope, with their schools and whether everyone enrolled there has finished online."""
    unfinished = (
        select(EnrolmentRow.unit_id)
        .join(LearnerProgressRow, LearnerProgressRow.enrolment_id == EnrolmentRow.id)
        .where(EnrolmentRow.programme_code == programme_code, ~LearnerProgressRow.online_complete, EnrolmentRow.unit_id.is_not(None))
    )
    rows = session.execute(
        select(EnrolmentRow.id, PersonRow.id, PersonRow.account, PersonRow.name, UnitRow.name, EnrolmentRow.city, EnrolmentRow.unit_id.not_in(unfinished))
        .join(PersonRow, PersonRow.id == EnrolmentRow.person_id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(EnrolmentRow.programme_code == programme_code, below(UnitRow.path.expression, scope))
    )
    return tuple(Listed(*row[:6], school_finished=bool(row[6])) for row in rows)


def people_of(session: Session, enrolment_ids: Iterable[int]) -> dict[int, int]:
    """Map enrolments to their people."""
    rows = session.execute(select(EnrolmentRow.id, EnrolmentRow.person_id).where(EnrolmentRow.id.in_(list(enrolment_ids))))
    return dict(rows.all())


def stage(
    session: Session,
    *,
    programme_code: str,
    kind: ListKind,
    component: str | None,
    held: Held | None,
    file_name: str,
    digest: str,
    lines: Sequence[Line],
    entered_by: int,
    now: datetime,
) -> int:
    """Keep a list as it was read, before anything counts."""
    good = sum(line.is_good for line in lines)
    row = AttendanceListRow(
        programme_code=programme_code,
        kind=kind.value,
        component=component,
        held_on=held.on if held else None,
        held_part=held.part.value if held else None,
        file_name=file_name[:200],
        digest=digest,
        stage=ListStage.STAGED.value,
        entered_at=now,
        entered_by=entered_by,
        moved_at=now,
        good=good,
        faulty=len(lines) - good,
    )
    session.add(row)
    session.flush()
    values = [
        {
            "list_id": row.id,
            "number": line.number,
            "account": line.account[:60],
            "name": line.name[:60],
            "school": line.school[:120],
            "enrolment_id": line.enrolment_id,
            "amount": line.amount,
            "fault": line.fault,
        }
        for line in lines
    ]
    if values:
        session.execute(insert(AttendanceLineRow), values)
    return row.id


def standing(session: Session, *, programme_code: str, kind: ListKind, component: str | None, digest: str) -> bool:
    """Tell whether the same file counts already."""
    return (
        session.execute(
            select(AttendanceListRow.id).where(
                AttendanceListRow.programme_code == programme_code,
                AttendanceListRow.kind == kind.value,
                AttendanceListRow.component.is_not_distinct_from(component),
                AttendanceListRow.digest == digest,
                AttendanceListRow.stage == ListStage.COMMITTED.value,
            )
        ).first()
        is not None
    )


def counted(session: Session, programme_code: str, held: Held) -> frozenset[int]:
    """Return the enrolments that a standing list counts for this session, or for one they cannot have attended beside it."""
    rows = session.scalars(
        select(AttendanceLineRow.enrolment_id)
        .join(AttendanceListRow, AttendanceListRow.id == AttendanceLineRow.list_id)
        .where(
            AttendanceListRow.programme_code == programme_code,
            AttendanceListRow.stage == ListStage.COMMITTED.value,
            AttendanceListRow.held_on == held.on,
            AttendanceListRow.held_part.in_([part.value for part in held.overlapping]),
            AttendanceLineRow.fault.is_(None),
        )
    )
    return frozenset(one for one in rows if one is not None)


def one_at_a_time(session: Session, programme_code: str) -> None:
    """Let lists of a programme be committed one after the other: two of the same session are told apart only then."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("attendance:" + programme_code))))


def offline_seconds(session: Session, enrolment_ids: Iterable[int]) -> dict[int, int]:
    """Return the offline seconds that stand for each enrolment."""
    rows = session.execute(
        select(LearnerProgressRow.enrolment_id, LearnerProgressRow.offline_seconds).where(LearnerProgressRow.enrolment_id.in_(list(enrolment_ids)))
    )
    return dict(rows.all())


def one(session: Session, list_id: int, *, lock: bool = False) -> AttendanceList | None:
    """Return one list; whoever moves it locks it first."""
    row = session.get(AttendanceListRow, list_id, with_for_update=lock or None)
    return _list(row) if row else None


def of_programme(session: Session, programme_code: str, entered_by: int | None, limit: int) -> tuple[AttendanceList, ...]:
    """Return the lists of a programme, the newest first; those of one person where asked."""
    query = select(AttendanceListRow).where(AttendanceListRow.programme_code == programme_code)
    if entered_by is not None:
        query = query.where(AttendanceListRow.entered_by == entered_by)
    rows = session.execute(query.order_by(AttendanceListRow.id.desc()).limit(limit)).scalars()
    return tuple(_list(row) for row in rows)


def lines(session: Session, list_id: int) -> tuple[Line, ...]:
    """Return the rows of a list."""
    rows = session.execute(select(AttendanceLineRow).where(AttendanceLineRow.list_id == list_id).order_by(AttendanceLineRow.number)).scalars()
    return tuple(Line(row.number, row.account, row.name, row.school, row.enrolment_id, row.amount, row.fault) for row in rows)


def move(session: Session, list_id: int, to: ListStage, now: datetime) -> None:
    """Move a list on."""
    session.execute(update(AttendanceListRow).where(AttendanceListRow.id == list_id).values(stage=to.value, moved_at=now))


def marks(session: Session, enrolment_ids: Sequence[int]) -> dict[int, dict[str, Mark]]:
    """Return, per enrolment and assignment, the newest mark that still stands."""
    rows = session.execute(
        select(AttendanceLineRow.enrolment_id, AttendanceListRow.component, AttendanceLineRow.amount, AttendanceListRow.id)
        .ext(distinct_on(AttendanceLineRow.enrolment_id, AttendanceListRow.component))
        .join(AttendanceListRow, AttendanceListRow.id == AttendanceLineRow.list_id)
        .where(
            AttendanceListRow.kind == ListKind.ASSIGNMENT.value,
            AttendanceListRow.stage == ListStage.COMMITTED.value,
            AttendanceLineRow.fault.is_(None),
            AttendanceLineRow.enrolment_id.in_(enrolment_ids),
        )
        .order_by(AttendanceLineRow.enrolment_id, AttendanceListRow.component, AttendanceListRow.moved_at.desc(), AttendanceListRow.id.desc())
    )
    found: dict[int, dict[str, Mark]] = {}
    for enrolment_id, component, amount, list_id in rows:
        found.setdefault(enrolment_id or 0, {})[component or ""] = Mark(amount or 0, list_id)
    return found


def evidence_with(session: Session, list_id: int) -> tuple[str, ...]:
    """Return the evidence of every score that rests on a list, alone or together with others."""
    rests_on = func.string_to_array(func.split_part(GradeLineRow.evidence, ":", 2), "+")
    rows = session.execute(
        select(GradeLineRow.evidence)
        .distinct()
        .where(GradeLineRow.evidence.like("attendance_list:%"), literal(str(list_id)) == any_(rests_on))
        .order_by(GradeLineRow.evidence)
    )
    return tuple(row.evidence for row in rows)
