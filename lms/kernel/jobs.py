"""Work after the commit: procrastinate, enqueued in the transaction of the change."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.kernel.db import transaction

T = TypeVar("T")

# The queues, and how many jobs of each a worker runs at a time: what takes minutes, or an hour, never delays what somebody waits for.
DEFAULT, SLOW, FILMS = "default", "slow", "films"
SLOTS = {DEFAULT: 2, SLOW: 1, FILMS: 1}
SILENT = timedelta(seconds=60)  # a worker gives a sign of life every ten: a busy machine is not a dead one
BEAT = 1_000  # rows
MOST_BEGINNINGS = 20  # a job that ends its worker each time, as for want of memory, must not do so for ever
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A function that a worker runs: `run(now, **arguments)`; with `cron` it also runs by itself."""

    name: str
    run: Callable[..., None]
    queue: str = DEFAULT
    cron: str | None = None
    tries: int = 3


class Cancelled(Exception):
    """The job that runs is wanted no longer; it keeps nothing of what it did."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A job that waits, runs or has failed; `stopping` if it was cancelled while it ran."""

    id: int
    running: bool
    stopping: bool
    failed: bool = False


# Filled while the parts are imported, read afterwards.
_queue_of: dict[str, str] = {}


def know(jobs: Iterable[Job]) -> None:
    """Make jobs known to `enqueue`."""
    _queue_of.update({job.name: job.queue for job in jobs})


def enqueue(session: Session, name: str, arguments: dict[str, object] | None = None, *, lock: str | None = None, key: str | None = None) -> int:
    """Queue a job in the caller's transaction: it runs after the commit, or never. Returns the job's id.

    Of those with one `lock` one runs at a time; `key` is by what a single job is found again, to be cancelled.
    """
    return int(
        session.execute(
            text(
                "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :name, 0, :lock, :key, "
                "CAST(:arguments AS jsonb), NULL)::procrastinate_job_to_defer_v1]))"
            ),
            {"queue": _queue_of[name], "name": name, "lock": lock, "key": key, "arguments": json.dumps(arguments or {})},
        ).scalar_one()
    )


def enqueue_once(session: Session, name: str, arguments: dict[str, object], *, key: str) -> bool:
    """Queue a job as `enqueue` does, unless one of this key waits or runs; returns whether it was. Of two callers at once the second waits for the first.

    That an earlier one failed is forgotten.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    found = standing(session, key)
    if found and not found.failed:
        return False
    forget_failure(session, key)
    enqueue(session, name, arguments, lock=key, key=key)
    return True


def forget_failure(session: Session, key: str) -> None:
    """Tell no longer that a job of a key failed."""
    session.execute(text("DELETE FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'failed'"), {"key": key})


def standing(session: Session, key: str) -> Standing | None:
    """Return the job of a key that waits or runs, or else the last one that failed; what was done leaves none."""
    found = session.execute(
        text(
            "SELECT id, status = 'doing', abort_requested, status = 'failed' FROM procrastinate_jobs"
            " WHERE queueing_lock = :key AND status IN ('todo', 'doing', 'failed') ORDER BY status = 'failed', id DESC LIMIT 1"
        ),
        {"key": key},
    ).first()
    return Standing(*found) if found else None


def cancel(session: Session, key: str) -> bool:
    """Take the job of a key out of the queue, or have it stop at its next beat; returns whether there was one."""
    found = standing(session, key)
    if found is None or found.failed:
        return False
    return session.scalar(text("SELECT procrastinate_cancel_job_v1(:id, true, true)"), {"id": found.id}) is not None


def beat(key: str) -> None:
    """Stop the job of a key where it was cancelled: raises Cancelled."""
    with transaction() as session:
        found = standing(session, key)
    if found and found.stopping:
        raise Cancelled


def beating(rows: Iterable[T], beat: Callable[[], None]) -> Iterator[T]:
    """Yield rows as they come, with a beat before every thousandth."""
    for number, row in enumerate(rows):
        if number % BEAT == 0:
            beat()
        yield row


def take_up(now: datetime) -> None:  # noqa: ARG001 - a job is told the time; signs of life are dated by the database
    """Put the jobs of workers that have gone silent, as when they were killed, back in the queue: each is begun anew.

    In one statement, so that of two workers that look only one takes a job up, and what was begun anew meanwhile is left.
    """
    statement = text(
        "UPDATE procrastinate_jobs SET attempts = attempts + 1,"
        " status = CAST(CASE WHEN attempts + 1 < :most THEN 'todo' ELSE 'failed' END AS procrastinate_job_status)"
        " WHERE status = 'doing' AND NOT EXISTS (SELECT FROM procrastinate_workers w WHERE w.id = worker_id"
        " AND w.last_heartbeat > clock_timestamp() - CAST(:silent AS interval)) RETURNING id, task_name, status"
    )
    with transaction() as session:
        for job_id, name, status in session.execute(statement, {"most": MOST_BEGINNINGS, "silent": SILENT}):
            logger.warning("job_of_dead_worker", extra={"job": job_id, "task": name, "becomes": status})


TAKE_UP = Job("kernel.take_up", run=take_up, cron="* * * * *")
