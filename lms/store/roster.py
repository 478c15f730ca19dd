"""Roster imports in the database: what came in, and what stood there before."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base
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
