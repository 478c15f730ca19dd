"""Sign-ins in the database: what a cookie's token stands for, read once per request."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base, transaction
from lms.kernel.identity import Identity
from lms.kernel.permissions import Role
from lms.store.person import PersonRow


class LoginRow(Base):
    """One sign-in on one device; ending the row ends the sign-in at once."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_person_id", "person_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


_IDENTITY = text(
    "SELECT login.id, person.id, person.name, array(SELECT DISTINCT role FROM role_grant WHERE role_grant.person_id = person.id) "
    "FROM login JOIN person ON person.id = login.person_id "
    "WHERE login.token_hash = :token_hash AND login.ended_at IS NULL AND login.ends_at > :now AND person.active"
)


def identity_of(token_hash: bytes, now: datetime) -> Identity | None:
    """Return who a token stands for, by one query; None once the sign-in has ended or the account is disabled."""
    with transaction() as session:
        found = session.execute(_IDENTITY, {"token_hash": token_hash, "now": now}).one_or_none()
    if found is None:
        return None
    login_id, person_id, name, roles = found
    # The token itself is not kept, so a loaded identity carries none: only a fresh sign-in puts one into a cookie.
    return Identity(person_id=person_id, name=name, roles=frozenset(Role(role) for role in roles), login_id=login_id, token="")


def add(session: Session, *, token_hash: bytes, person_id: int, device: str, now: datetime, ends_at: datetime) -> int:
    """Insert a sign-in and return its id."""
    row = LoginRow(token_hash=token_hash, person_id=person_id, created_at=now, ends_at=ends_at, device=device)
    session.add(row)
    session.flush()
    return row.id
