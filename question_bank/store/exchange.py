"""Staged imports: a file's rows, parsed and checked, until somebody commits or discards them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base


class ImportBatchRow(Base):
    """One uploaded file."""

    __tablename__ = "import_batch"
    __table_args__ = (CheckConstraint("state IN ('staged', 'committed', 'discarded')", name="state"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    losses: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class ImportLineRow(Base):
    """One item of an uploaded file, as it stands: the author may still change it."""

    __tablename__ = "import_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        CheckConstraint("verdict IN ('new', 'change', 'same', 'refused')", name="verdict"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    position: Mapped[int] = mapped_column(Integer)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    faults: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    verdict: Mapped[str] = mapped_column(String(20))
    twin: Mapped[str | None] = mapped_column(String(120), default=None)
    likeness: Mapped[int | None] = mapped_column(Integer, default=None)
