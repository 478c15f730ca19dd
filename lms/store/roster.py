"""Roster imports in the database: what came in, and what stood there before."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ForeignKey, Integer, String, select, text, update
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.domain.roster import UndoTooLate
from lms.kernel import db
from lms.kernel.db import Base
from lms.kernel.permissions import Role
from lms.store.person import PersonRow


class RosterImportRow(Base):
    """One file taken in."""

    __tablename__ = "roster_import"

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    imported_by: Mapped[int | None] = mapped_column(BigInteger)
    imported_at: Mapped[datetime]
    created: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)


class RosterChangeRow(Base):
    """One person created (`before` is null) or changed by an import."""

    __tablename__ = "roster_change"

    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("roster_import.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"), primary_key=True, index=True)
    before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One person to insert, ready for the database."""

    account: str
    name: str
    name_pinyin: str
    unit_id: int
    post: str = ""
    phone_sealed: bytes | None = None
    phone_blind: bytes | None = None
    identity_sealed: bytes | None = None
    identity_blind: bytes | None = None
    password_hash: str | None = None
    roles: tuple[tuple[Role, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of an account that a roster names."""

    id: int
    account: str
    name: str
    name_pinyin: str
    unit_id: int
    unit_path: str
    post: str
    phone_sealed: bytes | None
    phone_blind: bytes | None
    identity_sealed: bytes | None
    identity_blind: bytes | None


def known(session: Session, accounts: Collection[str]) -> dict[str, Known]:
    """Return what is there of these accounts."""
    found = session.execute(
        text(
            "SELECT person.id, account, person.name, name_pinyin, unit_id, path, post, phone_sealed, phone_blind, identity_sealed, identity_blind "
            "FROM person JOIN unit ON unit.id = unit_id WHERE account = ANY(:accounts)"
        ),
        {"accounts": list(accounts)},
    )
    return {row.account: Known(*row) for row in found}


def owners(session: Session, column: str, blinds: Collection[bytes]) -> dict[bytes, str]:
    """Return the accounts that own these phone or identity numbers."""
    field = {"phone": PersonRow.phone_blind, "identity": PersonRow.identity_blind}[column]
    rows = session.execute(text(f"SELECT {field.key}, account FROM person WHERE {field.key} = ANY(:blinds)"), {"blinds": list(blinds)})  # noqa: S608 - our own column names
    return {bytes(blind): account for blind, account in rows}


def insert_people(session: Session, newcomers: Sequence[Newcomer], now: datetime) -> list[int]:
    """Insert people with their roles by COPY and return their ids in order."""
    if not newcomers:
        return []
    ids = db.next_ids(session, "person", len(newcomers))
    db.copy_rows(
        session,
        "person (id, account, name, name_pinyin, unit_id, created_at, post, password_hash, phone_sealed, phone_blind, identity_sealed, identity_blind, active)",
        (
            (person_id, one.account, one.name, one.name_pinyin, one.unit_id, now, one.post, one.password_hash, *_numbers(one), True)
            for person_id, one in zip(ids, newcomers, strict=True)
        ),
    )
    grants = ((person_id, role.value, unit_id, now) for person_id, one in zip(ids, newcomers, strict=True) for role, unit_id in one.roles)
    db.copy_rows(session, "role_grant (person_id, role, unit_id, granted_at)", grants)
    return ids


def _numbers(one: Newcomer) -> tuple[bytes | None, ...]:
    return one.phone_sealed, one.phone_blind, one.identity_sealed, one.identity_blind


def insert_consents(session: Session, ids: Iterable[int], version: str, now: datetime) -> None:
    """Keep that people accepted a version of the text."""
    db.copy_rows(session, "consent (person_id, version, given_at)", ((person_id, version, now) for person_id in ids))


def change_people(session: Session, changes: Sequence[Mapping[str, object]]) -> None:
    """Change people by id."""
    if changes:
        session.execute(update(PersonRow), list(changes))


def move_teachers(session: Session, ids: Collection[int]) -> None:
    """Have the teacher's role follow people to the unit they now belong to."""
    session.execute(
        text("UPDATE role_grant SET unit_id = person.unit_id FROM person WHERE person.id = person_id AND role = 'teacher' AND person_id = ANY(:ids)"),
        {"ids": list(ids)},
    )


def record(session: Session, row: RosterImportRow, created: Sequence[int], before: Mapping[int, Mapping[str, object]]) -> int:
    """Keep an import with whom it created and what stood there before."""
    session.add(row)
    session.flush()
    lines = [(row.id, person_id, None) for person_id in created]
    lines += [(row.id, person_id, msgspec.json.encode(old).decode()) for person_id, old in before.items()]  # type: ignore[misc]
    db.copy_rows(session, "roster_change (import_id, person_id, before)", lines)
    return row.id


def locked(session: Session, import_id: int) -> RosterImportRow | None:
    """Return an import, locked."""
    return session.get(RosterImportRow, import_id, with_for_update=True)


@dataclass(frozen=True, slots=True)
class RosterImport:
    """One import as shown in the list."""

    id: int
    unit_name: str
    file_name: str
    imported_at: datetime
    created: int
    changed: int
    undone_at: datetime | None


def imports_in(session: Session, scope: Sequence[str], limit: int = 20) -> list[RosterImport]:
    """Return the newest imports into the units of a scope."""
    rows = session.execute(
        text(
            "SELECT roster_import.id, unit.name, file_name, imported_at, created, changed, undone_at FROM roster_import "
            "JOIN unit ON unit.id = unit_id WHERE path LIKE ANY(:scope) ORDER BY roster_import.id DESC LIMIT :limit"
        ),
        {"scope": [f"{top}%" for top in scope], "limit": limit},
    )
    return [RosterImport(*row) for row in rows]


def changed_later(session: Session, import_id: int) -> bool:
    """Tell whether a later import that stands changed anybody of this one."""
    query = text(
        "SELECT EXISTS(SELECT 1 FROM roster_change mine JOIN roster_change later USING (person_id) "
        "JOIN roster_import ON roster_import.id = later.import_id "
        "WHERE mine.import_id = :id AND later.import_id > :id AND undone_at IS NULL)"
    )
    return bool(session.scalar(query, {"id": import_id}))


def befores(session: Session, import_id: int) -> dict[int, dict[str, Any]]:
    """Return what stood there before an import changed it."""
    query = select(RosterChangeRow.person_id, RosterChangeRow.before).where(RosterChangeRow.import_id == import_id, RosterChangeRow.before.is_not(None))
    return {person_id: before for person_id, before in session.execute(query)}  # noqa: C416 - rows, not pairs


def delete_created(session: Session, import_id: int) -> int:
    """Delete whom an import created and who never used the account; raises UndoTooLate where something depends on one."""
    query = text(
        "DELETE FROM person USING roster_change WHERE roster_change.person_id = person.id AND import_id = :id "
        "AND before IS NULL AND password_hash IS NULL RETURNING person.id"
    )
    try:
        return len(session.execute(query, {"id": import_id}).all())
    except IntegrityError:
        raise UndoTooLate from None
