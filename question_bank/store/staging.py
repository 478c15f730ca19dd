"""Staged imports: a file's rows, parsed and judged, until somebody commits or discards them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, String, UniqueConstraint, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import MESSAGES, Fault
from question_bank.domain.staging import Line, Report, Verdict


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


@dataclass(frozen=True, slots=True)
class Batch:
    """One uploaded file as shown."""

    id: int
    file_name: str
    format: str
    state: str
    person_id: int
    created_at: datetime
    losses: tuple[Loss, ...]


def add(session: Session, bank_id: int, report: Report, *, file_name: str, person_id: int, now: datetime) -> int:
    """Save a file's rows and return the batch's id."""
    batch = ImportBatchRow(
        bank_id=bank_id,
        person_id=person_id,
        file_name=file_name[:200],
        format=report.format,
        state="staged",
        losses=[{"place": loss.place, "what": loss.what} for loss in report.losses],
        created_at=now,
    )
    session.add(batch)
    session.flush()
    session.add_all(
        ImportLineRow(
            batch_id=batch.id,
            position=position,
            draft=_plain(line.draft),
            faults=_codes(line),
            verdict=line.verdict,
            twin=line.twin,
            likeness=line.likeness,
        )
        for position, line in enumerate(report.lines)
    )
    session.flush()
    return batch.id


def _plain(draft: Draft) -> dict[str, Any]:
    # PostgreSQL's JSON holds no zero byte; the fault "control characters" is already noted beside it.
    return {name: _writable(value) for name, value in asdict(draft).items()}


def _writable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {name: _writable(each) for name, each in value.items()}
    return value


def _codes(line: Line) -> list[dict[str, str]]:
    return [{"code": each.code, "field": each.field} for each in line.faults]


def batch_of(session: Session, bank_id: int, batch_id: int, *, lock: bool = False) -> Batch | None:
    """Return one batch of a bank."""
    query = select(ImportBatchRow).where(ImportBatchRow.bank_id == bank_id, ImportBatchRow.id == batch_id)
    row = session.scalar(query.with_for_update() if lock else query)
    return _batch(row) if row else None


def batches(session: Session, bank_id: int) -> list[Batch]:
    """Return the newest batches of a bank."""
    return [
        _batch(row) for row in session.scalars(select(ImportBatchRow).where(ImportBatchRow.bank_id == bank_id).order_by(ImportBatchRow.id.desc()).limit(20))
    ]


def _batch(row: ImportBatchRow) -> Batch:
    losses = tuple(Loss(**loss) for loss in row.losses)
    return Batch(row.id, row.file_name, row.format, row.state, row.person_id, row.created_at, losses)


def lines(session: Session, batch_id: int) -> list[Line]:
    """Return every row of a batch in the file's order."""
    rows = session.scalars(select(ImportLineRow).where(ImportLineRow.batch_id == batch_id).order_by(ImportLineRow.position))
    return [
        Line(
            draft=msgspec.convert(row.draft, Draft),
            verdict=Verdict(row.verdict),
            faults=tuple(Fault(each["code"], MESSAGES[each["code"]], each["field"]) for each in row.faults),
            twin=row.twin,
            likeness=row.likeness,
        )
        for row in rows
    ]


def rejudge(session: Session, batch_id: int, judged: Sequence[Line]) -> None:
    """Write drafts and verdicts anew."""
    rows = session.scalars(select(ImportLineRow).where(ImportLineRow.batch_id == batch_id).order_by(ImportLineRow.position))
    for row, line in zip(rows, judged, strict=True):
        row.draft, row.faults, row.verdict = _plain(line.draft), _codes(line), line.verdict
        row.twin, row.likeness = line.twin, line.likeness
    session.flush()


def close(session: Session, batch_id: int, state: str, now: datetime) -> None:
    """Mark a batch as committed or discarded."""
    session.execute(update(ImportBatchRow).where(ImportBatchRow.id == batch_id).values(state=state, closed_at=now))
