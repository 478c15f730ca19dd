"""An account's id and roles, for commands that act in a person's name; read by the platform's table names."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.kernel.permissions import Role


def account(session: Session, name: str) -> tuple[int, frozenset[Role]] | None:
    """Return the id and the roles of an active account."""
    row = session.execute(
        text("SELECT p.id, ARRAY(SELECT role FROM role_grant WHERE person_id = p.id) FROM person p WHERE p.account = :name AND p.active"), {"name": name}
    ).one_or_none()
    return (row[0], frozenset(Role(role) for role in row[1])) if row else None
