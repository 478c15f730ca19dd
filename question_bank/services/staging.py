"""Staged import in the browser: upload, look, mend rows, commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Conflict, Missing
from question_bank.domain.draft import Draft, tidy
from question_bank.domain.fault import Fault, fault
from question_bank.domain.staging import Line, Report, Verdict
from question_bank.domain.unsupported import REASONS
from question_bank.formats import reading, workbook_writing
from question_bank.services import bank as banks
from question_bank.services import exchange
from question_bank.services.bank import Bank
from question_bank.store import picture as pictures
from question_bank.store import staging as store
from question_bank.store.staging import Batch

# Faults of rows out of which nothing could be read: nothing short of writing the row anew mends them.
_UNREAD = frozenset({"line_not_json", "field_wrong_type", "block_unreadable", *REASONS})


class BatchClosed(Conflict):
    """The import was committed or discarded already."""

    code = "import_closed"
    message = N_("这次导入已经结束，请重新上传文件。")


@dataclass(frozen=True, slots=True)
class BatchView:
    """A staged file with its rows."""

    bank: Bank
    batch: Batch
    lines: tuple[Line, ...]

    @property
    def report(self) -> Report:
        """Return the figures of the batch."""
        return Report(self.batch.format, self.lines, self.batch.losses)


def stage(bank_code: str, file_name: str, content: bytes, *, pool: str, person_id: int, now: datetime) -> int:
    """Read a file and keep its rows for the author to look at; returns the batch's id."""
    read = exchange.with_pool(reading.read(content), pool)
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        pictures.keep(session, bank.id, read.pictures, now)  # rows are looked at and mended before they are written
        return store.add(session, bank.id, exchange.judge(session, bank.id, read), file_name=file_name, person_id=person_id, now=now)


def recent(bank_code: str) -> tuple[Bank, tuple[Batch, ...]]:
    """Return a bank and its newest imports."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        return bank, tuple(store.batches(session, bank.id))


def view(bank_code: str, batch_id: int) -> BatchView:
    """Return a staged file."""
    with transaction() as session:
        return _view(session, bank_code, batch_id)


def _view(session: Session, bank_code: str, batch_id: int, *, lock: bool = False) -> BatchView:
    bank = banks.existing(session, bank_code)
    batch = store.batch_of(session, bank.id, batch_id, lock=lock)
    if batch is None:
        raise Missing
    if lock and batch.state != "staged":
        raise BatchClosed
    return BatchView(bank, batch, tuple(store.lines(session, batch_id)))


def mend(bank_code: str, batch_id: int, position: int, draft: Draft) -> Line:
    """Put a mended row in place of the old one and judge all rows again; returns the row as it stands now."""
    with transaction() as session:
        found = _view(session, bank_code, batch_id, lock=True)
        if not 0 <= position < len(found.lines):
            raise Missing
        drafts = [line.draft for line in found.lines]
        drafts[position] = replace(tidy(draft), place=drafts[position].place)
        unread = {at: line.faults for at, line in enumerate(found.lines) if at != position and _UNREAD & {each.code for each in line.faults}}
        judged = _judge(session, found.bank.id, drafts, unread)
        store.rejudge(session, batch_id, judged)
        return judged[position]


def _judge(session: Session, bank_id: int, drafts: Sequence[Draft], unread: dict[int, tuple[Fault, ...]]) -> tuple[Line, ...]:
    judged = exchange.judge_drafts(session, bank_id, drafts)
    return tuple(
        replace(line, verdict=Verdict.REFUSED, faults=tuple(fault(each.code) for each in unread[at])) if at in unread else line
        for at, line in enumerate(judged)
    )


def commit(bank_code: str, batch_id: int, *, person_id: int, now: datetime) -> int:
    """Write the accepted rows in one transaction; returns how many items were written."""
    with transaction() as session:
        found = _view(session, bank_code, batch_id, lock=True)
        unread = {at: line.faults for at, line in enumerate(found.lines) if _UNREAD & {each.code for each in line.faults}}
        # The bank may have changed since the file was staged.
        judged = _judge(session, found.bank.id, [line.draft for line in found.lines], unread)
        written = exchange.commit(session, found.bank.id, judged, author_id=person_id, now=now)
        store.rejudge(session, batch_id, judged)
        store.close(session, batch_id, "committed", now)
        audit.record(session, actor_id=person_id, action="bank.import", subject=f"bank:{bank_code}", now=now, batch=batch_id, accepted=len(written))
        return len(written)


def discard(bank_code: str, batch_id: int, *, now: datetime) -> None:
    """Give a staged file up; nothing was written."""
    with transaction() as session:
        _view(session, bank_code, batch_id, lock=True)
        store.close(session, batch_id, "discarded", now)


def refused_rows(bank_code: str, batch_id: int) -> bytes:
    """Return the refused rows as an Excel file that can be mended and uploaded again."""
    refused = [line for line in view(bank_code, batch_id).lines if line.verdict is Verdict.REFUSED]
    return workbook_writing.write_items(
        [line.draft for line in refused], reasons=[f"{line.draft.place}：{'；'.join(each.message for each in line.faults)}" for line in refused]
    )
