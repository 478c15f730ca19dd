"""Staged imports: a file's rows, parsed and judged, until somebody commits or discards them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import Base
from lms.kernel.refusal import N_, Conflict
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import MESSAGES, Fault
from question_bank.domain.likeness import ALIKE
from question_bank.domain.staging import Choice, Line, NotYours, Report, State, Verdict


class ImportBatchRow(Base):
    """One uploaded file."""

    __tablename__ = "import_batch"
    __table_args__ = (CheckConstraint(f"state IN ({', '.join(repr(str(state)) for state in State)})", name="state"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    losses: Mapped[list[dict[str, str]]] = mapped_column(JSONB, deferred=True)  # thousands, which only one page shows
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    done: Mapped[int] = mapped_column(Integer, default=0)  # of the rows, while a worker has it
    total: Mapped[int] = mapped_column(Integer, default=0)
    refusal: Mapped[str | None] = mapped_column(String(60), default=None)  # why the file could not be read


class ImportSourceRow(Base):
    """An uploaded file that a worker has yet to read."""

    __tablename__ = "import_source"

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    pool: Mapped[str] = mapped_column(String(20))


_AT_ONCE = 500  # rows sent at a time
_NAME = 120  # signs: a longer name is a fault, and its beginning enough to find the row by


class ImportLineRow(Base):
    """One item of an uploaded file, as it stands: the author may still change it."""

    __tablename__ = "import_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        Index("ix_import_line_batch_id_name", "batch_id", "name"),
        Index("ix_import_line_batch_id_content_hash", "batch_id", "content_hash"),
        CheckConstraint("verdict IN ('new', 'change', 'same', 'refused', 'skipped')", name="verdict"),
        CheckConstraint("choice IN ('new', 'update', 'skip')", name="choice"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    position: Mapped[int] = mapped_column(Integer)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    faults: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    verdict: Mapped[str] = mapped_column(String(20))
    # By these a row is found with those it may be at odds with.
    name: Mapped[str] = mapped_column(String(_NAME))
    content_hash: Mapped[str] = mapped_column(String(64))
    item_id: Mapped[int | None] = mapped_column(BigInteger, default=None)  # the item of the bank that the row is
    twin: Mapped[str | None] = mapped_column(String(120), default=None)
    twin_row: Mapped[int | None] = mapped_column(Integer, default=None)  # the position of an earlier row
    likeness: Mapped[int | None] = mapped_column(Integer, default=None)
    choice: Mapped[str] = mapped_column(String(10), default=Choice.NEW)


@dataclass(frozen=True, slots=True)
class Batch:
    """One uploaded file as shown."""

    id: int
    file_name: str
    format: str
    state: State
    person_id: int
    created_at: datetime
    done: int
    total: int
    refusal: str | None


class BatchClosed(Conflict):
    """The import was committed or discarded already, or a worker has it."""

    code = "import_closed"
    message = N_("这次导入已经结束或正在后台处理，请刷新后查看。")


def open_batch(session: Session, bank_id: int, file_name: str, *, person_id: int, now: datetime) -> int:
    """Save a file's name and return the batch's id."""
    batch = ImportBatchRow(bank_id=bank_id, person_id=person_id, file_name=file_name[:200], format="", state=State.WAITING, losses=[], created_at=now)
    session.add(batch)
    session.flush()
    return batch.id


def keep_source(session: Session, batch_id: int, content: bytes, pool: str) -> None:
    """Save a file for a worker to read."""
    session.add(ImportSourceRow(batch_id=batch_id, content=content, pool=pool))
    session.flush()


def source(session: Session, batch_id: int) -> tuple[bytes, str]:
    """Return a file to be read and the pool of its rows that name none."""
    row = session.execute(select(ImportSourceRow.content, ImportSourceRow.pool).where(ImportSourceRow.batch_id == batch_id)).one()
    return row[0], row[1]


def waiting(session: Session) -> list[int]:
    """Return the batches that a worker should have, oldest first."""
    busy = [state for state in State if state.is_busy]
    return list(session.scalars(select(ImportBatchRow.id).where(ImportBatchRow.state.in_(busy)).order_by(ImportBatchRow.id)))


def take(session: Session, batch_id: int) -> bool:
    """Hold a batch against other workers until the transaction ends; tells whether nobody else has it."""
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended('import', :batch))"), {"batch": batch_id}))


def standing(session: Session, batch_id: int) -> tuple[State, int, int]:
    """Return where a batch stands now, its bank and who brought it."""
    row = session.execute(select(ImportBatchRow.state, ImportBatchRow.bank_id, ImportBatchRow.person_id).where(ImportBatchRow.id == batch_id)).one()
    return State(row[0]), row[1], row[2]


def tell(session: Session, batch_id: int, state: State, *, done: int, total: int) -> None:
    """Write how far a worker has come; raises BatchClosed when it is not its any longer."""
    _change(session, batch_id, state, done=done, total=total)


def move(session: Session, batch_id: int, before: State, after: State, now: datetime | None = None, *, refusal: str | None = None) -> None:
    """Write where a batch stands; raises BatchClosed when it stands elsewhere than `before`. The file itself is dropped once it is read."""
    _change(session, batch_id, before, state=after, closed_at=now, refusal=refusal, done=0, total=0)
    session.execute(delete(ImportSourceRow).where(ImportSourceRow.batch_id == batch_id))


def _change(session: Session, batch_id: int, before: State, **values: object) -> None:
    moving = update(ImportBatchRow).where(ImportBatchRow.id == batch_id, ImportBatchRow.state == before).values(**values)
    if session.scalar(moving.returning(ImportBatchRow.id)) is None:
        raise BatchClosed


def fill(session: Session, batch_id: int, report: Report) -> None:
    """Save a file's rows: now they can be looked at."""
    losses = [{"place": loss.place, "what": loss.what} for loss in report.losses]
    session.execute(update(ImportBatchRow).where(ImportBatchRow.id == batch_id).values(format=report.format, losses=losses))
    for begin in range(0, len(report.lines), _AT_ONCE):
        some = enumerate(report.lines[begin : begin + _AT_ONCE], start=begin)
        session.execute(insert(ImportLineRow), [{"batch_id": batch_id, "position": position, **_values(line)} for position, line in some])


