"""Group commit: one commit for many, an answer for each, and one bad row fails nobody else."""

import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from flask import Flask

from lms.kernel import db
from lms.kernel.group_commit import GroupCommit
from lms.kernel.settings import Settings


def _write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str | Exception]:
    answers: list[str | Exception] = []
    for key in rows:
        if key == "refused":
            answers.append(ValueError("refused"))
            continue
        link.execute("INSERT INTO installation (key, value) VALUES (%s, '1')", (key,))
        answers.append(key.upper())
    return answers


def _stored() -> set[str]:
    with db.connection() as link:
        return {key for (key,) in link.execute("SELECT key FROM installation")}


def test_every_caller_gets_its_own_answer(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    found: dict[str, str] = {}

    def run(key: str) -> None:
        found[key] = lane.submit(key)

    keys = [f"k{number}" for number in range(60)]
    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {key: key.upper() for key in keys}
    assert _stored() >= set(keys)


def test_a_refused_row_fails_its_caller_alone(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    with pytest.raises(ValueError, match="refused"):
        lane.submit("refused")
    assert lane.submit("fine") == "FINE"


def test_a_row_that_breaks_the_statement_does_not_take_its_neighbours_along(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    lane.submit("twice")
    outcomes: dict[str, object] = {}
    gate = threading.Barrier(9)

    def run(key: str) -> None:
        gate.wait()
        try:
            outcomes[key] = lane.submit(key)
        except psycopg.errors.UniqueViolation as error:
            outcomes[key] = error

    keys = ["twice", *(f"n{number}" for number in range(8))]
    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert isinstance(outcomes.pop("twice"), psycopg.errors.UniqueViolation)
    assert outcomes == {key: key.upper() for key in keys[1:]}


def test_a_lost_link_is_an_error_and_the_next_row_finds_a_new_one(app: Flask, settings: Settings) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    lane.submit("before")
    assert lane._link is not None
    with psycopg.connect(settings.database_url) as link:
        link.execute("SELECT pg_terminate_backend(%s)", (lane._link.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        lane.submit("lost")
    assert lane.submit("after") == "AFTER"
    assert "lost" not in _stored()
