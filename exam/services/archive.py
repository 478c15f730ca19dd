"""The archive of an exam: asked for with a reason, agreed to by a second person, written from one instant, signed, fetched for a day."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from exam.domain import archive as rules
from exam.domain.archive import State
from exam.domain.attempt import Answer
from exam.domain.exam import Exam
from exam.domain.paper import Paper
from exam.domain.response import letters
from exam.domain.safe_exam_browser import keyless
from exam.formats import workbook
from exam.formats.archive import ArchiveWriter
from exam.services import fairness, sealed_key
from exam.services.exam import found, is_settled
from exam.store import archive as store
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import paper as papers
from exam.store import result as results
from exam.store.archive import ExamArchiveRow
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import enqueue, standing
from lms.kernel.refusal import Missing
from lms.kernel.settings import Settings
from question_bank import api as bank
from question_bank.domain.item import Key

JOB = "exam.archive"
MOST_SHOWN = 20
ITEMS = 500
COLUMNS = ("账号", "姓名", "单位", "第几次", "状态", "开始", "结束", "得分", "满分", "成绩版本")

_folders: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Archives:
    """The requests for an exam's archive, with the names of who asked and who agreed; `entries` each has when it is whole."""

    exam: Exam
    people: int
    over: bool
    keys_open: bool
    alone: bool  # whether nobody else need agree
    rows: Sequence[ExamArchiveRow]
    names: dict[int, str]
    entries: int


class Written(NamedTuple):
    """The SHA-256 of an archive's file, and whether it holds the keys."""

    sha256: str
    keys: bool


def mount(settings: Settings) -> None:
    """Take the folder of the installation."""
    _folders["archives"] = settings.var_dir / "archives"


def archives(exam_code: str, now: datetime) -> Archives:
    """Return the requests for an exam."""
    with transaction() as session:
        exam = found(session, exam_code)
        rows = store.of_exam(session, exam.id, MOST_SHOWN)
        cards = platform.people(session, [person for row in rows for person in (row.asked_by, row.approved_by) if person])
        people, opened = store.people(session, exam.id), bool(sealed_key.open_until(session, exam.id, now))
        return Archives(
            exam,
            people,
            is_settled(session, exam, now),
            opened,
            not rules.needs_second(people, opened=opened),
            rows,
            {person: card.name for person, card in cards.items()},
            _entries(),
        )


def ask(exam_code: str, *, reason: str, actor_id: int, now: datetime) -> State:
    """Ask for an archive; of few people whose keys are open it is made at once. Raises AlreadyAsked while one of hers waits."""
    with transaction() as session:
        exam = _over(session, exam_code, now)
        people = store.people(session, exam.id)
        written, state = rules.asked(reason, people, opened=bool(sealed_key.open_until(session, exam.id, now)))
        archive_id = store.add(session, exam_id=exam.id, asked_by=actor_id, reason=written, people=people, state=state, asked_at=now)
        audit.record(session, actor_id=actor_id, action="archive.ask", subject=f"exam:{exam.id}", now=now, archive=archive_id, reason=written, people=people)
        if state is State.QUEUED:
            _enqueue(session, archive_id)
        return state


def approve(exam_code: str, archive_id: int, *, actor_id: int, now: datetime) -> None:
    """Agree, as a second person, to an archive of many people."""
    with transaction() as session:
        row = _row(session, exam_code, archive_id)
        row.state = rules.approve(State(row.state), row.asked_by, actor_id)
        row.approved_by = actor_id
        _enqueue(session, archive_id)
        audit.record(session, actor_id=actor_id, action="archive.approve", subject=f"exam:{row.exam_id}", now=now, archive=archive_id)


def cancel(exam_code: str, archive_id: int, *, actor_id: int, manages: bool, now: datetime) -> None:
    """Give an archive up that waits or is being written: its worker stops at the next beat."""
    with transaction() as session:
        row = _row(session, exam_code, archive_id)
        row.state = rules.cancel(State(row.state), row.asked_by, actor_id, manages=manages)
        _path(archive_id).unlink(missing_ok=True)  # also what a dead worker left
        audit.record(session, actor_id=actor_id, action="archive.cancel", subject=f"exam:{row.exam_id}", now=now, archive=archive_id)


