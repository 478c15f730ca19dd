"""The rows that tests arrange, saved in the session given."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from lms.domain.unit import Unit, UnitKind
from lms.kernel.db import Session
from lms.kernel.permissions import Role
from lms.store import unit as unit_store
from lms.store.person import PersonRow
from lms.store.role_grant import RoleGrantRow

ARRANGED = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class UnitTree:
    """A province with two cities: one with a county, two schools and a class, the other with one school."""

    province: Unit
    city: Unit
    county: Unit
    school: Unit
    class_: Unit
    next_school: Unit
    far_city: Unit
    far_school: Unit


# Code, name, kind and parent of each unit of the tree, in the order of its fields.
TREE = {
    "99": ("云江省", UnitKind.PROVINCE, ""),
    "9901": ("清河市", UnitKind.CITY, "99"),
    "990101": ("柳溪县", UnitKind.COUNTY, "9901"),
    "990101-01": ("柳溪县第一小学", UnitKind.SCHOOL, "990101"),
    "990101-01-1": ("柳溪一小研修班", UnitKind.CLASS, "990101-01"),
    "990101-02": ("柳溪县实验中学", UnitKind.SCHOOL, "990101"),
    "9902": ("远山市", UnitKind.CITY, "99"),
    "9902-01": ("远山市第一中学", UnitKind.SCHOOL, "9902"),
}


def unit(session: Session, parent: Unit | None, kind: UnitKind, code: str, name: str) -> Unit:
    """Return the unit of this code, made if it is not there."""
    return unit_store.unit_by_code(session, code) or unit_store.add(session, parent=parent, kind=kind, code=code, name=name)


def unit_tree(session: Session) -> UnitTree:
    """Return the units that every test shares, made if they are not there."""
    found = {unit.code: unit for unit in unit_store.units_in(session, ("/",))}
    for code, (name, kind, parent) in TREE.items():
        if code not in found:
            found[code] = unit_store.add(session, parent=found.get(parent), kind=kind, code=code, name=name)
    return UnitTree(*(found[code] for code in TREE))


def person(
    session: Session, *, account: str, name: str, roles: tuple[Role, ...] = (Role.TEACHER,), unit: Unit | None = None, role_unit: Unit | None = None
) -> int:
    """Save a person (in the tree's first school unless told otherwise) with roles for `role_unit`, and return the id."""
    home = unit or unit_tree(session).school
    row = PersonRow(account=account, name=name, name_pinyin=account, unit_id=home.id, created_at=ARRANGED)
    session.add(row)
    session.flush()
    for role in roles:
        session.add(RoleGrantRow(person_id=row.id, role=role.value, unit_id=(role_unit or home).id, granted_at=ARRANGED))
    session.flush()
    return row.id


def person_id(session: Session, account: str) -> int | None:
    """Return the id of an account, or None."""
    return session.scalar(select(PersonRow.id).where(PersonRow.account == account))
