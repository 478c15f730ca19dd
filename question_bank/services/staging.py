"""Staged import in the browser: upload, look, mend rows, choose about twins, commit."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lms.kernel import audit, jobs
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.difference import Piece, pieces
from question_bank.domain.draft import Draft, tidy
from question_bank.domain.exchange import Beat, Loss, Reading, quiet
from question_bank.domain.fault import Fault, fault
from question_bank.domain.staging import Choice, Line, State, Verdict
from question_bank.domain.unsupported import REASONS
from question_bank.formats import apart, workbook_writing
from question_bank.formats.workbook_writing import Notes
from question_bank.services import bank as banks
from question_bank.services import exchange
from question_bank.services.bank import Bank
from question_bank.services.drafting import content_of, drafted, plain_of
from question_bank.store import key_watch
from question_bank.store import picture as pictures
from question_bank.store import staging as store
from question_bank.store import version as versions
from question_bank.store.staging import Batch, BatchClosed

JOB = "bank.import"
SMALL_FILE = 300_000  # bytes: a larger file is read by a worker
SMALL_BATCH = 1_000  # rows: more are written by a worker
SECONDS = 20  # a small file has for being read
# Faults of rows out of which nothing could be read: nothing short of writing the row anew mends them.
_UNREAD = frozenset({"line_not_json", "field_wrong_type", "block_unreadable", *REASONS})


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets a row apart from the item it is like, or from the earlier row at the place; of an update, the item before and after it."""

    pieces: tuple[Piece, ...] = ()
    place: str = ""
    update: tuple[Draft, Draft] | None = None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A staged file with some of its rows; `differences` by position."""

    bank: Bank
    batch: Batch
    losses: tuple[Loss, ...]
    counts: Mapping[Verdict, int]
    lines: tuple[tuple[int, Line], ...]
    differences: Mapping[int, Difference]
    alike: int  # rows with a twin, about which nothing was chosen
    new_topics: Mapping[str, int]  # that a bank which has topics would come to by it, with their rows


def stage(bank_code: str, file_name: str, content: bytes, *, pool: str, person_id: int, now: datetime) -> int:
    """Take a file in for the author to look at, a large one by a worker; returns the batch's id."""
    read = apart.read(content, seconds=SECONDS) if len(content) <= SMALL_FILE else None
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        batch_id = store.open_batch(session, bank.id, file_name, person_id=person_id, now=now)
        if read:
            filled(session, bank.id, batch_id, State.WAITING, exchange.with_pool(read, pool), person_id=person_id, now=now)
        else:
            store.keep_source(session, batch_id, content, pool)
            jobs.enqueue(session, JOB)
        return batch_id


def filled(session: Session, bank_id: int, batch_id: int, before: State, read: Reading, *, person_id: int, now: datetime, beat: Beat = quiet) -> None:
    """Judge what was read and keep its rows, inside the caller's transaction."""
    pictures.keep(session, bank_id, read.pictures, now)  # rows are looked at and mended before they are written
    report = exchange.judge(session, bank_id, read, beat)
    store.fill(session, batch_id, report)
    _note_keys(session, batch_id, report.lines, person_id=person_id, now=now)
    store.move(session, batch_id, before, State.STAGED)


def recent(bank_code: str) -> tuple[Bank, tuple[Batch, ...]]:
    """Return a bank and its newest imports."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        return bank, tuple(store.batches(session, bank.id))


def view(bank_code: str, batch_id: int, *, person_id: int, verdict: str = "", begin: int = 0, limit: int = 100) -> BatchView:
    """Return a staged file with some of its rows."""
    with transaction() as session:
        bank, batch = _found(session, bank_code, batch_id, person_id)
        lines = tuple(store.shown(session, batch_id, verdict, begin=begin, limit=limit))
        return BatchView(
            bank,
            batch,
            store.losses(session, batch_id),
            store.counts(session, batch_id),
            lines,
            _differences(session, batch_id, bank.id, lines) if batch.state is State.STAGED else {},  # afterwards the bank has moved on
            store.alike(session, batch_id),
            _new_topics(session, bank, batch_id) if batch.state is State.STAGED else {},
        )


def _new_topics(session: Session, bank: Bank, batch_id: int) -> Mapping[str, int]:
    unnamed = {topic: rows for topic, rows in store.topics(session, batch_id).items() if topic not in bank.topics}
    known = banks.topics_in(session, bank.id, bank.topics) if unnamed else {}
    return {topic: rows for topic, rows in unnamed.items() if topic not in known} if known else {}


def _note_keys(session: Session, batch_id: int, lines: Iterable[Line], *, person_id: int, now: datetime) -> None:
    """Record of which items of others a person learns the key: what becomes of such a row tells whether its key is the item's."""
    shown = {line.item_id for line in lines if line.item_id is not None}
    for item_id in key_watch.of_others(session, person_id, shown) if shown else ():
        audit.record(session, actor_id=person_id, action="item.view_key", subject=f"item:{item_id}", now=now, batch=batch_id)


