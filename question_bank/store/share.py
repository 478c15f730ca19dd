"""The shares of banks. A bank without any belongs to the whole platform: roles alone decide."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from lms.kernel.permissions import GRANTS, Permission
from question_bank.domain.share import Right, allows


class BankShareRow(Base):
    """One right of one unit, and of whatever lies under it, on one bank."""

    __tablename__ = "bank_share"
    __table_args__ = (CheckConstraint("\"right\" IN ('read', 'draw', 'write', 'own')", name="right"),)

    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    right: Mapped[str] = mapped_column(String(10))
    granted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Share:
    """One share as shown."""

    unit_id: int
    code: str
    name: str
    right: Right
    granted_at: datetime


# A person's units: the scope of an author's, reviewer's or manager's role; and for what is shared with a unit, not owned by it, whatever lies under that,
# her home too: were the province's bank everybody's who is in the province, there would be nobody to share it with.
def _reaches(person: str) -> str:
    """Return the condition that share `s` with unit `u` reaches a person."""
    return (
        f"EXISTS (SELECT FROM role_grant g JOIN unit w ON w.id = g.unit_id WHERE g.person_id = {person} AND g.role = ANY(:roles)"  # noqa: S608
        " AND (u.path LIKE w.path || '%' OR s.\"right\" <> 'own' AND w.path LIKE u.path || '%'))"
        f" OR s.\"right\" <> 'own' AND EXISTS (SELECT FROM person p JOIN unit h ON h.id = p.unit_id WHERE p.id = {person} AND h.path LIKE u.path || '%')"
    )


_ROLES = [str(role) for role, held in GRANTS.items() if held & {Permission.WRITE_ITEMS, Permission.MANAGE_PEOPLE, Permission.MANAGE_EXAMS}]


def rights(session: Session, person_id: int) -> dict[str, frozenset[Right]]:
    """Return a person's rights on every bank that has shares, by its code; banks without shares are left out."""
    rows = session.execute(
        text(
            f'SELECT b.code, array_agg(s."right") FILTER (WHERE {_reaches(":person")}) FROM bank_share s JOIN bank b ON b.id = s.bank_id'  # noqa: S608
            " JOIN unit u ON u.id = s.unit_id GROUP BY b.code"
        ),
        {"person": person_id, "roles": _ROLES},
    )
    return {code: frozenset(Right(each) for each in found or ()) for code, found in rows}


def key_readers(session: Session, bank_code: str) -> set[int]:
    """Return who may look at a bank's keys: whoever writes or reviews items, where the bank has shares only whom one of them lets read."""
    rows = session.scalars(
        text(
            "SELECT DISTINCT k.person_id FROM role_grant k JOIN bank b ON b.code = :bank WHERE k.role = ANY(:readers)"  # noqa: S608
            " AND (NOT EXISTS (SELECT FROM bank_share s WHERE s.bank_id = b.id) OR EXISTS (SELECT FROM bank_share s JOIN unit u ON u.id = s.unit_id"
            f' WHERE s.bank_id = b.id AND s."right" = ANY(:rights) AND ({_reaches("k.person_id")})))'
        ),
        {
            "bank": bank_code,
            "roles": _ROLES,
            "readers": [str(role) for role, held in GRANTS.items() if Permission.WRITE_ITEMS in held],
            "rights": [str(right) for right in Right if allows((right,), Right.READ)],
        },
    )
    return set(rows)


def hidden(session: Session, person_id: int, wanted: Right) -> set[str]:
    """Return the codes of the banks on which a person lacks a right."""
    return {code for code, held in rights(session, person_id).items() if not allows(held, wanted)}


def locked(session: Session, bank_id: int) -> list[Share]:
    """Return a bank's shares, which nobody else changes until the transaction ends."""
    session.execute(text("SELECT FROM bank WHERE id = :bank FOR UPDATE"), {"bank": bank_id})
    return of_bank(session, bank_id)


def of_bank(session: Session, bank_id: int) -> list[Share]:
    """Return a bank's shares, the owner first."""
    rows = session.execute(
        text(
            'SELECT u.id, u.code, u.name, s."right", s.granted_at FROM bank_share s JOIN unit u ON u.id = s.unit_id'
            " WHERE s.bank_id = :bank ORDER BY s.\"right\" <> 'own', u.path"
        ),
        {"bank": bank_id},
    )
    return [Share(unit, code, name, Right(right), at) for unit, code, name, right, at in rows]


def unit_of_code(session: Session, code: str) -> int | None:
    """Return the id of a unit."""
    found: int | None = session.scalar(text("SELECT id FROM unit WHERE code = :code"), {"code": code})
    return found


def home_of(session: Session, person_id: int) -> tuple[int, str] | None:
    """Return the unit for which a person reviews items and its name: of several the one highest up, which takes the bank from the fewest."""
    statement = (
        "SELECT u.id, u.name FROM role_grant g JOIN unit u ON u.id = g.unit_id WHERE g.person_id = :person AND g.role = 'reviewer'"
        " ORDER BY length(u.path), g.id LIMIT 1"
    )
    found = session.execute(text(statement), {"person": person_id}).first()
    return (found.id, found.name) if found else None


def units(session: Session) -> list[tuple[str, str]]:
    """Return the units a bank can be shared with, above schools, by code."""
    rows = session.execute(text("SELECT code, name FROM unit WHERE kind IN ('province', 'city', 'county') ORDER BY path LIMIT 500"))
    return [(code, name) for code, name in rows]


def put(session: Session, bank_id: int, unit_id: int, right: Right, *, person_id: int, now: datetime) -> None:
    """Give a unit a right in place of the one it has."""
    values = {"right": right, "granted_by": person_id, "granted_at": now}
    statement = insert(BankShareRow).values(bank_id=bank_id, unit_id=unit_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["bank_id", "unit_id"], set_=values))


def take(session: Session, bank_id: int, unit_id: int) -> None:
    """Take a unit's right away."""
    session.execute(delete(BankShareRow).where(BankShareRow.bank_id == bank_id, BankShareRow.unit_id == unit_id))
