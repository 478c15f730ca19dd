"""Locust's users: teachers who learn, teachers who sit the exam, and an author and a manager at work meanwhile.

A user of Locust is a place that is always taken: whoever has gone her way is followed by the next teacher, so that as many are there to the end.
"""

import itertools
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import Cookie
from pathlib import Path
from random import Random
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from gevent.event import Event
from geventhttpclient.response import HTTPConnectionClosed
from locust import FastHttpUser, constant, events, task
from locust.env import Environment
from locust.exception import StopUser

from load_tests import counting
from load_tests.figures import INTERVAL, LONGER, WAITED, wall
from load_tests.journal import Journal
from load_tests.journeys import Answer, BrokenOff, Teacher, path_of
from load_tests.player import watch
from load_tests.scenario import Asked, NotPlayable, scenario
from load_tests.seed import BANK, PRESENT, Seeded, read
from load_tests.sitting import GOLDEN, Turns, sit

FOLDER = Path(os.environ.get("LOAD_FOLDER", "var/load"))
ASKED = Asked.from_environment()
SCENARIO = scenario(ASKED)
STAFF = 2
SILVER, BRONZE = 0.41421356237309515, 0.3027756377319946  # multiples of each spread evenly, and not together with those of the golden section
AT_ONCE = 0.001  # seconds
SILENT = 25.0  # seconds; after thirty the server waits for no further request on a connection
PAUSE = 5.0  # seconds before another comes where somebody had to break off

LOOKS_EVERY = 0.25  # seconds
_places, _turns = itertools.count(), Turns(ASKED.people, ASKED.workers)
_journals: list[Journal] = []
_over = Event()


def _on_start(**_more: object) -> None:
    _over.clear()


def _on_stopping(**_more: object) -> None:
    _over.set()  # nobody goes on behind the end, where nothing is judged


events.test_start.add_listener(_on_start)  # type: ignore[no-untyped-call]
events.test_stopping.add_listener(_on_stopping)  # type: ignore[no-untyped-call]


@cache
def _seeded() -> Seeded:
    found = read(FOLDER)
    if found is None:
        raise NotPlayable(f"{FOLDER} holds no seed; run: python -m load_tests seed PROGRAMME --folder {FOLDER}")
    if found.window != ASKED.window:
        raise NotPlayable(f"{FOLDER} is seeded for LOAD_WINDOW={found.window + 1}, not {ASKED.window + 1}: say that, or seed with --window {ASKED.window + 1}")
    return found


@cache
def _present() -> list[str]:
    path = FOLDER / PRESENT
    return msgspec.json.decode(path.read_bytes(), type=list[str]) if SCENARIO.steady and path.exists() else []


def _wait(seconds: float) -> None:
    """Wait so long, or leave when the run ends."""
    if _over.wait(seconds):
        raise StopUser


class _Line:
    """Locust's client as a journey sees it."""

    def __init__(self, user: FastHttpUser) -> None:
        self._user = user
        self._spoke = time.monotonic()

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request; whom a busy server puts off comes again when it says, or the exam's pages when they see fit."""
        answer, again = self._once(method, path, name=name, headers=headers, body=body)
        while again == AT_ONCE or (again and not path.startswith("/api/exam/")):
            _wait(again)
            if (ended := path_of(answer.url)) != path:  # what was sent has been taken; the page behind it is what has to wait
                method, path, body = "GET", ended, b""
            answer, again = self._once(method, path, name=name, headers=headers, body=body)
        return answer

    def _once(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes) -> tuple[Answer, float]:
        """Send it once; returns after how many seconds to come again where the server was busy, which only a run about that forgives.

        Over a connection kept in silence for so long that the server may close it meanwhile: as a browser does, at once again, over a fresh one.
        """
        kept = time.monotonic() - self._spoke > SILENT
        self._spoke = time.monotonic()
        with self._user.client.request(method, path, name=name, headers=headers, data=body.decode() or None, catch_response=True) as response:
            told = float((response.headers or {}).get("Retry-After") or 0)
            answer = Answer(response.status_code or 0, response.content or b"", response.url or path, told)
            if answer.status in (200, 206):
                response.success()
            elif answer.status == 409 and answer.json.get("code") == "waiting":
                response.request_meta["name"] = f"{name} (waits)"  # her turn will come; that is no failure, and no start either
                response.success()
            elif answer.status == counting.BUSY and told:
                if ASKED.overload:
                    response.success()
                return answer, told
            elif kept and isinstance(getattr(response, "error", None), HTTPConnectionClosed):
                response.request_meta["name"] = f"{name} (line had been closed)"
                response.success()
                return answer, AT_ONCE
            return answer, 0.0