def _differences(session: Session, batch_id: int, bank_id: int, lines: Sequence[tuple[int, Line]]) -> dict[int, Difference]:
    """Compare what the candidate would see of rows with a twin or namesake; of updates everything, of which `_note_keys` tells."""
    of_bank = versions.words(session, bank_id, {line.twin for _, line in lines if line.twin})
    updated = [line.item_id for _, line in lines if line.verdict is Verdict.CHANGE and line.item_id]
    items = {version.item_id: drafted(version) for version in versions.latest_of_bank(session, bank_id, item_ids=updated)}
    rows = store.at(session, batch_id, {line.twin_row for _, line in lines if line.twin_row is not None})
    found = {}
    for position, line in lines:
        if line.verdict is Verdict.CHANGE and line.item_id in items:
            before = items[line.item_id]
            found[position] = Difference(update=(before, exchange.completed(line.draft, before)))
            continue
        other = rows.get(line.twin_row) if line.twin_row is not None else None
        words = plain_of(content_of(other.draft)) if other else of_bank.get(line.twin) if line.twin else None
        if words is None:
            continue
        mine = plain_of(content_of(line.draft))
        runs = (Piece("gone", words), Piece("new", mine)) if line.is_namesake else pieces(words, mine)
        found[position] = Difference(runs, other.draft.place if other else "")
    return found


def _found(session: Session, bank_code: str, batch_id: int, person_id: int, *, lock: bool = False) -> tuple[Bank, Batch]:
    """Return a batch to the person who uploaded it, with `lock` only while it is hers to change; raises Missing, NotYours or BatchClosed."""
    bank = banks.existing(session, bank_code)
    batch = store.batch_of(session, bank.id, batch_id, person_id, lock=lock)
    if batch is None:
        raise Missing
    if lock and batch.state is not State.STAGED:
        raise BatchClosed
    return bank, batch


def progress(bank_code: str, batch_id: int, *, person_id: int) -> Batch:
    """Return where an import stands."""
    with transaction() as session:
        return _found(session, bank_code, batch_id, person_id)[1]


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of a staged file; `other` is the next one to be mended."""

    batch: Batch
    line: Line
    other: int | None


def row(bank_code: str, batch_id: int, position: int, *, person_id: int) -> RowView:
    """Return one row of a staged file."""
    with transaction() as session:
        _bank, batch = _found(session, bank_code, batch_id, person_id)
        return RowView(batch, _row(session, batch_id, position), store.other(session, batch_id, Verdict.REFUSED, position))


def _row(session: Session, batch_id: int, position: int) -> Line:
    found = store.at(session, batch_id, [position])
    if not found:
        raise Missing
    return found[position]


def mend(bank_code: str, batch_id: int, position: int, draft: Draft, *, person_id: int, now: datetime) -> Line:
    """Put a mended row in place of the old one and judge it and those it was at odds with; returns the row as it stands now."""

    def mended(before: Line) -> Line:
        return Line(replace(tidy(draft), place=before.draft.place), Verdict.NEW)

    return _changed(bank_code, batch_id, position, mended, person_id=person_id, now=now)


def choose(bank_code: str, batch_id: int, position: int, choice: Choice, *, person_id: int, now: datetime) -> None:
    """Say of a row that is much like an item or an earlier row what becomes of it."""

    def chosen(before: Line) -> Line:
        return replace(before, choice=choice) if before.twin or (before.twin_row is not None and choice is not Choice.UPDATE) else before

    _changed(bank_code, batch_id, position, chosen, person_id=person_id, now=now)


def skip_alike(bank_code: str, batch_id: int, *, person_id: int) -> None:
    """Leave out every new row that is much like an item or an earlier row."""
    with transaction() as session:
        _found(session, bank_code, batch_id, person_id, lock=True)
        store.skip_alike(session, batch_id)


def _changed(bank_code: str, batch_id: int, position: int, change: Callable[[Line], Line], *, person_id: int, now: datetime) -> Line:
    """Change a row and judge it, and every row that it was or is now at odds with; returns it as it stands now."""
    with transaction() as session:
        bank, _batch = _found(session, bank_code, batch_id, person_id, lock=True)
        before = _row(session, batch_id, position)
        after = change(before)
        touched = store.kin(session, batch_id, {position: before}) | store.kin(session, batch_id, {position: after}) | {position: after}
        beside = store.kin(session, batch_id, touched) | touched  # what the touched ones may be at odds with in their turn
        judged = _judge(session, bank.id, beside, touched)
        store.rejudge(session, batch_id, judged)
        known = beside | {position: before}
        _note_keys(session, batch_id, (line for at, line in judged.items() if line.item_id != known[at].item_id), person_id=person_id, now=now)
        return judged[position]


def _judge(
    session: Session, bank_id: int, lines: Mapping[int, Line], wanted: Container[int], beat: Beat = quiet, *, with_twins: bool = True
) -> dict[int, Line]:
    """Judge rows anew as the author chose: an update is read as the next version of the twin, a skipped row is left out."""
    order = sorted(lines)
    only = [at for at, position in enumerate(order) if position in wanted]
    chosen = {at: lines[position].choice for at, position in enumerate(order) if lines[position].twin}
    drafts = [lines[position].asked for position in order]
    judged = exchange.judge_drafts(session, bank_id, drafts, only=only, chosen=chosen, beat=beat, with_twins=with_twins)
    return {order[at]: _as_chosen(lines[order[at]], _placed(line, order)) for at, line in judged.items()}


def _placed(judged: Line, order: Sequence[int]) -> Line:
    """Return a row with its twin's position in the file instead of the place among those that were judged."""
    return judged if judged.twin_row is None else replace(judged, twin_row=order[judged.twin_row])


