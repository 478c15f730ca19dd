"""Saving and handing in: the append-only log of changes and the batch statements of the hot routes.

The rules of saving and handing in run in the database: `functions/exam_save.sql`, `functions/exam_submit.sql`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Identity, Index, Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.attempt import LoggedChange
from exam.domain.response import choices_of, texts_of
from exam.store import pulse
from exam.store.pulse import Move
from lms.kernel.db import APPEND_ONLY, Base
from lms.kernel.link import in_no_doubt, wait_for_standby
from lms.kernel.statement import Prepared

Link = psycopg.Connection[tuple[Any, ...]]


class ResponseEventRow(Base):
    """One change as it arrived, counted or not; never altered."""

    __tablename__ = "response_event"
    __table_args__ = (
        CheckConstraint("outcome IN ('saved', 'stale', 'clear_not_said', 'other_device', 'closed', 'time_is_up')", name="outcome"),
        Index("ix_response_event_arrived_at", "arrived_at", postgresql_using="brin"),
        {"info": APPEND_ONLY},
    )

    # The key is what makes a retry safe: one line for each (attempt, position, sequence number). No foreign key: the only
    # writer has just locked the attempt, and the check would cost as much as the write.
    attempt_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    client_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), init=False)
    expected: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    value: Mapped[str] = mapped_column(String)
    marked: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str] = mapped_column(String(20))
    late: Mapped[bool] = mapped_column(Boolean)
    arrived_at: Mapped[datetime]
    stored_at: Mapped[datetime]
    login_id: Mapped[int] = mapped_column(BigInteger)
    epoch: Mapped[int] = mapped_column(Integer)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Change(msgspec.Struct, frozen=True, gc=False):
    """One changed answer, ready to be stored."""

    position: int
    seq: int
    revision: int
    value: str
    marked: bool
    clear: bool
    hash: str


class Holder(msgspec.Struct, frozen=True, gc=False):
    """Who writes: what the attempt token said, and when the request arrived."""

    attempt_id: int
    person_id: int
    login_id: int
    epoch: int
    arrived: datetime


class SaveRow(msgspec.Struct, frozen=True):
    """One save request; `address` as in `pulse.Move`, empty where this process has just seen it."""

    holder: Holder
    changes: tuple[Change, ...]
    address: str = ""


class SubmitRow(msgspec.Struct, frozen=True):
    """One handing-in with the changes it brings."""

    holder: Holder
    changes: tuple[Change, ...]
    key: str
    body_hash: str
    bell: bool
    address: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What became of one change."""

    position: int
    seq: int
    status: str
    revision: int
    choices: tuple[int, ...]
    texts: tuple[str, ...]
    marked: bool
    late: bool
    deadline: datetime | None


class Ended(msgspec.Struct, frozen=True):
    """What became of a handing-in; `status` other than done is a refusal."""

    status: str
    by: str = ""
    submitted_at: datetime | None = None
    answered: int = 0
    receipt: str = ""
    verdicts: tuple[Verdict, ...] = ()


