"""Work after the commit: procrastinate, enqueued in the transaction of the change."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import procrastinate
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from lms.kernel.db import APP_ROLE


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


def worker(url: str, jobs: tuple[Job, ...], now: Callable[[], datetime]) -> procrastinate.App:
    """Return the procrastinate app that runs the jobs as the app role."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, kwargs={"options": f"-c timezone=UTC -c role={APP_ROLE}"}, min_size=1, max_size=4)
    )
    for job in jobs:
        _register(app, job, now)
    return app


def _register(app: procrastinate.App, job: Job, now: Callable[[], datetime]) -> None:
    def run(timestamp: int | None = None, **arguments: object) -> None:  # noqa: ARG001 - cron passes its tick
        job.run(now(), **arguments)

    retry = procrastinate.RetryStrategy(max_attempts=job.tries, exponential_wait=5)
    task = app.task(name=job.name, queue=job.queue, retry=retry)(run)
    if job.cron:
        app.periodic(cron=job.cron)(task)


def schema() -> str:
    """Return procrastinate's own tables and functions as SQL, for the first migration."""
    return SchemaManager.get_schema()
