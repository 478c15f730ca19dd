"""Requests to erase one's personal data, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from lms.store.person import PersonRow
from lms.store.unit import UnitRow, below


class ErasureRequestRow(Base):
    """One request; at most one of a person is undecided."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (granted IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name="decided_whole"),
        Index("uq_erasure_request_open", "person_id", unique=True, postgresql_where=text("decided_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
    granted: Mapped[bool | None] = mapped_column(default=None)
    answer: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True, slots=True)
class Erasure:
    """The newest request of a person; `granted` None until it is decided."""

    asked_at: datetime
    granted: bool | None
    answer: str


def newest(session: Session, person_id: int) -> Erasure | None:
    """Return a person's newest request."""
    query = select(ErasureRequestRow).where(ErasureRequestRow.person_id == person_id).order_by(ErasureRequestRow.id.desc()).limit(1)
    row = session.scalars(query).first()
    return None if row is None else Erasure(row.asked_at, row.granted, row.answer)


def ask(session: Session, person_id: int, now: datetime) -> bool:
    """Keep a request; tells whether none was open."""
    statement = insert(ErasureRequestRow).values(person_id=person_id, asked_at=now, answer="").on_conflict_do_nothing()
    return session.execute(statement.returning(ErasureRequestRow.id)).first() is not None


def decide(session: Session, person_id: int, *, granted: bool, answer: str, actor_id: int, now: datetime) -> bool:
    """Decide the open request; tells whether there was one."""
    query = update(ErasureRequestRow).where(ErasureRequestRow.person_id == person_id, ErasureRequestRow.decided_at.is_(None))
    decided = query.values(decided_at=now, decided_by=actor_id, granted=granted, answer=answer)
    return session.execute(decided.returning(ErasureRequestRow.id)).first() is not None


def waiting(session: Session, scope: Sequence[str], limit: int) -> tuple[tuple[int, str], ...]:
    """Return who (id and name) of a scope waits for a decision, the longest first."""
    query = (
        select(PersonRow.id, PersonRow.name)
        .join(ErasureRequestRow, ErasureRequestRow.person_id == PersonRow.id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(ErasureRequestRow.decided_at.is_(None), below(UnitRow.path.expression, scope))
    )
    return tuple((person_id, name) for person_id, name in session.execute(query.order_by(ErasureRequestRow.asked_at, PersonRow.id).limit(limit)))


def erase(session: Session, person_id: int) -> None:
    """Forget what signs a person in and her numbers; name and school stay with the hours, marks and certificates that need them."""
    session.execute(
        update(PersonRow)
        .where(PersonRow.id == person_id)
        .values(
            phone_sealed=None, phone_blind=None, identity_sealed=None, identity_blind=None, post="", password_hash=None, activation_hash=None,
            activation_ends_at=None, active=False,
        )
    )  # fmt: skip
