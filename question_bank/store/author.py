"""The people behind items, by the platform's table names: an account's id and roles, and the names to show."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.kernel.permissions import Role


def account(session: Session, name: str) -> tuple[int, frozenset[Role]] | None:
    """Return the id and the roles of an active account."""
    row = session.execute(
        text("SELECT p.id, ARRAY(SELECT role FROM role_grant WHERE person_id = p.id) FROM person p WHERE p.account = :name AND p.active"), {"name": name}
    ).one_or_none()
    return (row[0], frozenset(Role(role) for role in row[1])) if row else None


def names(session: Session, person_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the names of people."""
    rows = session.execute(text("SELECT id, name FROM person WHERE id = ANY(:ids)"), {"ids": list(person_ids)})
    return {person_id: name for person_id, name in rows}  # noqa: C416 - a Row is no pair for dict()
