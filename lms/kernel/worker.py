"""The job runner: procrastinate over the product's jobs; imported by who runs or migrates, not by who serves."""

from collections.abc import Callable, Sequence
from datetime import datetime

import procrastinate
from procrastinate.schema import SchemaManager
from sqlalchemy.engine import make_url

from lms.kernel.db import APP_ROLE
from lms.kernel.jobs import SILENT, TAKE_UP, Job


def work(url: str, jobs: tuple[Job, ...], now: Callable[[], datetime], *, queues: Sequence[str] = (), wait: bool = True) -> None:
    """Run jobs until stopped, or until none is left; what dead workers left is taken up at once and every minute."""
    TAKE_UP.run(now())
    app = runner(url, (*jobs, TAKE_UP), now)
    app.run_worker(queues=list(queues) or None, concurrency=2, wait=wait, stalled_worker_timeout=SILENT.total_seconds(), delete_jobs="successful")


def runner(url: str, jobs: tuple[Job, ...], now: Callable[[], datetime]) -> procrastinate.App:
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
