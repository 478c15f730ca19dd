"""Starting an attempt: by one statement for many who may without further ado (`functions/exam_start.sql`), or one by one after every rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from sqlalchemy import text

from exam.domain.attempt import State
from exam.domain.paper import Paper
from exam.domain.waiting_room import EARLY, LASTS, LATE, Place
from exam.store.attempt import Attempt, attempt_of
from exam.store.paper import paper_of
from lms.kernel.db import Session
from lms.kernel.statement import Statement

_BEGIN = Statement(
    text(
        """
    WITH taken AS (
      UPDATE paper SET taken_at = :now
      WHERE id = (SELECT id FROM paper WHERE exam_id = :exam AND taken_at IS NULL ORDER BY assembly_id, number LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, assembly_id, number AS paper_number, version_ids, orders, expected, hash
    ), made AS (
      INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes,
        device, led_since, answers, revisions, marks, late, reopened)
      SELECT :exam, :person, :number, id, 'open', :now, :deadline, :deadline, :percent, cardinality(version_ids), 1, 1, :device, :now,
        array_fill(NULL::text, ARRAY[cardinality(version_ids)]), array_fill(0, ARRAY[cardinality(version_ids)]),
        array_fill(false, ARRAY[cardinality(version_ids)]), 0, 0 FROM taken RETURNING *
    )
    SELECT made.*, assembly_id, paper_number, version_ids, orders, expected, hash FROM made, taken
    """
    )
)


_START = Statement(text("SELECT * FROM exam_start(CAST(:lines AS json), :rate, :early, :lasts, :late)"))
_SENT = ("exam", "person_id", "login_id", "device", "learned", "slowly", "locked", "arrived")


@dataclass(frozen=True, slots=True)
class Opening:
    """An attempt with its paper and the set the paper is of."""

    attempt: Attempt
    assembly_id: int
    paper: Paper


class Start(msgspec.Struct, frozen=True):
    """One start by an entry; `learned`: whether the learning is known to be done, where the exam may ask; `place`: hers in the line, if she has one."""

    exam: str
    person_id: int
    login_id: int
    device: str
    learned: bool
    arrived: datetime
    rate: float
    place: Place | None = None
    slowly: bool = False  # a rule is to be asked that the short way does not know: a place is given, the start is left
    locked: bool = False  # the browser the exam asks for has been proved


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of a start: the place in the line it was judged by, and the attempt with its exam's title if it was begun."""

    place: Place | None = None
    title: str = ""
    opening: Opening | None = None


def start(link: "psycopg.Connection[tuple[Any, ...]]", rows: Sequence[Start]) -> list[Begun]:
    """Give a place to all whose turn has not come, and begin attempts for those whose turn it is and who may without further ado: one statement."""
    begun = [Begun(row.place) for row in rows]
    lines = [_line(index, row) for index, row in enumerate(rows)]
    asked = msgspec.json.encode(lines).decode()
    for index, *told in _START.on(link, lines=asked, rate=rows[0].rate, early=EARLY, lasts=LASTS, late=LATE):
        begun[index] = _begun(rows[index], told)
    return begun


def _line(index: int, row: Start) -> dict[str, object]:
    """Return a start as the statement takes it; who has no place, or one whose turn has not come or was missed, asks for one."""
    place, line = row.place, {name: getattr(row, name) for name in _SENT}
    if place is None:
        return line | {"request": index, "asks": True}
    asks = not place.has_come(row.arrived) or place.missed(row.arrived)
    gap = place.gap // timedelta(microseconds=1)
    return line | {"request": index, "asks": asks, "since": place.since, "turn": place.turn, "gap": gap, "squeezed": place.squeezed}


def _begun(row: Start, told: Sequence[Any]) -> Begun:
    since, turn, gap, squeezed, exam_id, title, attempt_id, number, deadline, paper_id, assembly_id, *paper = told
    place = Place(since, turn, timedelta(microseconds=gap), squeezed) if turn else None
    if attempt_id is None:
        return Begun(place)
    attempt = Attempt(
        attempt_id, exam_id, row.person_id, number, paper_id, State.OPEN, row.arrived, deadline, deadline, 1, 1, row.device, row.arrived, {}, 0, 0, None
    )
    return Begun(place, title, Opening(attempt, assembly_id, paper_of(*paper)))


def begin(session: Session, *, exam_id: int, person_id: int, number: int, deadline: datetime, percent: int, device: str, now: datetime) -> Opening | None:
    """Take the next free paper and open an attempt at it; None when no paper is free."""
    row = _BEGIN.row(session, exam=exam_id, person=person_id, number=number, deadline=deadline, percent=percent, device=device, now=now)
    if row is None:
        return None
    return Opening(attempt_of(row), row.assembly_id, paper_of(row.paper_number, row.version_ids, row.orders, row.expected, row.hash))