class _Person(FastHttpUser):
    """Somebody who goes her way."""

    abstract = True
    concurrency = 1
    network_timeout = 30.0
    connection_timeout = 30.0
    wait_time = constant(0)
    city = ""
    account = ""  # of staff; a teacher takes the next one that is free
    teacher: Teacher

    def context(self) -> dict[str, Any]:
        """Tell the statistics whose request it is."""
        return {"city": self.city} if self.city else {}

    def go(self) -> None:
        """Go the way."""
        raise NotImplementedError

    @task
    def once(self) -> None:
        """Go it once; then it is somebody else's turn."""
        try:
            self.go()
        except BrokenOff as broken:
            _tell(self, "way", f"{type(self).__name__} goes on", 0.0, broken)
            _wait(PAUSE)
        except NotPlayable as fault:
            _give_up(self.environment, fault)

    def _sit_down(self, account: str, number: int) -> Teacher:
        """Sit down at a browser of one's own."""
        self.client.cookiejar.clear()
        self.teacher = Teacher(_Line(self), _seeded(), account, _journal(_place(self)), self._rest, Random(number), bell=self._bell, offline=ASKED.offline)
        self.teacher.plays = _wait
        self.teacher.fetches = number * GOLDEN % 1 < ASKED.media
        self.teacher.small = SCENARIO.habits.small(number * SILVER % 1, number * BRONZE % 1)
        self.teacher.waited = self._waited
        if ASKED.overload:
            self.teacher.told = self._told
        return self.teacher

    def _rest(self, seconds: float) -> None:
        _wait(seconds / ASKED.pace)

    def _bell(self) -> None:
        _wait(max(0.0, ASKED.lead + ASKED.barrier - counting.elapsed()) if ASKED.barrier else 0.0)

    def _told(self, seconds: float) -> None:
        _tell(self, "line", INTERVAL, 1000 * seconds)

    def _waited(self, seconds: float, told: float) -> None:
        _tell(self, "line", WAITED, 1000 * seconds)
        _tell(self, "line", LONGER, 1000 * max(0.0, seconds - told))


class _Taught(_Person):
    """A teacher: always the next one, and first those who are there when the run begins. A place stays empty while fewer are wanted."""

    abstract = True
    place = 0  # from 0, over all processes
    follows = False

    def on_start(self) -> None:
        """Take a place."""
        self.place = (next(_places) * ASKED.workers + _place(self)) % ASKED.people

    @contextmanager
    def _next(self) -> Iterator[int]:
        """Be the next teacher for the length of a block; yields her number in this run. Learners come again when all have been there."""
        while (SCENARIO.people_at(counting.elapsed()) or 0) <= self.place:
            _wait(LOOKS_EVERY)
        found = _seeded()
        mine = min(ASKED.accounts or len(found.accounts), len(found.accounts) - ASKED.first)
        number, self.follows = _turns.take(_place(self), follows=self.follows), True
        if number >= mine and isinstance(self, Candidate):
            raise StopUser  # everybody has sat it; the verdict sees that too few are there
        account = ASKED.first + number % mine
        self.city = found.cities[account]
        self._sit_down(found.accounts[account], number)
        with counting.being_there(self.city):
            yield number


