"""The server that writes is lost, a standby takes over: what was acknowledged is there, what was only warned about was never acknowledged (RL-04, RL-05)."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from demo.stack import ROOT, Stack
from lms.kernel.postgres import EmbeddedPostgres
from load_tests.journal import AnswerKept, Journal, entries
from load_tests.journeys import BrokenOff, Teacher
from load_tests.product import seeded, start
from load_tests.seed import Wanted
from tests.soak.conftest import Hall, Load, children_of
from tests.support import database
from tests.support import standby as standbys
from tests.support.line import PlainLine

pytestmark = pytest.mark.soak
FROZEN = 2.0
WAITS = 4.0  # seconds; three by the product's own rule, and one for a busy machine


@dataclass
class Pair:
    """A product whose database has a standby."""

    hall: Hall
    standby: EmbeddedPostgres
    standby_url: str

    def everybody(self) -> list[int]:
        """Return the standby's processes."""
        return [self.standby.pid, *children_of(self.standby.pid)]

    def freeze(self) -> None:
        """Stop the standby without ending it."""
        for pid in self.everybody():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        for pid in reversed(self.everybody()):
            os.kill(pid, signal.SIGCONT)

    def cancel_waiting(self) -> int:
        """Cut the wait for the standby off, as an operator in a hurry might."""
        return len(self.hall.run(standbys.CANCEL))

    def fail_over(self) -> float:
        """Lose the server that writes for good, promote the standby, start the product over it; returns how long nobody could write."""
        stack = self.hall.stack
        began = time.monotonic()
        lost = stack.database_pid
        assert lost
        for pid in (lost, *children_of(lost)):
            os.kill(pid, signal.SIGKILL)
        with psycopg.connect(self.standby_url, autocommit=True) as link:
            link.execute("ALTER SYSTEM RESET synchronous_standby_names")
            assert link.execute("SELECT pg_promote()").fetchone() == (True,)
            link.execute("SELECT pg_reload_conf()")
        stack.kill_server()
        stack.database_url = stack.environment["DATABASE_URL"] = self.standby_url
        self.hall.start_server()
        return time.monotonic() - began


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Seed, copy the stopped database as its own standby, start both."""
    programme, wanted = ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=8, film_seconds=6)
    with database.elsewhere(), seeded(tmp_path / "one", programme, wanted) as (stack, found):
        primary = stack._postgres
        assert primary
        primary.stop()
        folder = primary.folder.with_name(f"{primary.folder.name}-two")
        _copy(primary.folder, folder, sockets=stack.database_url.rpartition("host=")[2])
        primary.start()
        standby = EmbeddedPostgres(folder)
        try:
            made = Pair(Hall(stack, found, seats=iter(found.accounts)), standby, standby.start())
            _streams(stack)
            made.hall.server = start(stack)
            yield made
        finally:
            made.thaw()
            standby.stop()
            shutil.rmtree(folder)


def _copy(primary: Path, folder: Path, *, sockets: str) -> None:
    """Copy a stopped database as the standby of itself, owned by the same account."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(primary, folder, ignore=shutil.ignore_patterns("owner.lock", ".s.*", "postmaster.pid"))
    with (folder / "data/postgresql.auto.conf").open("a") as conf:
        conf.write(f"primary_conninfo = 'host={sockets} user=postgres application_name=two'\n")
    (folder / "data/standby.signal").touch()
    owner = primary.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def _streams(stack: Stack) -> None:
    for _ in range(120):
        with psycopg.connect(stack.database_url) as link:
            if link.execute("SELECT state FROM pg_stat_replication").fetchall() == [("streaming",)]:
                return
        time.sleep(0.5)
    raise AssertionError("the standby does not follow")


def _confirmed_by(pair: Pair, names: str) -> None:
    with psycopg.connect(pair.hall.stack.database_url, autocommit=True) as link:
        link.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        link.execute("SELECT pg_reload_conf()")
    time.sleep(1)


def test_rl_05_a_save_whose_standby_was_not_waited_for_is_not_acknowledged_and_stored_once_afterwards(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    (room,) = pair.hall.sitting(Journal(path), 1)
    _confirmed_by(pair, "two")
    first = Load([room], most=5)
    assert first.join() == 5
    pair.freeze()
    load = Load([room], most=1)
    cancelled = 0
    for _ in range(60):  # the first try, and those that find it stored already
        cancelled += pair.cancel_waiting()
        if cancelled >= 3:
            break
        time.sleep(0.5)
    assert cancelled >= 3
    stored = pair.hall.run("SELECT count(*) FROM response_event")
    assert stored == [(6,)], "it stands in the server that will be lost"
    assert len([one for one in entries(path) if isinstance(one, AnswerKept)]) == 5, "and nobody was told that it is safe"
    pair.thaw()
    gap = pair.fail_over()
    assert load.join() == 1
    assert gap < 60
    assert pair.hall.lost(path) == []
    assert pair.hall.run("SELECT count(*), count(DISTINCT (position, revision)) FROM response_event WHERE outcome = 'saved'") == [(6, 6)]


def test_rl_07_a_dead_standby_is_told_of_within_seconds_and_nothing_waits_for_it_longer(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = pair.hall.sitting(Journal(path), 4)
    _confirmed_by(pair, "two")
    load = Load(rooms)
    time.sleep(3)
    pair.freeze()
    time.sleep(WAITS)  # what had been confirmed is told
    told, longest = _acknowledged(path), 0.0
    for _ in range(40):
        time.sleep(0.25)
        ((waited,),) = pair.hall.run(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float8 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        longest = max(longest, float(str(waited)))
    marks = pair.hall.run("SELECT count(*) FROM app_mark WHERE real_at > clock_timestamp() - interval '8 seconds'")
    assert marks == [(0,)], "a time in which nothing can be saved is an outage"
    stranger = Teacher(PlainLine(pair.hall.stack.url), pair.hall.found, next(pair.hall.seats), Journal(tmp_path / "other.jsonl"), time.sleep)
    with pytest.raises(BrokenOff, match=r"/sign-in.*: 503"):
        stranger.sign_in()
    assert _acknowledged(path) == told > 20
    pair.thaw()
    time.sleep(3)
    assert load.end() > told
    assert pair.hall.lost(path) == []
    stranger.sign_in()
    sys.stdout.write(f"\n{told} acknowledged before, the longest wait for the standby seen {longest:.1f} s\n")
    assert 0 < longest < WAITS


def _acknowledged(path: Path) -> int:
    return sum(isinstance(one, AnswerKept) for one in entries(path))


@pytest.mark.parametrize("names", ["two", ""])
def test_rl_04_losing_the_server_loses_nothing_where_the_standby_confirms_and_something_where_it_does_not(pair: Pair, tmp_path: Path, names: str) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = pair.hall.sitting(Journal(path), 6)
    _confirmed_by(pair, names)
    load = Load(rooms)
    time.sleep(3)
    pair.freeze()
    time.sleep(FROZEN)
    lost_at = pair.hall.stack.database_pid
    assert lost_at
    for pid in (lost_at, *children_of(lost_at)):  # frozen first, so that nothing is sent between thaw and loss
        os.kill(pid, signal.SIGSTOP)
    pair.thaw()
    gap = pair.fail_over()
    if names:
        time.sleep(3)
        assert load.end() > 20
        assert pair.hall.lost(path) == []
        assert gap < 60
    else:
        assert pair.hall.lost(path), "a standby that is not waited for must lose something, or this proves nothing"
