"""Requests for a window of one's own: the table and its statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Identity, Index, String, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from lms.domain.window_request import WindowRequest
from lms.kernel.db import Base
from lms.kernel.permissions import GRANTS, Permission
from lms.store.enrolment import EnrolmentRow
from lms.store.person import PersonRow
from lms.store.role_grant import RoleGrantRow
from lms.store.unit import UnitRow, below


class WindowRequestRow(Base):
    """One request; at most one of an enrolment is undecided."""

    __tablename__ = "window_request"
    __table_args__ = (
        CheckConstraint("opens < closes", name="runs_forward"),
        CheckConstraint("(decided_at IS NULL) = (granted IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name="decided_whole"),
        CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified_whole"),
        CheckConstraint("granted IS NOT TRUE OR verified_by <> decided_by", name="two_people"),
        Index("uq_window_request_open", "enrolment_id", unique=True, postgresql_where=text("decided_at IS NULL")),
        Index("ix_window_request_enrolment_id", "enrolment_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"))
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    verified_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    granted: Mapped[bool | None] = mapped_column(default=None)
    answer: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request as those see it who deal with it."""

    request: WindowRequest
    name: str
    unit_name: str
    programme_code: str
    verifier: str | None
    decider: str | None


def ask(session: Session, *, enrolment_id: int, opens: datetime, closes: datetime, reason: str, now: datetime) -> int | None:
    """Keep a request; None where one is open."""
    statement = insert(WindowRequestRow).values(enrolment_id=enrolment_id, opens=opens, closes=closes, reason=reason, asked_at=now, answer="")
    return session.scalar(statement.on_conflict_do_nothing().returning(WindowRequestRow.id))


def of_enrolment(session: Session, enrolment_id: int, person_id: int) -> tuple[WindowRequest, ...]:
    """Return the requests of an enrolment, the newest first."""
    rows = session.scalars(select(WindowRequestRow).where(WindowRequestRow.enrolment_id == enrolment_id).order_by(WindowRequestRow.id.desc()))
    return tuple(_request(row, person_id) for row in rows)


def lock(session: Session, request_id: int) -> WindowRequest | None:
    """Lock one request: whoever deals with it holds its row first."""
    row = session.scalars(select(WindowRequestRow).where(WindowRequestRow.id == request_id).with_for_update()).first()
    if row is None:
        return None
    return _request(row, session.scalars(select(EnrolmentRow.person_id).where(EnrolmentRow.id == row.enrolment_id)).one())


def verify(session: Session, request_id: int, actor_id: int, now: datetime) -> None:
    """Keep that somebody near has verified a request."""
    row = session.get_one(WindowRequestRow, request_id)
    row.verified_at, row.verified_by = now, actor_id
    session.flush()


def decide(session: Session, request_id: int, *, granted: bool, answer: str, actor_id: int, now: datetime) -> None:
    """Keep the decision."""
    row = session.get_one(WindowRequestRow, request_id)
    row.decided_at, row.decided_by, row.granted, row.answer = now, actor_id, granted, answer
    session.flush()


def waiting(session: Session, scope: Sequence[str], *, actor_id: int, granting: bool) -> int:
    """Count what waits for the first step in a scope; for who grants, for the second, and for the first where nobody nearer can take it."""
    unverified = WindowRequestRow.verified_by.is_(None)
    step = or_(WindowRequestRow.verified_by != actor_id, and_(unverified, ~_has_nearer())) if granting else unverified
    query = (
        select(func.count())
        .select_from(WindowRequestRow)
        .join(EnrolmentRow, EnrolmentRow.id == WindowRequestRow.enrolment_id)
        .join(PersonRow, PersonRow.id == EnrolmentRow.person_id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(WindowRequestRow.decided_at.is_(None), below(UnitRow.path.expression, scope), PersonRow.id != actor_id, step)
    )
    return session.scalars(query).one()


def _has_nearer() -> ColumnElement[bool]:
    """Return the condition that another person, of school, county or city, may verify for the person's unit."""
    nearer = [role.value for role, held in GRANTS.items() if Permission.MANAGE_PEOPLE in held and Permission.MANAGE_PROGRAMMES not in held]
    unit, manager = aliased(UnitRow), aliased(PersonRow)
    query = select(RoleGrantRow.id).join(unit, unit.id == RoleGrantRow.unit_id).join(manager, manager.id == RoleGrantRow.person_id)
    return query.where(
        RoleGrantRow.role.in_(nearer), manager.active, manager.id != PersonRow.id, UnitRow.path.expression.startswith(unit.path.expression)
    ).exists()


def forget(session: Session, person_id: int) -> None:
    """Erase what a person wrote of herself, and what was answered; what nobody decided goes whole."""
    hers = WindowRequestRow.enrolment_id.in_(select(EnrolmentRow.id).where(EnrolmentRow.person_id == person_id))
    session.execute(delete(WindowRequestRow).where(hers, WindowRequestRow.decided_at.is_(None)))
    session.execute(update(WindowRequestRow).where(hers).values(reason="", answer=""))


def lines(session: Session, scope: Sequence[str], *, decided: bool, limit: int) -> tuple[RequestLine, ...]:
    """Return the requests of a scope: what waits, the longest first, or what was decided, the newest first."""
    verifier, decider = aliased(PersonRow), aliased(PersonRow)
    query = (
        select(WindowRequestRow, PersonRow.id, PersonRow.name, UnitRow.name, EnrolmentRow.programme_code, verifier.name, decider.name)
        .join(EnrolmentRow, EnrolmentRow.id == WindowRequestRow.enrolment_id)
        .join(PersonRow, PersonRow.id == EnrolmentRow.person_id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .outerjoin(verifier, verifier.id == WindowRequestRow.verified_by)
        .outerjoin(decider, decider.id == WindowRequestRow.decided_by)
        .where(below(UnitRow.path.expression, scope))
        .limit(limit)
    )
    if decided:
        query = query.where(WindowRequestRow.decided_at.is_not(None)).order_by(WindowRequestRow.decided_at.desc(), WindowRequestRow.id.desc())
    else:
        query = query.where(WindowRequestRow.decided_at.is_(None)).order_by(WindowRequestRow.asked_at, WindowRequestRow.id)
    return tuple(
        RequestLine(_request(row, person_id), name, unit, programme, verified_by, decided_by)
        for row, person_id, name, unit, programme, verified_by, decided_by in session.execute(query)
    )


def _request(row: Any, person_id: int) -> WindowRequest:
    return WindowRequest(
        id=row.id, enrolment_id=row.enrolment_id, person_id=person_id, opens=row.opens, closes=row.closes, reason=row.reason, asked_at=row.asked_at,
        verified_by=row.verified_by, granted=row.granted, answer=row.answer,
    )  # fmt: skip
