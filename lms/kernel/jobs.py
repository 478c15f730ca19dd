"""Work after the commit: procrastinate, enqueued in the transaction of the change."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Job:
    """A function that a worker runs: `run(now, **arguments)`; with `cron` it also runs by itself."""

    name: str
    run: Callable[..., None]
    queue: str = "default"
    cron: str | None = None
    tries: int = 3


def enqueue(session: Session, name: str, arguments: dict[str, object] | None = None, *, queue: str = "default", lock: str | None = None) -> int:
    """Queue a job in the caller's transaction: it runs after the commit, or never. Returns the job's id."""
    return int(
        session.execute(
            text(
                "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :name, 0, :lock, NULL, "
                "CAST(:arguments AS jsonb), NULL)::procrastinate_job_to_defer_v1]))"
            ),
            {"queue": queue, "name": name, "lock": lock, "arguments": json.dumps(arguments or {})},
        ).scalar_one()
    )
