"""What waits for marking, and who marked how much: counts over scripts and marks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from exam.store.marking import ScriptRow
from lms.kernel.db import Session


@dataclass(frozen=True, slots=True)
class Backlog:
    """How an exam's marking stands; `since`: the longest waiting."""

    waiting: int
    leased: int
    disputed: int
    settled: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """What one examiner did: mean share of the points given, median minutes a script; None before the first mark."""

    examiner_id: int
    marked: int
    leased: int
    share: float | None
    minutes: float | None
    last_at: datetime | None


def of_exam(session: Session, exam_id: int, now: datetime) -> Backlog:
    """Count an exam's scripts by where they stand."""
    row = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE s.state = 'waiting' AND coalesce(s.leased_until <= :now, true)) AS waiting,"
            " count(*) FILTER (WHERE s.leased_until > :now) AS leased,"
            " count(*) FILTER (WHERE s.state = 'disputed' AND coalesce(s.leased_until <= :now, true)) AS disputed,"
            " count(*) FILTER (WHERE s.state = 'settled') AS settled, min(s.waiting_since) FILTER (WHERE s.state <> 'settled') AS since"
            " FROM script s JOIN attempt a ON a.id = s.attempt_id AND a.state = 'scored' WHERE s.exam_id = :exam"
        ),
        {"exam": exam_id, "now": now},
    ).one()
    return Backlog(row.waiting, row.leased, row.disputed, row.settled, row.since)


def settled(session: Session, after: int, most: int) -> list[ScriptRow]:
    """Return settled scripts behind an id, in the order of ids."""
    behind = select(ScriptRow).where(ScriptRow.id > after, ScriptRow.state == "settled")
    return list(session.scalars(behind.order_by(ScriptRow.id).limit(most)))


def unsettled(session: Session, exam_id: int) -> tuple[int, int]:
    """Count the scripts of an exam that are not settled, and the people who wait for a result of theirs."""
    row = session.execute(
        text(
            "SELECT count(*) AS scripts, count(DISTINCT s.attempt_id) AS people FROM script s JOIN attempt a ON a.id = s.attempt_id AND a.state = 'scored'"
            " WHERE s.exam_id = :exam AND s.state <> 'settled'"
        ),
        {"exam": exam_id},
    ).one()
    return row.scripts, row.people


def loads(session: Session, exam_id: int, now: datetime) -> list[Load]:
    """Return what each examiner of an exam did, whoever did most first."""
    rows = session.execute(
        text(
            "SELECT m.examiner_id, count(m.handed_in_at) AS marked, count(*) FILTER (WHERE s.leased_to = m.examiner_id AND s.leased_until > :now) AS leased,"
            " avg((SELECT sum(one) FROM unnest(m.points) one)::float / s.worth) FILTER (WHERE m.handed_in_at IS NOT NULL) AS share,"
            " percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM m.handed_in_at - m.taken_at)) / 60 AS minutes, max(m.handed_in_at) AS last_at"
            " FROM mark m JOIN script s ON s.id = m.script_id WHERE s.exam_id = :exam GROUP BY m.examiner_id ORDER BY 2 DESC, 1"
        ),
        {"exam": exam_id, "now": now},
    )
    return [Load(*row) for row in rows]
