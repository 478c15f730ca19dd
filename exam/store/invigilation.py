"""The one grouped statement behind the control room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from exam.domain.exam import Exam
from exam.domain.invigilation import NAMES, RECENT, SILENT, Counts, Latency
from exam.domain.waiting_room import LASTS
from lms.kernel.db import Session


@dataclass(frozen=True, slots=True)
class LearnerNow:
    """One learner of an exam as the control room lists her; no attempt before the start."""

    person_id: int
    account: str
    name: str
    unit: str
    path: str
    attempt_id: int | None
    state: str
    dropped: bool
    paused: bool
    deadline: datetime | None
    answered: int
    items: int
    takeovers: int
    seen_at: datetime | None


# One row a learner: her newest attempt and what is known of it. The recent saves are read once, by the log's index over time.
_LEARNERS = """
    newest AS (
      SELECT DISTINCT ON (a.person_id) a.id, a.person_id, a.state, a.epoch, a.reopened, a.started_at, a.deadline, a.items, a.revisions,
        a.paused_at
      FROM attempt a WHERE a.exam_id = :exam ORDER BY a.person_id, a.number DESC
    ), learner AS (
      SELECT p.id AS person_id, p.account, p.name, u.name AS unit, u.path, n.id AS attempt_id, coalesce(n.state, '') AS state,
        coalesce(n.epoch, 1) - 1 AS takeovers, n.reopened, n.deadline, n.items, n.revisions, coalesce(q.seen_at, n.started_at) AS seen_at,
        n.paused_at IS NOT NULL AND n.state = 'open' AS paused,
        w.asked_at > coalesce(n.started_at, '-infinity') AND n.state IS DISTINCT FROM 'open' AS waiting,
        n.state = 'open' AND coalesce(q.seen_at, n.started_at) < :silent AND NOT EXISTS
          (SELECT FROM recent WHERE recent.attempt_id = n.id) AS dropped
      FROM enrolment e JOIN person p ON p.id = e.person_id JOIN unit u ON u.id = p.unit_id
      LEFT JOIN newest n ON n.person_id = p.id LEFT JOIN attempt_pulse q ON q.attempt_id = n.id
      LEFT JOIN exam_place w ON w.exam_id = :exam AND w.person_id = p.id AND w.turn > :given_up
      WHERE e.programme_code = :programme
    )
"""
_RECENT = "recent AS MATERIALIZED (SELECT DISTINCT attempt_id FROM response_event WHERE arrived_at > :recent)"
_COUNTS = text(
    f"WITH {_RECENT}, {_LEARNERS}"  # noqa: S608 - constants of this file
    """
    SELECT l.path, count(*) AS enrolled, count(*) FILTER (WHERE l.attempt_id IS NULL) AS not_started, count(*) FILTER (WHERE l.waiting) AS waiting,
      count(*) FILTER (WHERE l.state = 'open') AS open,
      count(*) FILTER (WHERE l.state = 'open' AND EXISTS (SELECT FROM recent WHERE recent.attempt_id = l.attempt_id)) AS saving,
      count(*) FILTER (WHERE l.dropped) AS dropped, count(*) FILTER (WHERE l.paused) AS paused,
      count(*) FILTER (WHERE s.ended_by = 'learner') AS handed_in, count(*) FILTER (WHERE s.ended_by = 'deadline') AS swept,
      coalesce(sum(l.takeovers), 0) AS takeovers
    FROM learner l LEFT JOIN submission s ON s.attempt_id = l.attempt_id AND s.round = l.reopened AND l.state <> 'open'
    GROUP BY l.path
    """
)
_LIST = text(
    f"WITH {_RECENT}, {_LEARNERS}"  # noqa: S608 - constants of this file
    """
    SELECT person_id, account, name, unit, path, attempt_id, state, coalesce(dropped, false), paused, deadline,
      (SELECT count(*) FROM unnest(revisions) AS one WHERE one > 0), coalesce(items, 0), takeovers, seen_at
    FROM learner
    WHERE path LIKE ANY(:below) AND person_id > :after AND (:words = '' OR name LIKE :words || '%' OR account = :words OR person_id = :screen)
      AND CASE :shown WHEN 'open' THEN state = 'open' WHEN 'dropped' THEN dropped WHEN 'paused' THEN paused
        WHEN 'waiting' THEN waiting WHEN 'not_started' THEN attempt_id IS NULL WHEN 'ended' THEN state NOT IN ('', 'open') WHEN 'takeovers' THEN takeovers > 0
        ELSE true END
    ORDER BY person_id LIMIT :most
    """
)
# Waits outside this span are a rehearsal's shifted clock, not a queue.
_LATENCY = text(
    """
    SELECT count(*) AS saves, percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY wait) AS waits
    FROM (SELECT extract(epoch FROM stored_at - arrived_at) * 1000 AS wait FROM response_event WHERE arrived_at > :recent AND outcome = 'saved') AS one
    WHERE wait BETWEEN 0 AND 60000
    """
)


def _instants(exam: Exam, now: datetime) -> dict[str, Any]:
    return {"exam": exam.id, "programme": exam.programme_code, "recent": now - RECENT, "silent": now - SILENT, "given_up": now - LASTS}


def counts(session: Session, exam: Exam, now: datetime) -> list[tuple[str, Counts]]:
    """Count the learners of each unit that has some, by what they do."""
    rows = session.execute(_COUNTS, _instants(exam, now)).mappings()
    return [(row["path"], Counts(**{name: int(row[name]) for name in NAMES})) for row in rows]


def latency(session: Session, now: datetime) -> Latency | None:
    """Measure the saves of the last minutes, all exams together: they share the lane."""
    row = session.execute(_LATENCY, {"recent": now - RECENT}).one()
    if not row.saves:
        return None
    median, p95, p99 = (round(wait) for wait in row.waits)
    return Latency(median, p95, p99, round(row.saves / RECENT.total_seconds(), 1))


def sittings(
    session: Session, exam: Exam, now: datetime, *, paths: Sequence[str], shown: str, words: str, screen: int | None, after: int, most: int
) -> list[LearnerNow]:
    """Return the learners below the paths that are in the state asked for, by id."""
    asked = {"below": [f"{path}%" for path in paths], "shown": shown, "words": words, "screen": screen, "after": after, "most": most}
    return [LearnerNow(*row) for row in session.execute(_LIST, _instants(exam, now) | asked)]