class Learner(_Taught):
    """Sits as the forecast says, or where a window is compressed watches one lesson and perhaps does its quiz."""

    def go(self) -> None:
        """Learn."""
        with self._next() as number:
            if not SCENARIO.steady:
                self._one_lesson()
                return
            there = _present()
            gone = _turns.gone(number)
            if gone and number < len(there):
                self._take(there[number])
            elif gone:  # without `run` nobody has signed them in beforehand
                self.teacher.sign_in()
            sit(self.teacher, SCENARIO.habits, gone=gone, pace=ASKED.pace)

    def _one_lesson(self) -> None:
        teacher = self.teacher
        teacher.sign_in()
        if teacher.random.random() < SCENARIO.habits.dropout:
            watch(teacher, share=SCENARIO.habits.dropout_watched)
            return
        watch(teacher)
        if teacher.random.random() < SCENARIO.quiz_share:
            teacher.quiz()
        teacher.home()

    def _take(self, cookie: str) -> None:
        """Go on with a sign-in that stands."""
        name, _equals, value = cookie.partition("=")
        host = urlsplit(str(self.host)).hostname or ""
        self.client.cookiejar.set_cookie(Cookie(0, name, value, None, False, host, False, False, "/", True, False, None, True, None, None, {}))


class Candidate(_Taught):
    """Sits the exam; with a barrier, everybody who is there starts with the bell."""

    def go(self) -> None:
        """Sit it."""
        with self._next():
            self.teacher.sign_in()
            stays = self.teacher.random.random() >= SCENARIO.habits.exam_left
            self.teacher.exam(think=lambda: self.teacher.random.expovariate(1 / 12.0), stays=stays)


class Reader(_Person):
    """Somebody who reads reports without end, of which an overload has many."""

    account = "manager"

    def go(self) -> None:
        """Read."""
        self._sit_down(self.account, 0).sign_in()
        while True:
            self.teacher.look(f"/manage/programmes/{_seeded().programme}/load", "/people?q=jiaoshi1", "/classes")


class Author(_Person):
    """Somebody who works on the bank meanwhile."""

    fixed_count = 1
    account = "writer"

    def go(self) -> None:
        """Look through the bank until the run ends."""
        self._sit_down(self.account, 0).sign_in()
        while True:
            self.teacher.look("/bank", f"/bank/{BANK}", f"/bank/{BANK}/coverage", f"/bank/{BANK}/items/new")


class Manager(_Person):
    """Somebody who looks after the province meanwhile."""

    fixed_count = 1
    account = "manager"

    def go(self) -> None:
        """Look at people and reports until the run ends."""
        self._sit_down(self.account, 0).sign_in()
        while True:
            self.teacher.look("/people?q=jiaoshi1", "/classes", "/manage/programmes", f"/manage/programmes/{_seeded().programme}/load")


def _give_up(environment: Environment, fault: NotPlayable) -> NoReturn:
    """End Locust with a word instead of trying again without end; whoever else meets the same leaves in silence."""
    if not _over.is_set():
        _over.set()
        print(f"✗ {fault}", file=sys.stderr, flush=True)
        environment.process_exit_code = 2
        if environment.runner:
            environment.runner.quit()
    raise StopUser


def _tell(user: FastHttpUser, kind: str, name: str, milliseconds: float, broken: Exception | None = None) -> None:
    """Note something that is no request of its own."""
    noted = {"request_type": kind, "name": name, "response_time": milliseconds, "response_length": 0, "exception": broken}
    events.request.fire(**noted, context=user.context(), start_time=wall(), response=None)  # type: ignore[no-untyped-call]


def _place(user: FastHttpUser) -> int:
    place: int = max(0, getattr(user.environment.runner, "worker_index", 0))
    if place >= ASKED.workers:  # two would be the same teachers
        raise NotPlayable(f"this is worker {place + 1}, and LOAD_WORKERS={ASKED.workers} says how many there are: start it anew with the right number")
    return place


def _journal(place: int) -> Journal:
    if not _journals:
        _journals.append(Journal(FOLDER / f"acknowledged-{place}.jsonl"))
    return _journals[0]
