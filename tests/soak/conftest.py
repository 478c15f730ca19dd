"""A product of its own under save load, and the means to kill its parts."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
import pytest

from demo.stack import ROOT, Stack
from load_tests.journal import Journal
from load_tests.journeys import BrokenOff, Room, Teacher
from load_tests.product import seeded, start, wait_for
from load_tests.seed import EXAM, Seeded, Wanted
from load_tests.verdict import Fault, stored_is_acknowledged
from tests.support import database
from tests.support.line import PlainLine

PEOPLE = 540
SITTERS = 8
AT_ONCE = 6  # of those who sign in: as many as one process lets wait
DOOR_TRIES = 60  # a second apart
HASTE = 0.05  # of the waits that a browser makes between tries


def children_of(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found.append(int(path.name))
    return found


def let_in(teacher: Teacher) -> None:
    """Sign somebody in; the server lets few in at a time and sends the others away for a while."""
    for left in range(DOOR_TRIES, 0, -1):
        try:
            teacher.sign_in()
        except BrokenOff as refused:
            if left == 1 or not str(refused).endswith("503"):
                raise
            time.sleep(1)
        else:
            return


@dataclass
class Hall:
    """The product and the people who sit in it."""

    stack: Stack
    found: Seeded
    server: int = 0
    seats: Iterator[str] = field(default_factory=lambda: iter(()))

    def start_server(self) -> None:
        """Start the web server."""
        self.server = start(self.stack)

    def kill_server(self) -> None:
        """Kill every process of the web server at once."""
        self.stack.kill_server()

    def kill_database(self) -> None:
        """Kill every process of PostgreSQL at once and start it again over the same data."""
        postmaster = self.stack.database_pid
        assert postmaster
        for pid in (postmaster, *children_of(postmaster)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.stack.restart_database()

    def set_commits(self, *, durable: bool) -> None:
        """Have PostgreSQL acknowledge after the disk has it, or before."""
        with psycopg.connect(self.stack.database_url, autocommit=True) as link:
            link.execute("ALTER SYSTEM RESET ALL" if durable else "ALTER SYSTEM SET synchronous_commit = off")
            if not durable:
                link.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            link.execute("SELECT pg_reload_conf()")

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database."""
        with psycopg.connect(self.stack.database_url) as link:
            return link.execute(statement, values).fetchall()

    def sitting(self, journal: Journal, count: int = SITTERS, *, drops: float = 0.0) -> list[Room]:
        """Let so many people sign in and start."""
        accounts = [next(self.seats) for _ in range(count)]

        def enter(number: int) -> Room:
            line = PlainLine(self.stack.url, random=Random(number))
            teacher = Teacher(line, self.found, accounts[number], journal, lambda seconds: time.sleep(seconds * HASTE), Random(number), tries=1000)
            let_in(teacher)
            room = Room(teacher, EXAM)
            room.start()
            line.drops = drops
            return room

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(enter, range(count)))

    def lost(self, journal: Path) -> list[Fault]:
        """Return what was acknowledged and is not stored."""
        return stored_is_acknowledged(journal, self.stack.database_url)


class Load:
    """Everybody changes answers as fast as the server takes them, each in a thread of her own."""

    def __init__(self, rooms: list[Room], *, most: int = 1_000_000) -> None:
        self._end = threading.Event()
        self.sent = [0] * len(rooms)
        self.broken: list[Exception] = []
        self._threads = [threading.Thread(target=self._sit, args=(place, room, most), daemon=True) for place, room in enumerate(rooms)]
        for thread in self._threads:
            thread.start()

    def _sit(self, place: int, room: Room, most: int) -> None:
        try:
            while not self._end.is_set() and self.sent[place] < most:
                room.choose(self.sent[place] % room.items + 1, [self.sent[place] // room.items % 2])
                room.flush()
                self.sent[place] += 1
        except Exception as error:  # noqa: BLE001 - raised again by whoever joins
            self.broken.append(error)

    def end(self) -> int:
        """Stop, and return how many changes were acknowledged."""
        self._end.set()
        return self.join()

    def join(self) -> int:
        """Wait for the last answers."""
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        if self.broken:
            raise self.broken[0]
        return sum(self.sent)


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    """One product for the kills of a module."""
    with database.elsewhere(), seeded(ROOT / "var/soak", ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=PEOPLE, film_seconds=6)) as (stack, found):
        made = Hall(stack, found, seats=iter(found.accounts))
        made.start_server()
        yield made


__all__ = ["Hall", "Load", "wait_for"]
