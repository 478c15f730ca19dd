"""Files that banks are given out as, until they expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, LargeBinary, String, delete, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from lms.kernel.db import Base
from question_bank.domain.exchange import Loss
from question_bank.domain.export import ExportState


class BankExportRow(Base):
    """One file, of the person who asked for it; `losses` names what its format has no place for."""

    __tablename__ = "bank_export"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ready', 'failed')", name="state"),
        CheckConstraint("(state = 'ready') = (content IS NOT NULL)", name="content"),
        Index("ix_bank_export_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    losses: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default_factory=list)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)


@dataclass(frozen=True, slots=True)
class Export:
    """One file as shown."""

    id: int
    form: str
    state: ExportState
    created_at: datetime
    expires_at: datetime
    done: int
    total: int
    losses: tuple[Loss, ...]


def open_export(session: Session, bank_id: int, form: str, *, person_id: int, total: int, now: datetime, until: datetime) -> int:
    """Save that a file is wanted and return its id; one that still waits for the same person is the same."""
    same = (BankExportRow.bank_id == bank_id, BankExportRow.person_id == person_id, BankExportRow.form == form, BankExportRow.state == ExportState.WAITING)
    found = session.scalar(select(BankExportRow.id).where(*same, BankExportRow.expires_at > now).limit(1))
    if found is not None:
        return found
    row = BankExportRow(bank_id=bank_id, person_id=person_id, form=form, state=ExportState.WAITING, created_at=now, expires_at=until, total=total)
    session.add(row)
    session.flush()
    return row.id


def waiting(session: Session) -> list[int]:
    """Return the files that a worker should write, oldest first."""
    return list(session.scalars(select(BankExportRow.id).where(BankExportRow.state == ExportState.WAITING).order_by(BankExportRow.id)))


def take(session: Session, export_id: int) -> tuple[int, int, str] | None:
    """Hold a file against other workers until the transaction ends; returns bank, person and form, None when it is another's or done."""
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('export', :export))"), {"export": export_id}):
        return None
    columns = (BankExportRow.bank_id, BankExportRow.person_id, BankExportRow.form)
    row = session.execute(select(*columns).where(BankExportRow.id == export_id, BankExportRow.state == ExportState.WAITING)).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def tell(session: Session, export_id: int, done: int) -> None:
    """Write how far a worker has come."""
    session.execute(update(BankExportRow).where(BankExportRow.id == export_id).values(done=done))


def finish(session: Session, export_id: int, content: bytes, losses: Sequence[Loss]) -> None:
    """Save a written file."""
    told = [{"place": loss.place, "what": loss.what} for loss in losses]
    session.execute(update(BankExportRow).where(BankExportRow.id == export_id).values(state=ExportState.READY, content=content, losses=told))


def fail(session: Session, export_id: int) -> None:
    """Note that a file could not be written."""
    session.execute(update(BankExportRow).where(BankExportRow.id == export_id).values(state=ExportState.FAILED))


def expire(session: Session, now: datetime) -> None:
    """Drop the files whose time is over."""
    session.execute(delete(BankExportRow).where(BankExportRow.expires_at <= now))


def of_person(session: Session, bank_id: int, export_id: int, person_id: int, now: datetime) -> Export | None:
    """Return a file of a bank that a person asked for and that has not expired, without its bytes."""
    mine = (BankExportRow.id == export_id, BankExportRow.bank_id == bank_id, BankExportRow.person_id == person_id, BankExportRow.expires_at > now)
    row = session.scalar(select(BankExportRow).where(*mine).options(defer(BankExportRow.content)))
    if row is None:
        return None
    losses = tuple(Loss(**loss) for loss in row.losses)
    return Export(row.id, row.form, ExportState(row.state), row.created_at, row.expires_at, row.done, row.total, losses)


def content(session: Session, export_id: int) -> bytes | None:
    """Return a file's bytes."""
    return session.scalar(select(BankExportRow.content).where(BankExportRow.id == export_id))
