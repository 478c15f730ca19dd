"""The one clock follows the database, bears its absence, and can be rehearsed."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from lms.kernel import clock as kernel_clock
from lms.kernel import installation
from lms.kernel.clock import DatabaseClock
from lms.kernel.db import transaction

START = datetime(2023, 12, 1, 1, 0, tzinfo=UTC)


def test_the_clock_follows_the_database_whatever_the_node_thinks() -> None:
    clock = DatabaseClock(lambda: (START, timedelta(0)))
    assert abs(clock.now() - START) < timedelta(seconds=1)


def test_two_nodes_agree() -> None:
    one, other = (DatabaseClock(lambda: (START, timedelta(0))) for _ in range(2))
    assert abs(one.now() - other.now()) < timedelta(seconds=1)


def test_a_database_that_is_away_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([(START, timedelta(0))])

    def read() -> tuple[datetime, timedelta]:
        return next(answers)

    clock = DatabaseClock(read)
    first = clock.now()
    monkeypatch.setattr(kernel_clock, "REFRESH_SECONDS", -1.0)
    assert clock.now() >= first


def test_a_clock_that_never_saw_the_database_says_so() -> None:
    def read() -> tuple[datetime, timedelta]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        DatabaseClock(read).now()


def test_a_rehearsal_moves_the_clock_and_ends(app: Flask) -> None:
    runner = app.test_cli_runner()
    done = runner.invoke(args=["clock", "rehearse", "--at", "2023-12-01T09:00+08:00"])
    assert done.exit_code == 0, done.output
    instant, offset = installation.read_clock()
    assert abs(instant + offset - datetime(2023, 12, 1, 1, 0, tzinfo=UTC)) < timedelta(seconds=5)
    assert runner.invoke(args=["clock", "rehearse", "--off"]).exit_code == 0
    assert installation.read_clock()[1] == timedelta(0)


def test_a_live_database_refuses_a_rehearsal(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["database", "mark-live"]).exit_code == 0
    done = runner.invoke(args=["clock", "rehearse", "--at", "2023-12-01T09:00+08:00"])
    assert done.exit_code == 1
    with transaction() as session:
        assert installation.fact(session, "rehearsal_offset_seconds") == 0.0


def test_a_proved_backup_is_noted(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["database", "backup-restored", "2999-12-01T02:00+08:00"]).exit_code == 2
    assert runner.invoke(args=["database", "backup-restored", "2023-12-01T02:00"]).exit_code == 0
    with transaction() as session:
        assert installation.fact(session, installation.RESTORED) == "2023-11-30T18:00:00+00:00"


def test_an_instant_that_is_none_is_refused_in_words(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["clock", "rehearse", "--at", "yesterday"])
    assert done.exit_code == 2
    assert "2023-12-01T09:00+08:00" in done.output
