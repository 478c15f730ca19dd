"""Proposals to annul attempts, and what became of them: table and statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base


class AttemptAnnulmentRow(Base):
    """One proposal; `annulled` tells whether a second person agreed, once it is decided."""

    __tablename__ = "attempt_annulment"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (annulled IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name="decided_whole"),
        CheckConstraint("NOT annulled OR decided_by <> proposed_by", name="two_people"),
        Index("uq_attempt_annulment_waiting", "attempt_id", unique=True, postgresql_where=text("decided_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    reason: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[int] = mapped_column(BigInteger)
    proposed_at: Mapped[datetime]
    annulled: Mapped[bool | None] = mapped_column(default=None)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)


def add(session: Session, row: AttemptAnnulmentRow) -> None:
    """Keep a proposal."""
    session.add(row)
    session.flush()


def waiting_of(session: Session, attempt_id: int) -> AttemptAnnulmentRow | None:
    """Return the proposal of an attempt that waits for a second person, locked."""
    row = AttemptAnnulmentRow
    return session.scalars(select(row).where(row.attempt_id == attempt_id, row.decided_at.is_(None)).with_for_update()).first()


def waiting_for(session: Session, person_id: int, scope: Sequence[str], most: int) -> list[tuple[int, str]]:
    """Return attempt and name of those below the paths whose proposals wait for this person: not her own ones nor one about her; the oldest first."""
    rows = session.execute(
        text(
            "SELECT n.attempt_id, p.name FROM attempt_annulment n JOIN attempt a ON a.id = n.attempt_id JOIN person p ON p.id = a.person_id"
            " JOIN unit u ON u.id = p.unit_id WHERE n.decided_at IS NULL AND :me NOT IN (n.proposed_by, a.person_id) AND u.path LIKE ANY(:below)"
            " ORDER BY n.id LIMIT :most"
        ),
        {"me": person_id, "below": [f"{path}%" for path in scope], "most": most},
    )
    return [(attempt_id, name) for attempt_id, name in rows]
