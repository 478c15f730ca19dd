"""Two application nodes on one database: whoever is sent from one to the other in the middle of everything notices nothing."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import psycopg
import pytest

from demo.stack import ROOT, Stack, free_port, running
from load_tests.journal import AnswerKept, BeatKept, HandedIn, Journal, entries
from load_tests.journeys import Answer, Teacher
from load_tests.line import PlainLine
from load_tests.player import watch
from load_tests.product import seeded, start
from load_tests.seed import Seeded, Wanted
from load_tests.verdict import stored_is_acknowledged
from tests.support import database

pytestmark = pytest.mark.soak
PEOPLE = 6
FILM = 6


class BothNodes(PlainLine):
    """A line whose requests go to the nodes in turn, as behind a balancer without sticky routing."""

    def __init__(self, bases: list[str]) -> None:
        super().__init__(bases[0], patience=60)
        self._turns = itertools.cycle(bases)

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request to the next node."""
        self.base = next(self._turns)
        return super().send(method, path, name=name, headers=headers, body=body)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Stack, list[str], Seeded]]:
    """Two servers and two workers, one database, one VAR_DIR."""
    programme, wanted = ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=PEOPLE, film_seconds=FILM)
    with database.elsewhere(), seeded(tmp_path / "one", programme, wanted) as (stack, found):
        shared = {name: stack.environment[name] for name in ("SECRET_KEY", "FIELD_KEY", "VAR_DIR", "LOG_LEVEL", "SIGN_IN_TRIES", "HOT_REQUESTS")}
        other = Stack(tmp_path / "two", free_port(), database_url=stack.database_url, environment=shared)
        with running(other):
            for one in (stack, other):
                start(one)
                one.start_worker()
            yield stack, [stack.url, other.url], found


def test_sign_ins_leases_group_commit_and_sweeper_stay_right_over_two_nodes(nodes: tuple[Stack, list[str], Seeded], tmp_path: Path) -> None:
    stack, bases, found = nodes
    path = tmp_path / "acknowledged-0.jsonl"
    journal = Journal(path)

    def go(number: int) -> None:
        teacher = Teacher(BothNodes(bases), found, found.accounts[number], journal, lambda seconds: time.sleep(min(seconds, 0.05)), Random(number))
        teacher.sign_in()
        teacher.rest = time.sleep
        watch(teacher)
        teacher.rest = lambda seconds: time.sleep(min(seconds, 0.05))
        teacher.quiz()
        teacher.exam(think=lambda: 0.0, most_items=20)

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(go, range(PEOPLE)))
    kinds = [type(one) for one in entries(path)]
    assert kinds.count(HandedIn) == PEOPLE
    assert kinds.count(AnswerKept) >= 15 * PEOPLE
    assert kinds.count(BeatKept) >= PEOPLE
    assert stored_is_acknowledged(path, stack.database_url) == []
    assert _eventually(stack.database_url, "SELECT count(*) FROM attempt WHERE state = 'scored'", PEOPLE), "two sweepers have scored everybody once"
    with psycopg.connect(stack.database_url) as link:
        assert link.execute("SELECT count(*), count(DISTINCT attempt_id) FROM submission").fetchone() == (PEOPLE, PEOPLE)
        assert link.execute("SELECT max(n) FROM (SELECT count(*) AS n FROM hours_entry GROUP BY enrolment_id, lesson_id) AS each").fetchone() in {(1,), (None,)}
        assert link.execute("SELECT count(*) FROM login WHERE ended_at IS NULL").fetchone() == (PEOPLE,)


def _eventually(url: str, query: str, wanted: int) -> bool:
    for _ in range(180):
        with psycopg.connect(url) as link:
            if link.execute(query).fetchone() == (wanted,):
                return True
        time.sleep(1)
    return False
