"""Locust's users: teachers who learn, and teachers who sit the exam."""

import itertools
import os
from pathlib import Path
from random import Random

import gevent
from locust import FastHttpUser, task
from locust.exception import StopUser

from load_tests.journal import Journal
from load_tests.journeys import Answer, BrokenOff, Teacher
from load_tests.seed import Seeded, read

FOLDER = Path(os.environ.get("LOAD_FOLDER", "var/load"))
# How many times faster than life people act; the film is never played faster than it runs.
PACE = float(os.environ.get("LOAD_PACE", "1"))
JOURNAL = FOLDER / "acknowledged.jsonl"

_accounts = itertools.count()


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
    """Somebody who goes her way once; every one is another teacher."""

    abstract = True
    network_timeout = 30.0
    connection_timeout = 30.0

    def on_start(self) -> None:
        """Take an account of her own."""
        found = read(FOLDER)
        assert found is not None
        number = next(_accounts)
        if number >= len(found.accounts):
            raise StopUser
        self.found: Seeded = found
        self.teacher = Teacher(_Line(self), found, found.accounts[number], _journal(), self._rest, Random(number))

    def _rest(self, seconds: float) -> None:
        gevent.sleep(seconds / PACE)

    def go(self) -> None:
        """Go the way."""
        raise NotImplementedError

    @task
    def once(self) -> None:
        """Go it once and stop."""
        try:
            self.go()
        except BrokenOff as broken:
            self.environment.events.user_error.fire(user_instance=self, exception=broken, tb=broken.__traceback__)
            self.environment.process_exit_code = 1
        raise StopUser


class Learner(_Person):
    """Watches the lesson and does its quiz."""

    weight = 3

    def go(self) -> None:
        """Learn."""
        self.teacher.sign_in()
        self.teacher.rest = gevent.sleep  # the film runs at its own pace
        self.teacher.watch()
        self.teacher.rest = self._rest
        self.teacher.quiz()
        self.teacher.home()


class Candidate(_Person):
    """Sits the exam."""

    weight = 2

    def go(self) -> None:
        """Sit it."""
        self.teacher.sign_in()
        self.teacher.exam(think=lambda: self.teacher.random.expovariate(1 / 12.0))


_journals: list[Journal] = []


def _journal() -> Journal:
    if not _journals:
        _journals.append(Journal(JOURNAL))
    return _journals[0]