def _values(line: Line) -> dict[str, object]:
    return {
        "draft": _plain(line.draft),
        "faults": [{"code": each.code, "field": each.field} for each in line.faults],
        "verdict": line.verdict,
        "name": str(_writable(line.asked.external_id[:_NAME])),
        "content_hash": line.draft.content_hash,
        "item_id": line.item_id,
        "twin": line.twin,
        "twin_row": line.twin_row,
        "likeness": line.likeness,
        "choice": line.choice,
    }


def _plain(draft: Draft) -> dict[str, Any]:
    # PostgreSQL's JSON holds no zero byte; the fault "control characters" is already noted beside it.
    return {name: _writable(value) for name, value in msgspec.to_builtins(draft).items()}


def _writable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {name: _writable(each) for name, each in value.items()}
    return value


def batch_of(session: Session, bank_id: int, batch_id: int, person_id: int, *, lock: bool = False) -> Batch | None:
    """Return a batch of a bank to the person who uploaded it; raises NotYours to anybody else."""
    query = select(ImportBatchRow).where(ImportBatchRow.bank_id == bank_id, ImportBatchRow.id == batch_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is not None and row.person_id != person_id:
        raise NotYours
    return _batch(row) if row else None


def topics(session: Session, batch_id: int) -> dict[str, int]:
    """Return how many rows that would be written name each topic, most first."""
    topic, number = ImportLineRow.draft["topic"].astext, func.count()
    query = select(topic, number).where(ImportLineRow.batch_id == batch_id, ImportLineRow.verdict.in_([Verdict.NEW, Verdict.CHANGE])).group_by(topic)
    return {name: count for name, count in session.execute(query.order_by(number.desc(), topic)) if name}


def losses(session: Session, batch_id: int) -> tuple[Loss, ...]:
    """Return what of a file is not kept."""
    return tuple(Loss(**loss) for loss in session.scalars(select(ImportBatchRow.losses).where(ImportBatchRow.id == batch_id)).one())


def batches(session: Session, bank_id: int) -> list[Batch]:
    """Return the newest batches of a bank."""
    return [
        _batch(row) for row in session.scalars(select(ImportBatchRow).where(ImportBatchRow.bank_id == bank_id).order_by(ImportBatchRow.id.desc()).limit(20))
    ]


def _batch(row: ImportBatchRow) -> Batch:
    return Batch(row.id, row.file_name, row.format, State(row.state), row.person_id, row.created_at, row.done, row.total, row.refusal)


def counts(session: Session, batch_id: int) -> dict[Verdict, int]:
    """Return how many rows of a batch have each verdict."""
    rows = session.execute(select(ImportLineRow.verdict, func.count()).where(ImportLineRow.batch_id == batch_id).group_by(ImportLineRow.verdict))
    found = {Verdict(verdict): number for verdict, number in rows}
    return {verdict: found.get(verdict, 0) for verdict in Verdict}


_ALIKE = (ImportLineRow.likeness >= ALIKE, ImportLineRow.verdict == Verdict.NEW)


def alike(session: Session, batch_id: int) -> int:
    """Return how many new rows are much like an item of the bank or an earlier row."""
    return session.scalar(select(func.count()).where(ImportLineRow.batch_id == batch_id, *_ALIKE)) or 0


def lines(session: Session, batch_id: int, verdict: Verdict | None = None) -> list[Line]:
    """Return the rows of a batch, all or those of one verdict, in the file's order."""
    query = select(ImportLineRow).where(ImportLineRow.batch_id == batch_id)
    if verdict is not None:
        query = query.where(ImportLineRow.verdict == verdict)
    return [_line(row) for row in session.scalars(query.order_by(ImportLineRow.position))]


def at(session: Session, batch_id: int, positions: Collection[int]) -> dict[int, Line]:
    """Return some rows by position."""
    rows = session.scalars(select(ImportLineRow).where(ImportLineRow.batch_id == batch_id, ImportLineRow.position.in_(positions)))
    return {row.position: _line(row) for row in rows}


def other(session: Session, batch_id: int, verdict: Verdict, position: int) -> int | None:
    """Return the next row of a verdict behind a position, or the first before it."""
    where = (ImportLineRow.batch_id == batch_id, ImportLineRow.verdict == verdict, ImportLineRow.position != position)
    return session.scalar(select(ImportLineRow.position).where(*where).order_by(ImportLineRow.position < position, ImportLineRow.position).limit(1))


def kin(session: Session, batch_id: int, lines: Mapping[int, Line]) -> dict[int, Line]:
    """Return the rows that go by the name, hold the content or are the twin of one of some, by position."""
    marks = [_values(line) for line in lines.values()]
    names, contents = {mark["name"] for mark in marks} - {""}, {mark["content_hash"] for mark in marks}
    twins = {line.twin_row for line in lines.values() if line.twin_row is not None}
    found = or_(
        ImportLineRow.name.in_(names), ImportLineRow.content_hash.in_(contents), ImportLineRow.position.in_(twins), ImportLineRow.twin_row.in_(lines.keys())
    )
    return {row.position: _line(row) for row in session.scalars(select(ImportLineRow).where(ImportLineRow.batch_id == batch_id, found))}


def shown(session: Session, batch_id: int, verdict: str, *, begin: int, limit: int) -> list[tuple[int, Line]]:
    """Return some rows with their positions: those with faults first, then those with a twin or namesake, then the file's order."""
    query = select(ImportLineRow).where(ImportLineRow.batch_id == batch_id)
    if verdict in set(Verdict):
        query = query.where(ImportLineRow.verdict == verdict)
    order = (ImportLineRow.verdict != Verdict.REFUSED, ImportLineRow.likeness.is_(None), ImportLineRow.position)
    return [(row.position, _line(row)) for row in session.scalars(query.order_by(*order).offset(begin).limit(limit))]


def _line(row: ImportLineRow) -> Line:
    return Line(
        draft=msgspec.convert(row.draft, Draft),
        verdict=Verdict(row.verdict),
        faults=tuple(Fault(each["code"], MESSAGES[each["code"]], each["field"]) for each in row.faults),
        twin=row.twin,
        twin_row=row.twin_row,
        item_id=row.item_id,
        likeness=row.likeness,
        choice=Choice(row.choice),
    )


def rejudge(session: Session, batch_id: int, judged: Mapping[int, Line]) -> None:
    """Write drafts and verdicts of some rows anew."""
    where = (ImportLineRow.batch_id == batch_id, ImportLineRow.position == bindparam("at"))
    if judged:
        rows = [{"at": position, **_values(line)} for position, line in judged.items()]
        session.connection().execute(update(ImportLineRow).where(*where), rows)


def skip_alike(session: Session, batch_id: int) -> None:
    """Leave out every new row that is much like an item of the bank or an earlier row."""
    session.execute(update(ImportLineRow).where(ImportLineRow.batch_id == batch_id, *_ALIKE).values(verdict=Verdict.SKIPPED, choice=Choice.SKIP))
