"""People and their roles in the database."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from lms.kernel.permissions import Role
from lms.store.unit import UnitRow

_ROLES = ", ".join(f"'{role.value}'" for role in Role)


class PersonRow(Base):
    """One account. Identity number and phone are sealed; the blind columns find them by keyed hash."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_name_pinyin", "name_pinyin", "id"),
        Index("ix_person_unit_id", "unit_id", "name_pinyin", "id"),
        CheckConstraint("(phone_sealed IS NULL) = (phone_blind IS NULL)", name="phone"),
        CheckConstraint("(identity_sealed IS NULL) = (identity_blind IS NULL)", name="identity"),
    )

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    account: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    name_pinyin: Mapped[str] = mapped_column(String(200, collation="C"))
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(UnitRow.id))
    created_at: Mapped[datetime]
    post: Mapped[str] = mapped_column(String(60), default="")
    audience: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    activation_hash: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    activation_ends_at: Mapped[datetime | None] = mapped_column(default=None)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    phone_blind: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    identity_blind: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    active: Mapped[bool] = mapped_column(default=True)


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


class ConsentRow(Base):
    """A person accepted one version of the text on personal information."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("person_id", "version"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