def make(now: datetime, archive_id: int) -> None:
    """Write an archive that was asked for, telling how far it is."""
    with transaction() as session:
        row = store.lock(session, archive_id)
        if row is None or row.state != State.QUEUED:
            return
        code, reason, seconded = exams.by_id(session, row.exam_id).code, row.reason, row.approved_by is not None
    with transaction() as holding:  # ends with the worker, however that ends
        if store.hold(holding, archive_id):
            with suppress(rules.ArchiveClosed):  # it was cancelled meanwhile
                _make(archive_id, code, reason, now, seconded=seconded)


def _make(archive_id: int, code: str, reason: str, now: datetime, *, seconded: bool) -> None:
    path = _path(archive_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = write(code, path, reason=reason, now=now, seconded=seconded, beat=lambda done: _tell(archive_id, done=done))
        _tell(archive_id, state=State.READY, sha256=written.sha256, size=path.stat().st_size, keys=written.keys, ready_at=now)
    except rules.SecondMissing:
        _tell(archive_id, state=State.ASKED)
    except rules.ArchiveClosed:
        path.unlink(missing_ok=True)
    except BaseException:
        _tell(archive_id, state=State.FAILED)
        raise


def write(exam_code: str, path: Path, *, reason: str, now: datetime, seconded: bool = True, beat: Callable[[int], None] = lambda _done: None) -> Written:
    """Write an exam's archive to a file, all of it as of one instant. Raises SecondMissing where nobody agreed who had to.

    `beat` is told how many entries are whole, at every piece of the next; what it raises ends the writing.
    """
    with transaction() as session:
        exam = _over(session, exam_code, now)
    writer = ArchiveWriter(path)
    try:
        with transaction() as session:
            store.freeze(session)
            opened, names = bool(sealed_key.open_until(session, exam.id, now)), rules.Names(store.names(session, exam.id))
            if not seconded and rules.needs_second(store.people(session, exam.id), opened=opened):
                raise rules.SecondMissing
            for done, (name, chunks) in enumerate(_contents(session, exam, names, opened=opened)):
                writer.add(name, _beaten(chunks, partial(beat, done)))
        with transaction() as session:
            head = {"exam": exam.code, "title": exam.title, "made_at": now.isoformat(), "reason": names.masked(reason), "keys": opened}
            return Written(writer.finish(head, lambda manifest: platform.sign(session, manifest, now)), opened)
    except BaseException:
        writer.abandon()
        raise


def write_alone(exam_code: str, path: Path, *, reason: str, now: datetime) -> str:
    """Write an archive at the command line, where whoever works holds the database anyway; audited all the same. Returns the file's SHA-256."""
    with transaction() as session:
        exam = _over(session, exam_code, now)
        audit.record(session, actor_id=None, action="archive.write", subject=f"exam:{exam.id}", now=now, reason=reason)
    return write(exam_code, path, reason=reason, now=now).sha256


def public_keys() -> Collection[str]:
    """Return the keys by which this installation signs or has signed, in hexadecimal."""
    return platform.public_keys().values()


def _contents(session: Session, exam: Exam, names: rules.Names, *, opened: bool) -> Iterator[tuple[str, Iterator[bytes]]]:
    for name, statement in store.statements().items():
        lines = store.lines(session, statement, exam.id)
        if name == "exam":
            lines = (msgspec.json.encode(keyless(msgspec.json.decode(line))) + b"\n" for line in lines)
        yield f"{name}.jsonl", lines if name in store.VERBATIM else _masked(lines, names)
    yield "item.jsonl", _items(session, exam.id, opened=opened)
    yield "answer.jsonl", _answers(session, exam.id, opened=opened)
    sheet = keyless(msgspec.json.decode(msgspec.json.encode(fairness.sheet_of(session, exam))))
    yield "sheets/fairness.json", iter([msgspec.json.format(msgspec.json.encode(sheet))])
    yield "sheets/marks.xlsx", iter([workbook.write("成绩", COLUMNS, store.marks(session, exam.id))])


def _beaten(chunks: Iterable[bytes], beat: Callable[[], None]) -> Iterator[bytes]:
    beat()
    for chunk in chunks:
        yield chunk
        beat()


def _masked(chunks: Iterator[bytes], names: rules.Names) -> Iterator[bytes]:
    """Mask the names in lines of JSON; only what holds one is read and written anew."""
    for chunk in chunks:
        if names.masked(text := chunk.decode()) == text:
            yield chunk
        else:
            yield b"".join(msgspec.json.encode(names.masked(msgspec.json.decode(line))) + b"\n" for line in chunk.splitlines())


def _entries() -> int:
    return len(store.statements()) + 4


def _items(session: Session, exam_id: int, *, opened: bool) -> Iterator[bytes]:
    """Yield the items of the papers, with their keys once two people have opened them."""
    versions = store.versions(session, exam_id)
    for some in (versions[at : at + ITEMS] for at in range(0, len(versions), ITEMS)):
        contents, right = bank.contents(session, some), bank.keys(session, some) if opened else {}
        ids = bank.external_ids(session, some)
        lines = ({"version": version, "item": ids[version], "content": contents[version], "key": right.get(version)} for version in some)
        yield b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _answers(session: Session, exam_id: int, *, opened: bool) -> Iterator[bytes]:
    """Yield each answer that stands, as the learner's page showed it and as the bank letters it, with its points and, once open, the key in both."""
    last = 0
    while batch := attempts.all_of(session, exam_id, last, ITEMS):
        last = batch[-1].id
        drawn = papers.by_ids(session, [one.paper_id for one in batch])
        keys = bank.keys(session, sorted({version for _set, paper in drawn.values() for version in paper.version_ids})) if opened else {}
        held = results.newest_versions(session, [one.id for one in batch])
        for one in batch:
            points = held[one.id][1].item_points if one.id in held else ()
            lines = (_answer(drawn[one.paper_id][1], at, answer, keys, points) for at, answer in one.answers.items())
            yield b"".join(msgspec.json.encode({"attempt": one.id, **line}) + b"\n" for line in lines)


def _answer(paper: Paper, position: int, answer: Answer, keys: Mapping[int, Key], points: Sequence[int | None]) -> dict[str, object]:
    version = paper.version_ids[position - 1]
    key = keys[version].options if version in keys else ()
    return {
        "position": position,
        "version": version,
        "texts": answer.texts,
        "on_page": letters(answer.choices),
        "in_bank": letters(paper.original(position - 1, answer.choices)),
        "key_on_page": letters(paper.shown(position - 1, key)),
        "key_in_bank": letters(key),
        "points": points[position - 1] if points else None,
    }


def fetch(exam_code: str, archive_id: int, *, actor_id: int, now: datetime) -> Path:
    """Return the file of an archive to somebody permitted; every fetching is audited. Raises KeysSealed."""
    with transaction() as session:
        row = _row(session, exam_code, archive_id)
        if not rules.fetchable(State(row.state), row.ready_at, now):
            raise Missing
        if row.keys and not sealed_key.open_until(session, row.exam_id, now):
            raise rules.KeysSealed
        audit.record(session, actor_id=actor_id, action="archive.fetch", subject=f"exam:{row.exam_id}", now=now, archive=archive_id, sha256=row.sha256)
        return _path(archive_id)


def expire(now: datetime) -> None:
    """Remove the files whose time is over, and give up what nobody agreed to in time or a killed worker left."""
    with transaction() as session:
        for row in store.lock_over(session, ready_before=now - rules.KEPT, asked_before=now - rules.OPEN):
            _path(row.id).unlink(missing_ok=True)
            row.state = State.EXPIRED
        for row in store.lock_queued(session, now - rules.STUCK):
            job = standing(session, _key(row.id))  # agreed to late, or behind others, it waits for its worker still
            if (job is None or job.failed) and store.hold(session, row.id):
                _path(row.id).unlink(missing_ok=True)
                row.state = State.FAILED


def _enqueue(session: Session, archive_id: int) -> None:
    enqueue(session, JOB, {"archive_id": archive_id}, key=_key(archive_id))


def _key(archive_id: int) -> str:
    return f"{JOB}:{archive_id}"


def _tell(archive_id: int, **changes: object) -> None:
    with transaction() as session:
        store.tell(session, archive_id, **changes)


def _over(session: Session, exam_code: str, now: datetime) -> Exam:
    exam = found(session, exam_code)
    if not is_settled(session, exam, now):
        raise rules.ExamRunning
    return exam


def _row(session: Session, exam_code: str, archive_id: int) -> ExamArchiveRow:
    row = store.lock(session, archive_id)
    if row is None or row.exam_id != found(session, exam_code).id:
        raise Missing
    return row


def _path(archive_id: int) -> Path:
    return _folders["archives"] / f"{archive_id}.zip"
