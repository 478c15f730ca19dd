"""What takes long never delays what somebody waits for, and jobs whose worker was killed are begun anew by another."""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel import jobs
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.jobs import DEFAULT, FILMS, SLOTS, SLOW, Job
from lms.kernel.settings import Settings
from lms.kernel.worker import runner, serve
from tests.conftest import NOON

WORKER = """
import sys
from datetime import UTC, datetime
from lms.kernel import db, worker
from lms.kernel.jobs import Job

def run(now, words):
    print(words, flush=True)
    sys.stdin.read()  # until whoever started us lets go

db.connect(sys.argv[1])
worker.work(sys.argv[1], (Job("test.slow", run=run),), lambda: datetime(2026, 11, 22, tzinfo=UTC), wait=False)
"""

jobs.know((Job("test.slow", run=lambda now: None),))


def started(settings: Settings) -> "subprocess.Popen[str]":
    """Start a worker that ends once no job is left."""
    return subprocess.Popen([sys.executable, "-c", WORKER, settings.database_app_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def standing() -> list[tuple[str, int]]:
    """Return the state of the slow job, and how often it was begun in vain."""
    with transaction() as session:
        return [tuple(row) for row in session.execute(text("SELECT status, attempts FROM procrastinate_jobs WHERE task_name = 'test.slow'"))]


def age(minutes: int) -> None:
    """Let so many minutes pass since the last sign of life of every worker."""
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - make_interval(mins => :n)"), {"n": minutes})


def test_what_a_killed_worker_was_doing_another_begins_anew(app: Flask, settings: Settings) -> None:
    with transaction() as session:
        jobs.enqueue(session, "test.slow", {"words": "once"})
    with started(settings) as first:
        assert first.stdout
        assert first.stdout.readline() == "once\n"
        jobs.take_up(NOON)
        assert standing() == [("doing", 0)], "who is alive keeps her job, however long it takes"
        first.kill()
    age(2)
    with started(settings) as second:
        told, _ = second.communicate("")
    assert (second.returncode, told) == (0, "once\n")
    assert standing() == [], "done, and gone from the queue"


def test_a_job_that_ends_its_worker_each_time_has_failed_in_the_end(app: Flask) -> None:
    with transaction() as session:
        jobs.enqueue(session, "test.slow", {})
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', attempts = :n"), {"n": jobs.MOST_BEGINNINGS - 2})
    jobs.take_up(NOON)
    assert standing() == [("todo", jobs.MOST_BEGINNINGS - 1)]
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    jobs.take_up(NOON)
    assert standing() == [("failed", jobs.MOST_BEGINNINGS)]


PATIENCE = 60.0  # seconds for what takes one


LEFT = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'test.%' AND status <> 'succeeded'")


def left() -> int:
    with transaction() as session:
        return int(session.execute(LEFT).scalar_one())


def test_a_short_job_runs_while_long_ones_hold_their_slots(app: Flask, clock: FixedClock, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_queue_of", dict(jobs._queue_of))
    over, in_time = threading.Event(), []

    def long(now: datetime) -> None:
        in_time.append(over.wait(PATIENCE))

    mine = (
        Job("test.analysis", long, queue=SLOW),
        Job("test.archive", long, queue=SLOW),
        Job("test.film", long, queue=FILMS),
        Job("test.score", lambda now: over.set()),
    )
    jobs.know(mine)
    with transaction() as session:
        for job in mine:
            jobs.enqueue(session, job.name)

    async def work() -> None:
        working = asyncio.create_task(serve(runner(settings.database_app_url, mine, clock.now), SLOTS))
        waited = 0.0
        while waited < PATIENCE and await asyncio.to_thread(left) > 0:
            await asyncio.sleep(0.1)
            waited += 0.1
        working.cancel()
        await asyncio.wait([working])

    # Signals are for the main thread, where Playwright's loop may rest between two browser tests.
    resting = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        asyncio.run(work())
    finally:
        asyncio._set_running_loop(resting)
    assert (left(), in_time) == (0, [True, True, True])


def test_ov_08_of_a_key_one_job_waits_or_runs_however_many_ask_at_once(app: Flask) -> None:
    def ask(_number: int) -> bool:
        with transaction() as session:
            return jobs.enqueue_once(session, "test.slow", {}, key="test:1")

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ask, range(40))) == {True: 1, False: 39}
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    assert not ask(0), "it runs"
    with transaction() as session:
        assert jobs.enqueue_once(session, "test.slow", {}, key="test:2"), "another key is another job"
        assert jobs.cancel(session, "test:2")
        assert not jobs.cancel(session, "test:2")
        assert jobs.standing(session, "test:2") is None
    assert ask(0) is False
    assert standing() == [("doing", 0)]
    with transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
    with transaction() as session:
        found = jobs.standing(session, "test:1")
        assert found
        assert found.failed
        assert not found.running
        assert not jobs.cancel(session, "test:1"), "there is nothing to stop"
    assert ask(0), "what failed may be asked for again"
    with transaction() as session:
        assert jobs.standing(session, "test:1") != found
    assert standing() == [("todo", 0)], "and is forgotten"


def test_a_cancelled_job_that_runs_stops_at_its_next_beat(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_queue_of", dict(jobs._queue_of))
    reached: list[int] = []

    def long(now: datetime) -> None:
        for number in jobs.beating(range(10 * jobs.BEAT), lambda: jobs.beat("test:1")):
            reached.append(number)
            if number == 5:
                with transaction() as session:
                    assert jobs.cancel(session, "test:1")
                    assert jobs.standing(session, "test:1") == jobs.Standing(job_id, running=True, stopping=True)

    mine = Job("test.long", long, queue=SLOW)
    jobs.know((mine,))
    with transaction() as session:
        assert jobs.enqueue_once(session, mine.name, {}, key="test:1")
        job_id = session.scalar(text("SELECT id FROM procrastinate_jobs WHERE task_name = 'test.long'"))
    resting = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        asyncio.run(serve(runner(settings.database_app_url, (mine,), lambda: NOON), {SLOW: 1}, wait=False))
    finally:
        asyncio._set_running_loop(resting)
    assert reached == list(range(jobs.BEAT))
    assert left() == 0, "it is not tried again"
    with transaction() as session:
        assert jobs.enqueue_once(session, mine.name, {}, key="test:1"), "and may be asked for again"


def test_a_job_waits_in_the_queue_it_was_declared_for(app: Flask) -> None:
    with transaction() as session:
        numbers = {name: jobs.enqueue(session, name) for name in ("exam.archive", "media.transcode", "exam.score")}
        held = session.execute(text("SELECT task_name, queue_name FROM procrastinate_jobs WHERE id = ANY(:ids)"), {"ids": list(numbers.values())})
        found = {str(name): str(queue) for name, queue in held}
    assert found == {"exam.archive": SLOW, "media.transcode": FILMS, "exam.score": DEFAULT}
    with transaction() as session, pytest.raises(KeyError):
        jobs.enqueue(session, "exam.scoer")