# The ordinary save: one new change at the revision that stands, in time, by the leading device of somebody signed in. All of a group
# are stored by one statement; it says which, and what it leaves out goes the long way through exam_save, which knows every rule.
# A row locked by another group is judged anew when the lock is free, so two groups never both count a revision. Rows come in the
# order of ids and are looked for by keys alone (hence ended_at, not state, which has an index of its own): no crosswise waiting.
_SAVE_PLAIN = Prepared(
    "exam_save_plain",
    """
    WITH line AS NOT MATERIALIZED (
      SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::timestamptz[], $7::int[], $8::bigint[],
        $9::int[], $10::text[], $11::boolean[], $12::boolean[], $13::text[])
        AS line(request, attempt_id, person_id, login_id, epoch, arrived, place, seq, expected, value, marked, clear, hash)
    ), counted AS (
      UPDATE attempt a SET answers[line.place] = line.value, revisions[line.place] = line.expected + 1, marks[line.place] = line.marked,
        late = a.late + CASE WHEN line.arrived > a.deadline THEN 1 ELSE 0 END
      FROM line
      WHERE a.id = line.attempt_id AND (a.person_id, a.epoch) IS NOT DISTINCT FROM (line.person_id, line.epoch) AND a.ended_at IS NULL
        AND line.arrived <= a.deadline + interval '60 seconds' AND (line.arrived <= a.paused_at) IS NOT FALSE
        AND line.place <= a.items AND a.revisions[line.place] = line.expected
        AND (line.value <> '' OR line.clear OR coalesce(a.answers[line.place], '') = '')
        AND (SELECT l.person_id = line.person_id AND l.ended_at IS NULL AND l.ends_at > line.arrived FROM login l WHERE l.id = line.login_id)
        AND NOT EXISTS (SELECT FROM response_event e
          WHERE e.attempt_id = line.attempt_id AND e.position = line.place AND e.client_seq = line.seq)
      RETURNING line.*, a.deadline
    ), logged AS (
      INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at,
        login_id, epoch, hash)
      SELECT attempt_id, place, seq, expected, expected + 1, value, marked, 'saved', arrived > deadline, arrived, clock_timestamp(),
        login_id, epoch, decode(hash, 'hex') FROM counted
    )
    SELECT request, deadline, arrived > deadline FROM counted
    """,
)
_SAVE = "SELECT * FROM exam_save(%s::json)"
_SUBMIT = "SELECT * FROM exam_submit(%s::json)"
# One waiting job scores everything that is there; the cron job picks up what slips between two.
_ENQUEUE = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'exam.score', 0, NULL, NULL, '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
    " WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = 'exam.score' AND status = 'todo')"
)


def save(link: Link, rows: Sequence[SaveRow | SubmitRow]) -> list[tuple[Verdict, ...]]:
    """Store the changes of many requests; returns the verdicts of each request."""
    found: list[tuple[Verdict, ...] | None] = [None if row.changes else () for row in rows]
    asked = Counter(row.holder.attempt_id for row in rows)
    plain = [(row.holder, row.changes[0], index) for index, row in enumerate(rows) if len(row.changes) == 1 and asked[row.holder.attempt_id] == 1]
    for index, verdict in _save_plain(link, plain):
        found[index] = (verdict,)
    left = [index for index, verdicts in enumerate(found) if verdicts is None]
    for index, verdicts in zip(left, _save_by_rule(link, [rows[index] for index in left]), strict=True):
        found[index] = verdicts
    moves = [Move(row.holder.attempt_id, row.holder.person_id, row.address, row.holder.arrived) for row in rows if row.address]
    if moves:
        in_no_doubt(link)
        pulse.note(link, moves)
    return [verdicts or () for verdicts in found]


def _save_plain(link: Link, plain: list[tuple[Holder, Change, int]]) -> Iterator[tuple[int, Verdict]]:
    """Store the ordinary saves, one an attempt; yields the place and verdict of each that was stored."""
    if not plain:
        return
    plain.sort(key=lambda line: line[0].attempt_id)
    lines = [
        (
            index, who.attempt_id, who.person_id, who.login_id, who.epoch, f'"{who.arrived}"', change.position, change.seq, change.revision,
            _quoted(change.value), change.marked, change.clear, change.hash,
        )
        for who, change, index in plain
    ]  # fmt: skip
    changes = {index: change for _who, change, index in plain}
    for place, deadline, late in _SAVE_PLAIN.rows(link, [f"{{{','.join(map(str, column))}}}".encode() for column in zip(*lines, strict=True)]):
        index = int(place or 0)
        change = changes[index]
        stands = datetime.fromisoformat((deadline or b"").decode())
        yield index, _verdict((change.position, change.seq, "saved", change.revision + 1, change.value, change.marked, late == b"t", stands))


