"""Roles that people hold, in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from lms.domain.person import Person, RoleGrant
from lms.kernel.db import Base
from lms.kernel.permissions import Role
from lms.store.person import PersonRow, people_of
from lms.store.unit import UnitRow, below

_ROLES = ", ".join(f"'{role.value}'" for role in Role)


class RoleGrantRow(Base):
    """One role held by a person for a unit and what lies under it."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role", "unit_id"), CheckConstraint(f"role IN ({_ROLES})", name="role"))

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(30))
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(UnitRow.id), index=True)
    granted_at: Mapped[datetime]
    granted_by: Mapped[int | None] = mapped_column(BigInteger, default=None)


def grants_of(session: Session, person_id: int) -> list[RoleGrant]:
    """Return the roles of a person with their units."""
    query = (
        select(RoleGrantRow.id, RoleGrantRow.role, UnitRow.id, UnitRow.name, UnitRow.path)
        .join(UnitRow, UnitRow.id == RoleGrantRow.unit_id)
        .where(RoleGrantRow.person_id == person_id)
        .order_by(UnitRow.path, RoleGrantRow.role)
    )
    return [
        RoleGrant(id=grant_id, role=Role(role), unit_id=unit_id, unit_name=name, unit_path=path)
        for grant_id, role, unit_id, name, path in session.execute(query)
    ]


def staff_in(session: Session, scope: Sequence[str]) -> list[tuple[Person, RoleGrant]]:
    """Return everybody who holds a role other than teacher for a unit of the scope."""
    held = aliased(UnitRow)
    query = (
        select(PersonRow.id, RoleGrantRow.id, RoleGrantRow.role, held.id, held.name, held.path)
        .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
        .join(held, held.id == RoleGrantRow.unit_id)
        .where(RoleGrantRow.role != Role.TEACHER.value, below(held.path.expression, scope))
        .order_by(held.path, PersonRow.name_pinyin, RoleGrantRow.id)
        .limit(500)
    )
    rows = session.execute(query).all()
    found = {person.id: person for person in people_of(session, {row[0] for row in rows})}
    return [
        (found[person_id], RoleGrant(id=grant_id, role=Role(role), unit_id=unit_id, unit_name=name, unit_path=path))
        for person_id, grant_id, role, unit_id, name, path in rows
    ]


def staff_among(session: Session, ids: Sequence[int]) -> set[int]:
    """Return those of the people who hold a role other than teacher."""
    query = select(RoleGrantRow.person_id).where(RoleGrantRow.person_id.in_(ids), RoleGrantRow.role != Role.TEACHER.value)
    return set(session.scalars(query.distinct()))


def holders(session: Session, roles: Collection[Role]) -> list[int]:
    """Return the active people who hold one of the roles somewhere."""
    held = select(RoleGrantRow.person_id).where(RoleGrantRow.role.in_([role.value for role in roles]))
    return list(session.scalars(select(PersonRow.id).where(PersonRow.id.in_(held), PersonRow.active).order_by(PersonRow.id)))


def add_grant(session: Session, *, person_id: int, role: Role, unit_id: int, by: int | None, now: datetime) -> bool:
    """Grant a role; return False if it is held already."""
    values = {"person_id": person_id, "role": role.value, "unit_id": unit_id, "granted_by": by, "granted_at": now}
    return session.execute(insert(RoleGrantRow).values(values).on_conflict_do_nothing().returning(RoleGrantRow.id)).first() is not None


def remove_grant(session: Session, grant_id: int) -> None:
    """Take a role back."""
    session.execute(delete(RoleGrantRow).where(RoleGrantRow.id == grant_id))
