"""Enrolments and personal windows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.enrolment import Enrollable, Enrolment
from lms.domain.window import Period
from lms.kernel import db
from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.kernel.permissions import Role
from lms.kernel.statement import Statement
from lms.store.person import IN_ORDER, PersonRow, behind_in_order, named
from lms.store.role_grant import RoleGrantRow
from lms.store.unit import UnitRow, below


class EnrolmentRow(Base):
    """One person in one programme; the version is the one in force when she enrolled."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("person_id", "programme_code"), Index("ix_enrolment_seat", "programme_code", "city", "sector"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"))
    programme_code: Mapped[str] = mapped_column(String(64))
    programme_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("programme_version.id"))
    city: Mapped[str] = mapped_column(String(12))
    sector: Mapped[str] = mapped_column(String(64))
    participants: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[int | None] = mapped_column(BigInteger)


class PersonalWindowRow(Base):
    """Another window for one person, with its reason."""

    __tablename__ = "personal_window"
    __table_args__ = (CheckConstraint("opens < closes", name="runs_forward"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"), index=True)
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    granted_by: Mapped[int | None] = mapped_column(BigInteger)


# Pairs of opening and end, in the order they were granted.
_WINDOWS = (
    select(func.array_agg(aggregate_order_by(array([PersonalWindowRow.opens, PersonalWindowRow.closes]), PersonalWindowRow.id)))
    .where(PersonalWindowRow.enrolment_id == EnrolmentRow.id)
    .correlate(EnrolmentRow)
    .scalar_subquery()
)


COLUMNS = (
    EnrolmentRow.id,
    EnrolmentRow.person_id,
    EnrolmentRow.programme_code,
    EnrolmentRow.city,
    EnrolmentRow.sector,
    EnrolmentRow.unit_id,
    EnrolmentRow.participants,
    _WINDOWS.label("windows"),
)


def enrolment_from(row: Any) -> Enrolment:
    """Read an enrolment from a row that holds its columns."""
    return Enrolment(
        id=row.id,
        person_id=row.person_id,
        programme_code=row.programme_code,
        city=row.city,
        sector=row.sector,
        unit_id=row.unit_id,
        participants=tuple(row.participants),
        personal_windows=tuple(Period(opens=opens, closes=closes) for opens, closes in row.windows or ()),
    )


def participants(session: Session, enrolment_id: int) -> tuple[str, ...]:
    """Return the kinds one enrolment is of."""
    return tuple(session.execute(select(EnrolmentRow.participants).where(EnrolmentRow.id == enrolment_id)).scalar_one())


def participants_in(session: Session, programme_code: str) -> dict[int, tuple[str, ...]]:
    """Return the kinds of every enrolment of a programme."""
    rows = session.execute(select(EnrolmentRow.id, EnrolmentRow.participants).where(EnrolmentRow.programme_code == programme_code))
    return {enrolment_id: tuple(kinds) for enrolment_id, kinds in rows}


def lock_seats(session: Session, programme_code: str, city: str, sector: str) -> int:
    """Let one enrolment at a time take a seat of this city and sector, and count the seats taken."""
    name = f"seats:{programme_code}:{city}:{sector}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    return session.execute(
        select(func.count())
        .select_from(EnrolmentRow)
        .where(EnrolmentRow.programme_code == programme_code, EnrolmentRow.city == city, EnrolmentRow.sector == sector)
    ).scalar_one()


def add(
    session: Session,
    *,
    person_id: int,
    programme_code: str,
    programme_version_id: int,
    city: str,
    sector: str,
    participants: tuple[str, ...],
    unit_id: int | None,
    enrolled_by: int | None,
    now: datetime,
) -> int:
    """Keep an enrolment."""
    row = EnrolmentRow(
        person_id=person_id,
        programme_code=programme_code,
        programme_version_id=programme_version_id,
        city=city,
        sector=sector,
        participants=list(participants),
        unit_id=unit_id,
        enrolled_at=now,
        enrolled_by=enrolled_by,
    )
    session.add(row)
    session.flush()
    return row.id


def add_many(
    session: Session,
    people: Sequence[tuple[int, int, str, str]],
    *,
    programme_code: str,
    programme_version_id: int,
    participants: tuple[str, ...],
    now: datetime,
) -> list[int]:
    """Keep many enrolments by COPY, each of person, unit, city and sector, and return their ids in order."""
    ids = db.next_ids(session, "enrolment", len(people))
    db.copy_rows(
        session,
        "enrolment (id, person_id, unit_id, city, sector, programme_code, programme_version_id, participants, enrolled_at)",
        ((number, *one, programme_code, programme_version_id, list(participants), now) for number, one in zip(ids, people, strict=True)),
    )
    return ids


_OF_PERSON = select(*COLUMNS).where(EnrolmentRow.person_id == bindparam("person_id")).order_by(EnrolmentRow.enrolled_at.desc(), EnrolmentRow.id.desc())
_ALL = Statement(_OF_PERSON)
_IN_PROGRAMME = Statement(_OF_PERSON.where(EnrolmentRow.programme_code == bindparam("programme_code")))


def of_person(session: Session, person_id: int, programme_code: str | None = None) -> tuple[Enrolment, ...]:
    """Return a person's enrolments with her personal windows, the newest first; one query."""
    if programme_code is None:
        rows = _ALL.rows(session, person_id=person_id)
    else:
        rows = _IN_PROGRAMME.rows(session, person_id=person_id, programme_code=programme_code)
    return tuple(enrolment_from(row) for row in rows)


def of_people(session: Session, people: Sequence[int], programme_code: str) -> dict[int, Enrolment]:
    """Return many people's newest enrolments in a programme."""
    meant = select(*COLUMNS).where(EnrolmentRow.person_id.in_(people), EnrolmentRow.programme_code == programme_code)
    return {row.person_id: enrolment_from(row) for row in session.execute(meant.order_by(EnrolmentRow.enrolled_at, EnrolmentRow.id))}


def enrollable(
    session: Session, programme_code: str, scope: Sequence[str], limit: int, *, words: str = "", after: int | None = None, ids: Collection[int] | None = None
) -> tuple[Enrollable, ...]:
    """Return the active teachers of a scope who do not take part yet in the order of their names: those meant by the words, behind `after`; or these."""
    enrolled = select(EnrolmentRow.id).where(EnrolmentRow.person_id == PersonRow.id, EnrolmentRow.programme_code == programme_code)
    teaches = select(RoleGrantRow.id).where(RoleGrantRow.person_id == PersonRow.id, RoleGrantRow.role == Role.TEACHER.value)
    rows = session.execute(
        select(PersonRow.id, PersonRow.account, PersonRow.name, UnitRow.id, UnitRow.name)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(below(UnitRow.path.expression, scope), PersonRow.active, teaches.exists(), ~enrolled.exists())
        .where(named(words), behind_in_order(session, after), true() if ids is None else PersonRow.id.in_(ids))
        .order_by(*IN_ORDER)
        .limit(limit)
    )
    return tuple(Enrollable(*row) for row in rows)


def one(session: Session, enrolment_id: int) -> Enrolment | None:
    """Return one enrolment."""
    row = session.execute(select(*COLUMNS).where(EnrolmentRow.id == enrolment_id)).first()
    return enrolment_from(row) if row else None


def seats(session: Session, programme_code: str) -> dict[int, tuple[str, str]]:
    """Return the city and the sector of every person of a programme, by person."""
    rows = session.execute(select(EnrolmentRow.person_id, EnrolmentRow.city, EnrolmentRow.sector).where(EnrolmentRow.programme_code == programme_code))
    return {person: (city, sector) for person, city, sector in rows}


def count_by_city(session: Session, programme_code: str) -> dict[str, int]:
    """Count the people of a programme by city."""
    rows = session.execute(select(EnrolmentRow.city, func.count()).where(EnrolmentRow.programme_code == programme_code).group_by(EnrolmentRow.city))
    return dict(rows.all())


def grant_window(session: Session, *, enrolment_id: int, opens: datetime, closes: datetime, reason: str, granted_by: int | None, now: datetime) -> None:
    """Keep a personal window."""
    session.add(PersonalWindowRow(enrolment_id=enrolment_id, opens=opens, closes=closes, reason=reason, granted_at=now, granted_by=granted_by))
    session.flush()
