"""What the database can tell before the bell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from exam.domain.exam import Exam
from lms.kernel.db import Session
from lms.kernel.jobs import DEFAULT, SLOW

_FACTS = text(
    """
    SELECT (SELECT count(*) FROM enrolment e WHERE e.programme_code = :programme
        AND NOT EXISTS (SELECT FROM attempt a WHERE a.exam_id = :exam AND a.person_id = e.person_id)) AS expected,
      CASE WHEN :asks THEN (SELECT count(*) FROM enrolment e WHERE e.programme_code = :programme
        AND NOT EXISTS (SELECT FROM attempt a WHERE a.exam_id = :exam AND a.person_id = e.person_id)
        AND NOT EXISTS (SELECT FROM exam_identity i WHERE i.exam_id = :exam AND i.person_id = e.person_id AND i.state = 'confirmed')) ELSE 0 END AS unconfirmed,
      (SELECT clock_timestamp() - max(real_at) FROM app_mark) AS serving_for,
      (SELECT clock_timestamp() - max(last_heartbeat) FROM procrastinate_workers) AS worker_for,
      (SELECT count(DISTINCT j.id) FROM procrastinate_jobs j JOIN procrastinate_events v ON v.job_id = j.id AND v.type = 'deferred'
        WHERE j.status = 'todo' AND coalesce(j.scheduled_at, v.at) < clock_timestamp()
          - CASE j.queue_name WHEN :default THEN CAST(:late AS interval) WHEN :slow THEN CAST(:very_late AS interval) END) AS jobs_late,
      (SELECT count(*) FROM procrastinate_events v WHERE v.type = 'failed' AND v.at > clock_timestamp() - interval '1 day') AS jobs_failed,
      (SELECT count(*) FROM outage WHERE state = 'undecided') AS outages_undecided,
      s.last_archived_time AS archived_at, current_setting('archive_mode') <> 'off' AS archiving,
      coalesce(s.last_failed_time > coalesce(s.last_archived_time, '-infinity'), false) AS archive_failing,
      (SELECT count(*) FROM pg_stat_replication) AS standbys
    FROM pg_stat_archiver s
    """
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows of the exam, of who serves, and of itself."""

    expected: int
    unconfirmed: int
    serving_for: timedelta | None
    worker_for: timedelta | None
    jobs_late: int
    jobs_failed: int
    outages_undecided: int
    archived_at: datetime | None
    archiving: bool
    archive_failing: bool
    standbys: int


@dataclass(frozen=True, slots=True)
class Named:
    """A person as the board names her."""

    name: str
    unit_name: str


def facts(session: Session, exam: Exam, *, late: timedelta, very_late: timedelta) -> Facts:
    """Ask the database."""
    queues = {"default": DEFAULT, "slow": SLOW, "late": late, "very_late": very_late}
    return Facts(**session.execute(_FACTS, {"exam": exam.id, "programme": exam.programme_code, "asks": exam.asks_identity, **queues}).mappings().one())


def enrolled(session: Session, programme_code: str, people: Collection[int]) -> list[Named]:
    """Return who of the people is enrolled in a programme, unit by unit."""
    found = text(
        "SELECT p.name, u.name AS unit_name FROM enrolment e JOIN person p ON p.id = e.person_id JOIN unit u ON u.id = p.unit_id"
        " WHERE e.programme_code = :programme AND p.id = ANY(:people) ORDER BY u.path, p.name_pinyin, p.id"
    )
    return [Named(**row) for row in session.execute(found, {"programme": programme_code, "people": list(people)}).mappings()]
