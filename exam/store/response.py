"""Saving and handing in: the append-only log of changes and the batch statements of the hot routes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Identity, Index, Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.attempt import LoggedChange, choices_of
from lms.kernel.db import APPEND_ONLY, Base

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


@dataclass(frozen=True, slots=True)
class Change:
    """One changed answer, ready to be stored."""

    position: int
    seq: int
    revision: int
    value: str
    marked: bool
    clear: bool
    hash: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes: what the attempt token said, and when the request arrived."""

    attempt_id: int
    person_id: int
    login_id: int
    epoch: int
    arrived: datetime


@dataclass(frozen=True, slots=True)
class SaveRow:
    """One save request."""

    holder: Holder
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SubmitRow:
    """One handing-in with the changes it brings."""

    holder: Holder
    changes: tuple[Change, ...]
    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one change."""

    position: int
    seq: int
    status: str
    revision: int
    choices: tuple[int, ...]
    marked: bool
    late: bool
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a handing-in; `status` other than done is a refusal."""

    status: str
    by: str = ""
    submitted_at: datetime | None = None
    answered: int = 0
    receipt: str = ""
    verdicts: tuple[Verdict, ...] = ()


_SAVE = "SELECT * FROM exam_save(%s::json)"
_SUBMIT = "SELECT * FROM exam_submit(%s::json)"
# One waiting job scores everything that is there; the cron job picks up what slips between two.
_ENQUEUE = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'exam.score', 0, NULL, NULL, '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
    " WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE task_name = 'exam.score' AND status = 'todo')"
)


def save(link: Link, rows: Sequence[SaveRow | SubmitRow]) -> list[tuple[Verdict, ...]]:
    """Store the changes of many requests in one statement; returns the verdicts of each request."""
    # One parameter of JSON: thirteen arrays would cost the driver more than the database needs for the writes.
    lines = [_line(index, row.holder, change) for index, row in enumerate(rows) for change in row.changes]
    found: list[list[Verdict]] = [[] for _ in rows]
    if lines:
        answers = link.execute(_SAVE, (msgspec.json.encode(lines).decode(),))
        for index, position, seq, status, revision, value, marked, late, deadline in answers:
            found[index].append(Verdict(position, seq, status, revision, choices_of(value), marked, late, deadline))
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
        lines = [{**_who(index, rows[index].holder), "key": rows[index].key, "body_hash": rows[index].body_hash} for index in ready]
        answers = link.execute(_SUBMIT, (msgspec.json.encode(lines).decode(),)).fetchall()
        for index, status, by, at, answered, receipt in answers:
            ended[index] = Ended(status, by or "", at, answered or 0, receipt or "", brought[index])
        if any(end.status == "done" for end in ended):
            link.execute(_ENQUEUE)
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
    rows = session.execute(
        text("SELECT position, revision, value, marked FROM response_event WHERE attempt_id = :id AND outcome = 'saved'"), {"id": attempt_id}
    )
    return [LoggedChange(position, revision, choices_of(value), marked) for position, revision, value, marked in rows]


def timeline(session: Session, attempt_id: int) -> list[dict[str, object]]:
    """Return every line of the log of an attempt, in the order of storing."""
    rows = session.execute(
        text(
            "SELECT id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at, login_id, epoch,"
            " encode(hash, 'hex') AS hash FROM response_event WHERE attempt_id = :id ORDER BY id"
        ),
        {"id": attempt_id},
    )
    return [dict(row) for row in rows.mappings()]
