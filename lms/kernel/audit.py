"""The append-only record of who did what, written in the transaction of the act."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base


class AuditEntry(Base):
    """One act: who, when, what, on what."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "at"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
        Index("ix_audit_entry_action", "action", "id"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    detail: Mapped[Any] = mapped_column(JSONB)


def record(session: Session, *, actor_id: int | None, action: str, subject: str, now: datetime, **detail: object) -> None:
    """Write one act; `subject` is a noun and an id such as `attempt:12`; no personal data in `detail`."""
    session.add(AuditEntry(at=now, actor_id=actor_id, action=action, subject=subject, detail=detail))
