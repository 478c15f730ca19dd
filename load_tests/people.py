"""Locust's users: teachers who learn, teachers who sit the exam, and an author and a manager at work meanwhile."""

import itertools
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import gevent
from locust import FastHttpUser, events, task
from locust.exception import StopUser

from load_tests import counting  # noqa: F401 - counts by city from its import on
from load_tests.journal import Journal
from load_tests.journeys import Answer, BrokenOff, Teacher
from load_tests.scenario import Asked, scenario
from load_tests.seed import BANK, Seeded, read

FOLDER = Path(os.environ.get("LOAD_FOLDER", "var/load"))
ASKED = Asked.from_environment()
QUIZ_SHARE = scenario(ASKED).quiz_share

_turns = itertools.count()
_began: list[float] = []
_journals: list[Journal] = []


def _on_start(**_more: object) -> None:
    _began[:] = [time.monotonic()]


events.test_start.add_listener(_on_start)  # type: ignore[no-untyped-call]


class _Line:
    """Locust's client as a journey sees it."""

    def __init__(self, user: FastHttpUser) -> None:
        self._user = user

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request."""
        with self._user.client.request(method, path, name=name, headers=headers, data=body.decode() or None, catch_response=True) as response:
            answer = Answer(response.status_code or 0, response.content or b"", response.url or path)
            if answer.status in (200, 206):
                response.success()
            return answer


class _Person(FastHttpUser):
    """Somebody who goes her way."""

    abstract = True
    network_timeout = 30.0
    connection_timeout = 30.0
    city = ""
    account = ""  # of staff; a teacher takes the next one that is free

    def on_start(self) -> None:
        """Sit down at a browser."""
        found = read(FOLDER)
        if found is None:
            raise RuntimeError(f"{FOLDER} holds no seed; run: python -m load_tests seed PROGRAMME --folder {FOLDER}")
        number = 0
        if not self.account:
            number = ASKED.first + next(_turns) * ASKED.workers + _place(self)
            if number >= len(found.accounts):
                raise StopUser
            self.account, self.city = found.accounts[number], found.cities[number]
        self.found: Seeded = found
        self.teacher = Teacher(_Line(self), found, self.account, _journal(_place(self)), self._rest, Random(number), bell=self._bell, offline=ASKED.offline)
        self.teacher.fetches = self.teacher.random.random() < ASKED.media

    def context(self) -> dict[str, Any]:
        """Tell the statistics whose request it is."""
        return {"city": self.city} if self.city else {}

    def _rest(self, seconds: float) -> None:
        gevent.sleep(seconds / ASKED.pace)

    def _bell(self) -> None:
        gevent.sleep(max(0.0, _began[0] + ASKED.barrier - time.monotonic()))

    def go(self) -> None:
        """Go the way."""
        raise NotImplementedError

    @task
    def once(self) -> None:
        """Go it once and stop; another teacher follows."""
        try:
            self.go()
        except BrokenOff as broken:
            self.environment.events.user_error.fire(user_instance=self, exception=broken, tb=broken.__traceback__)
            self.environment.process_exit_code = 1
        raise StopUser


class Learner(_Person):
    """Watches the lesson and, if the programme or she likes, does its quiz."""

    def go(self) -> None:
        """Learn."""
        self.teacher.sign_in()
        self.teacher.rest = gevent.sleep  # the film runs at its own pace
        self.teacher.watch()
        self.teacher.rest = self._rest
        if self.teacher.random.random() < QUIZ_SHARE:
            self.teacher.quiz()
        self.teacher.home()


class Candidate(_Person):
    """Sits the exam; with a barrier, everybody who is there starts with the bell."""

    def go(self) -> None:
        """Sit it."""
        self.teacher.sign_in()
        self.teacher.exam(think=lambda: self.teacher.random.expovariate(1 / 12.0))


class Author(_Person):
    """Somebody who works on the bank meanwhile."""

    fixed_count = 1
    account = "writer"

    def go(self) -> None:
        """Look through the bank until the run ends."""
        self.teacher.sign_in()
        while True:
            self.teacher.look("/bank", f"/bank/{BANK}", f"/bank/{BANK}/coverage", f"/bank/{BANK}/items/new")


class Manager(_Person):
    """Somebody who looks after the province meanwhile."""

    fixed_count = 1
    account = "manager"

    def go(self) -> None:
        """Look at people and reports until the run ends."""
        self.teacher.sign_in()
        while True:
            self.teacher.look("/people?q=jiaoshi1", "/classes", "/manage/programmes", f"/manage/programmes/{self.found.programme}/load")


def _place(user: FastHttpUser) -> int:
    return max(0, getattr(user.environment.runner, "worker_index", 0))


def _journal(place: int) -> Journal:
    if not _journals:
        _journals.append(Journal(FOLDER / f"acknowledged-{place}.jsonl"))
    return _journals[0]
