"""The job runner: procrastinate over the product's jobs; imported by who runs or migrates, not by who serves."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import procrastinate
from procrastinate.schema import SchemaManager
from sqlalchemy.engine import make_url

from lms.kernel.db import APP_ROLE
from lms.kernel.jobs import SILENT, SLOTS, TAKE_UP, Cancelled, Job

logger = logging.getLogger(__name__)
ENDINGS = (signal.SIGINT, signal.SIGTERM)


def work(url: str, jobs: tuple[Job, ...], now: Callable[[], datetime], *, queues: Sequence[str] = (), wait: bool = True) -> None:
    """Run jobs until stopped, or until none is left; what dead workers left is taken up at once and every minute."""
    TAKE_UP.run(now())
    asyncio.run(serve(runner(url, (*jobs, TAKE_UP), now), {queue: SLOTS[queue] for queue in queues or SLOTS}, wait=wait))


async def serve(runner: procrastinate.App, slots: Mapping[str, int], *, wait: bool = True) -> None:
    """Run jobs until SIGINT or SIGTERM, those of each queue in slots of its own; what runs then is still ended."""
    loop = asyncio.get_running_loop()
    common = {"wait": wait, "install_signal_handlers": False, "stalled_worker_timeout": SILENT.total_seconds(), "delete_jobs": "successful"}
    async with runner.open_async(), asyncio.TaskGroup() as lanes:
        running = [
            lanes.create_task(runner.run_worker_async(name=queue, queues=[queue], concurrency=number, **common))  # type: ignore[arg-type]
            for queue, number in slots.items()
        ]

        def end() -> None:
            for ending in ENDINGS:  # the next one ends it at once
                loop.remove_signal_handler(ending)
            for lane in running:
                lane.cancel()

        for ending in ENDINGS:
            loop.add_signal_handler(ending, end)


def runner(url: str, jobs: tuple[Job, ...], now: Callable[[], datetime]) -> procrastinate.App:
    """Return the procrastinate app that runs the jobs as the app role."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, kwargs={"options": f"-c timezone=UTC -c role={APP_ROLE}"}, min_size=1, max_size=8)
    )
    for job in jobs:
        _register(app, job, now)
    return app


def _register(app: procrastinate.App, job: Job, now: Callable[[], datetime]) -> None:
    def run(timestamp: int | None = None, **arguments: object) -> None:  # noqa: ARG001 - cron passes its tick
        try:
            job.run(now(), **arguments)
        except Cancelled:
            logger.info("job_cancelled", extra={"task": job.name})

    retry = procrastinate.RetryStrategy(max_attempts=job.tries, exponential_wait=5)
    task = app.task(name=job.name, queue=job.queue, retry=retry)(run)
    if job.cron:
        app.periodic(cron=job.cron)(task)


def schema() -> str:
    """Return procrastinate's own tables and functions as SQL, for the first revision."""
    return SchemaManager.get_schema()