def _as_chosen(before: Line, judged: Line) -> Line:
    unread = tuple(fault(each.code) for each in before.faults if each.code in _UNREAD)
    verdict, faults = (Verdict.REFUSED, unread) if unread else (judged.verdict, judged.faults)
    if before.choice is Choice.NEW:
        judged = replace(judged, verdict=verdict, faults=faults)
        # What it was compared with stays: a nearer item would be the one that the next choice updates.
        return replace(judged, twin=before.twin, twin_row=None, likeness=before.likeness) if before.twin and verdict is Verdict.NEW else judged
    verdict = Verdict.SKIPPED if before.choice is Choice.SKIP and not faults else verdict
    kept = replace(judged, twin=before.twin, twin_row=before.twin_row, likeness=before.likeness, choice=before.choice)
    return replace(kept, draft=replace(judged.draft, external_id=before.draft.external_id), verdict=verdict, faults=faults)


def commit(bank_code: str, batch_id: int, *, person_id: int, now: datetime) -> int | None:
    """Write the accepted rows in one transaction; returns how many items were written, None when a worker will write them."""
    with transaction() as session:
        bank, _batch = _found(session, bank_code, batch_id, person_id, lock=True)
        if sum(store.counts(session, batch_id).values()) > SMALL_BATCH:
            store.move(session, batch_id, State.STAGED, State.WRITING)
            jobs.enqueue(session, JOB)
            return None
        return written(session, bank.id, batch_id, State.STAGED, person_id=person_id, now=now)


def written(session: Session, bank_id: int, batch_id: int, before: State, *, person_id: int, now: datetime, beat: Beat = quiet) -> int:
    """Write the accepted rows inside the caller's transaction."""
    lines = dict(enumerate(store.lines(session, batch_id)))
    judged = _judge(session, bank_id, lines, lines, beat, with_twins=False)  # the bank may have changed since the file was staged
    found = exchange.commit(session, bank_id, list(judged.values()), author_id=person_id, now=now)
    store.rejudge(session, batch_id, {at: line for at, line in judged.items() if line.verdict is not lines[at].verdict})
    store.move(session, batch_id, before, State.COMMITTED, now)
    audit.record(session, actor_id=person_id, action="bank.import", subject=f"bank:{bank_id}", now=now, batch=batch_id, accepted=len(found))
    return len(found)


def discard(bank_code: str, batch_id: int, *, person_id: int, now: datetime) -> None:
    """Give a file up, also one that a worker has: nothing was written."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        batch = store.batch_of(session, bank.id, batch_id, person_id, lock=True)
        if batch is None:
            raise Missing
        if batch.state is not State.STAGED and not batch.state.is_busy:
            raise BatchClosed
        store.move(session, batch_id, batch.state, State.DISCARDED, now)


def refused_rows(bank_code: str, batch_id: int, *, person_id: int) -> bytes:
    """Return the refused rows as an Excel file that can be mended and uploaded again, what else was not taken in on a sheet of its own."""
    with transaction() as session:
        _found(session, bank_code, batch_id, person_id)
        refused = store.lines(session, batch_id, Verdict.REFUSED)
        losses = store.losses(session, batch_id)
    reasons = [_reason(line.draft.place, line.faults) for line in refused]
    notes = Notes("未导入的内容", [("位置", "未导入的内容"), *((loss.place, loss.what) for loss in losses)]) if losses else None
    return workbook_writing.write_items([line.draft for line in refused], reasons=reasons, notes=notes)


def _reason(place: str, faults: Sequence[Fault]) -> str:
    return f"{place}：{'；'.join(each.message for each in faults)}"
