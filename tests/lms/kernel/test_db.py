"""The database: a read cannot write, and a link whose server has gone is replaced before it is used."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lms.kernel import db
from lms.kernel.settings import Settings
from lms.kernel.statement import Statement


def test_a_reading_session_is_refused_every_write(app: Flask) -> None:
    with db.reading() as session, pytest.raises(SQLAlchemyError, match="read-only"):
        session.execute(text("INSERT INTO installation (key, value) VALUES ('read', '1')"))


def test_a_reading_session_sees_what_was_committed_meanwhile(app: Flask) -> None:
    count = text("SELECT count(*) FROM installation WHERE key = 'meanwhile'")
    with db.reading() as reader:
        assert reader.execute(count).scalar_one() == 0
        with db.transaction() as writer:
            writer.execute(text("INSERT INTO installation (key, value) VALUES ('meanwhile', '1')"))
        assert reader.execute(count).scalar_one() == 1


@pytest.mark.parametrize("values", [[], [3, -4], ['in "quotes", {braces}', "back\\slash", "", "NULL", "两个 字"], ["one", None], [True, False]])
def test_a_list_reaches_the_database_as_it_is(app: Flask, values: list[object]) -> None:
    kind = "bigint" if values == [3, -4] else "boolean" if True in values else "text"
    asked = Statement(text(f"SELECT CAST(:values AS {kind}[]) AS found"))
    with db.reading() as session:
        assert asked.row(session, values=values).found == values


def test_links_that_died_in_the_pool_are_replaced_unnoticed(app: Flask, settings: Settings) -> None:
    pid = text("SELECT pg_backend_pid()")
    with db.reading() as reader, db.transaction() as writer:
        dying = [reader.execute(pid).scalar_one(), writer.execute(pid).scalar_one()]
    with psycopg.connect(settings.database_url) as link:
        for backend in dying:
            link.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with db.reading() as reader, db.transaction() as writer:
        assert reader.execute(pid).scalar_one() not in dying
        assert writer.execute(pid).scalar_one() not in dying
