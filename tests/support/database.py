"""The throwaway cluster of a test run: fsync off, one database a worker, cloned from a migrated template."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from lms.kernel import migrate
from lms.kernel.postgres import EmbeddedPostgres

TEMPLATE = "template_lms"


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
    """Empty every table that holds rows (cheaper than truncating all of them)."""
    with psycopg.connect(url, autocommit=True) as link:
        filled = link.execute(
            "SELECT string_agg(format('%I', c.relname), ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version' "
            "AND (pg_relation_size(c.oid) > 0 OR c.relkind = 'p')"
        ).fetchone()
        if filled and filled[0]:
            link.execute(f"TRUNCATE {filled[0]} RESTART IDENTITY CASCADE")
