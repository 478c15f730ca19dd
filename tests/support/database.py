"""The throwaway cluster of a test run: fsync off, one database a worker, cloned from a migrated template."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from time import sleep

import psycopg
import pytest

from lms.kernel import db, migrate
from lms.kernel.postgres import EmbeddedPostgres

TEMPLATE = "template_lms"
# Triggers and foreign keys sleep. What has grown large is truncated, with all that refers to it.
EMPTY = """
DO $$
DECLARE
    found regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP
        IF pg_relation_size(found) > 524288 THEN
            EXECUTE format('TRUNCATE %s CASCADE', found);
        ELSE
            EXECUTE format('DELETE FROM %s', found);
        END IF;
    END LOOP;
    PERFORM setval(seqrelid, 1, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$"""


@contextmanager
def cluster(factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Yield the URL of a cluster that has the template; each xdist worker runs its own small one."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        prepare(given)
        yield given
        return
    server = EmbeddedPostgres(factory.mktemp("postgres") / worker_id, durable=False)
    try:
        url = server.start()
        prepare(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)  # as root it lies beside what pytest clears


def prepare(url: str) -> None:
    """Create the migrated template database."""
    import wsgi  # noqa: F401 - brings every table into the metadata

    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        link.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(at(url, TEMPLATE))


def clone(url: str, name: str) -> str:
    """Create a database from the template and return its URL."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return at(url, name)


def at(url: str, name: str) -> str:
    """Return the URL of another database of the same cluster."""
    from sqlalchemy.engine import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def empty(url: str) -> None:
    """Empty every table and start every sequence anew (deleting a few rows is cheaper than the new files of a truncation)."""
    _link(url).execute(EMPTY)
    forget()


@contextmanager
def elsewhere() -> Iterator[None]:
    """Let this process connect to another database for the length of a block."""
    kept = dict(db._state)
    db._state.clear()
    forget()
    try:
        yield
    finally:
        db.disconnect()
        db._state.clear()
        db._state.update(kept)
        forget()


def forget() -> None:
    """Forget what the process keeps by id: another database, and an emptied one, gives the same ids to other things."""
    from exam.services import attempt, invigilation, paper, quiz_item, response
    from lms.services import forecast
    from media.services import delivery

    if attempt._starts._link is not None:
        attempt._starts._link.close()  # it goes on behind the last paper it took
    paper.forget()
    invigilation.forget()
    response.forget()
    quiz_item.forget()
    delivery.sign_ins.forget()
    forecast.forget()


def until_somebody_waits(done: Callable[[], bool], people: int = 1) -> None:
    """Wait until so many wait for a lock, or it is done; raises where neither comes about."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(db._state["url"].replace("+psycopg", ""), autocommit=True) as owner:  # the product's own role does not see what others wait for
        for _moment in range(1_500):
            if done() or owner.execute(waiting).fetchall()[0][0] >= people:
                return
            sleep(0.02)
    pytest.fail("nobody waits")


def analyse() -> None:
    """Let the planner know how many rows there are now."""
    with psycopg.connect(db._state["url"].replace("+psycopg", ""), autocommit=True) as link:
        link.execute("ANALYZE")


@cache
def _link(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)