def _quoted(value: str) -> str:
    """Return a text as an element of an array's text."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _verdict(told: Iterable[Any]) -> Verdict:
    position, seq, status, revision, value, marked, late, deadline = told
    return Verdict(position, seq, status, revision, choices_of(value), texts_of(value), marked, late, deadline)


def _save_by_rule(link: Link, rows: Sequence[SaveRow | SubmitRow]) -> list[tuple[Verdict, ...]]:
    """Store any changes in one statement that judges each by every rule."""
    lines = [_line(index, row.holder, change) for index, row in enumerate(rows) for change in row.changes]
    found: list[list[Verdict]] = [[] for _ in rows]
    if lines:
        answers = link.execute(_SAVE, (msgspec.json.encode(lines).decode(),))
        for index, *told in answers:
            found[index].append(_verdict(told))
        wait_for_standby(link)
    return [tuple(verdicts) for verdicts in found]


def _who(index: int, holder: Holder) -> dict[str, object]:
    return {
        "request": index,
        "attempt_id": holder.attempt_id,
        "person_id": holder.person_id,
        "login_id": holder.login_id,
        "epoch": holder.epoch,
        "arrived": holder.arrived,
    }


def _line(index: int, holder: Holder, change: Change) -> dict[str, object]:
    line = _who(index, holder)
    line["place"] = change.position
    line["seq"] = change.seq
    line["expected"] = change.revision
    line["value"] = change.value
    line["marked"] = change.marked
    line["clear"] = change.clear
    line["hash"] = change.hash
    return line


def submit(link: Link, rows: Sequence[SubmitRow]) -> list[Ended]:
    """Store what each request brings and hand in those of which nothing was refused."""
    brought = save(link, rows)
    ended: list[Ended] = [_refused(verdicts) for verdicts in brought]
    ready = [index for index, end in enumerate(ended) if end.status == "done"]
    if ready:
        lines = [{**_who(index, rows[index].holder), "key": rows[index].key, "body_hash": rows[index].body_hash, "bell": rows[index].bell} for index in ready]
        answers = link.execute(_SUBMIT, (msgspec.json.encode(lines).decode(),)).fetchall()
        for index, status, by, at, answered, receipt in answers:
            ended[index] = Ended(status, by or "", at, answered or 0, receipt or "", brought[index])
        if any(end.status == "done" for end in ended):
            link.execute(_ENQUEUE)
        wait_for_standby(link)
    return ended


def _refused(verdicts: Iterable[Verdict]) -> Ended:
    """Tell whether a change forbids the handing-in; one that came too late or after it does not."""
    verdicts = tuple(verdicts)
    for verdict in verdicts:
        if verdict.status not in ("saved", "closed", "time_is_up"):
            return Ended(verdict.status, verdicts=verdicts)
    return Ended("done", verdicts=verdicts)


def accepted(session: Session, attempt_id: int) -> list[LoggedChange]:
    """Return the changes of an attempt that counted."""
    return accepted_of(session, [attempt_id])[attempt_id]


def accepted_of(session: Session, attempt_ids: Sequence[int]) -> dict[int, list[LoggedChange]]:
    """Return the changes that counted, by attempt."""
    rows = session.execute(
        text("SELECT attempt_id, position, revision, value, marked FROM response_event WHERE attempt_id = ANY(:ids) AND outcome = 'saved'"),
        {"ids": list(attempt_ids)},
    )
    found: dict[int, list[LoggedChange]] = {attempt_id: [] for attempt_id in attempt_ids}
    for attempt_id, position, revision, value, marked in rows:
        found[attempt_id].append(LoggedChange(position, revision, choices_of(value), marked, texts_of(value)))
    return found


def log_of(session: Session, attempt_id: int) -> list[dict[str, object]]:
    """Return every line of the log of an attempt, in the order of storing."""
    rows = session.execute(
        text(
            "SELECT id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at, login_id, epoch,"
            " encode(hash, 'hex') AS hash FROM response_event WHERE attempt_id = :id ORDER BY id"
        ),
        {"id": attempt_id},
    )
    return [dict(row) for row in rows.mappings()]
