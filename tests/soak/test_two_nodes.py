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
from load_tests.journeys import Answer, Room, Teacher
from load_tests.player import Player, watch
from load_tests.product import seeded, start
from load_tests.seed import EXAM, Seeded, Wanted
from load_tests.verdict import stored_is_acknowledged
from tests.soak.conftest import Load
from tests.support import database
from tests.support.line import PlainLine

pytestmark = pytest.mark.soak
PEOPLE = 6
GONE, TORN = 6, 7  # who leaves her exam open, and who presses play on a second device
FILM = 30
DEPLOYMENTS = 5


class BothNodes(PlainLine):
    """A line whose requests go to the nodes in turn, as behind a balancer without sticky routing."""

    def __init__(self, bases: list[str]) -> None:
        super().__init__(bases[0], patience=60)
        self._turns = itertools.cycle(bases)

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request to the next node."""
        self.base = next(self._turns)
        return super().send(method, path, name=name, headers=headers, body=body)


class Tried(BothNodes):
    """The same, counting how often in a row a save got no answer, as whoever sent it sees it."""

    def __init__(self, bases: list[str]) -> None:
        super().__init__(bases)
        self.vain = self.most_vain = self.saves = 0

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request to the next node."""
        answer = super().send(method, path, name=name, headers=headers, body=body)
        if path == "/api/exam/save":
            self.vain = 0 if answer.status == 200 else self.vain + 1
            self.most_vain, self.saves = max(self.vain, self.most_vain), self.saves + (answer.status == 200)
        return answer


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Stack, Stack, Seeded]]:
    """Two servers and two workers, one database, one VAR_DIR."""
    programme, wanted = ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=PEOPLE + 2, film_seconds=FILM)
    with database.elsewhere(), seeded(tmp_path / "one", programme, wanted) as (stack, found):
        shared = {name: stack.environment[name] for name in ("SECRET_KEY", "FIELD_KEY", "VAR_DIR", "LOG_LEVEL", "SIGN_IN_TRIES", "HOT_REQUESTS")}
        other = Stack(tmp_path / "two", free_port(), database_url=stack.database_url, environment=shared)
        with running(other):
            for one in (stack, other):
                start(one)
                one.start_worker()
            yield stack, other, found


def test_sign_ins_leases_group_commit_and_sweeper_stay_right_over_two_nodes(nodes: tuple[Stack, Stack, Seeded], tmp_path: Path) -> None:
    stack, other, found = nodes
    bases = [stack.url, other.url]
    path = tmp_path / "acknowledged-0.jsonl"
    journal = Journal(path)

    left = abandoned(bases[0], found, journal)
    cut_short(stack.database_url)

    def go(number: int) -> None:
        teacher = Teacher(BothNodes(bases), found, found.accounts[number], journal, lambda seconds: time.sleep(min(seconds, 0.05)), Random(number))
        teacher.sign_in()
        teacher.rest = time.sleep
        watch(teacher)
        teacher.rest = lambda seconds: time.sleep(min(seconds, 0.05))
        teacher.quiz()
        teacher.exam(think=lambda: 0.0, most_items=20)

    with ThreadPoolExecutor(PEOPLE + 1) as pool:
        torn = pool.submit(torn_between, bases, found, journal)
        list(pool.map(go, range(PEOPLE)))
        torn.result()
    kinds = [type(one) for one in entries(path)]
    assert kinds.count(HandedIn) == PEOPLE
    assert kinds.count(AnswerKept) >= 15 * PEOPLE + left
    assert kinds.count(BeatKept) >= PEOPLE
    assert stored_is_acknowledged(path, stack.database_url) == []
    assert _eventually(stack.database_url, "SELECT count(*) FROM attempt WHERE state = 'scored'", PEOPLE + 1), "two sweepers have scored everybody"
    assert _eventually(stack.database_url, "SELECT count(*) FROM hours_entry", PEOPLE + 1), "everybody has seen the whole film"
    with psycopg.connect(stack.database_url) as link:
        assert link.execute("SELECT ended_by, count(*), count(DISTINCT attempt_id) FROM submission GROUP BY 1 ORDER BY 1").fetchall() == [
            ("deadline", 1, 1), ("learner", PEOPLE, PEOPLE),
        ]  # fmt: skip
        assert link.execute("SELECT s.answered FROM submission s WHERE s.ended_by = 'deadline'").fetchone() == (left,), "what she had answered counts"
        assert link.execute("SELECT count(*), max(version) FROM result").fetchone() == (PEOPLE + 1, 1)
        assert link.execute("SELECT count(DISTINCT (enrolment_id, lesson_id)) FROM hours_entry").fetchone() == (PEOPLE + 1,), "credited twice"
        assert link.execute("SELECT count(*) FROM login WHERE ended_at IS NULL").fetchone() == (PEOPLE + 3,)


def test_rl_13_a_deployment_node_by_node_under_saves_fails_none_after_one_try_and_signs_nobody_out(nodes: tuple[Stack, Stack, Seeded], tmp_path: Path) -> None:
    *stacks, found = nodes
    bases = [one.url for one in stacks]
    path = tmp_path / "acknowledged-0.jsonl"
    journal = Journal(path)
    lines = [Tried(bases) for _number in range(PEOPLE)]

    def enter(number: int) -> Room:
        teacher = Teacher(lines[number], found, found.accounts[number], journal, lambda seconds: time.sleep(min(seconds, 0.05)), Random(number))
        teacher.sign_in()
        room = Room(teacher, EXAM)
        room.start()
        return room

    with ThreadPoolExecutor(PEOPLE) as pool:
        load = Load(list(pool.map(enter, range(PEOPLE))))
    for one in stacks * DEPLOYMENTS:
        time.sleep(1)
        one.kill_server(gently=True)
        start(one)
    acknowledged = load.end()
    assert load.broken == []
    assert acknowledged == sum(line.saves for line in lines) > 100 * PEOPLE
    assert max(line.most_vain for line in lines) == 1, "a node that ends refuses, and the other takes it at once"
    assert stored_is_acknowledged(path, stacks[0].database_url) == []
    with psycopg.connect(stacks[0].database_url) as link:
        assert link.execute("SELECT count(*) FROM login WHERE ended_at IS NULL").fetchone() == (PEOPLE,), "nobody signed in a second time"


def at(base: str, found: Seeded, number: int, journal: Journal) -> Teacher:
    """Sign a teacher in at one node."""
    teacher = Teacher(PlainLine(base, patience=60), found, found.accounts[number], journal, lambda seconds: time.sleep(min(seconds, 0.05)), Random(number))
    teacher.sign_in()
    return teacher


def abandoned(base: str, found: Seeded, journal: Journal) -> int:
    """Begin an exam, answer some of it and go away; returns how many were answered."""
    room = Room(at(base, found, GONE, journal), EXAM)
    room.start()
    for position in range(1, 6):
        room.choose(position, [0])
    room.flush()
    return 5


def cut_short(database_url: str) -> None:
    """Let the time of every open attempt be up, as if all of it had been taken back; after a minute's grace a sweeper of either node ends it."""
    with psycopg.connect(database_url) as link:
        link.execute(
            "WITH taken AS (INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, at)"
            " SELECT id, 1 - extract(epoch FROM deadline - started_at), 'extra', 'taken back', started_at FROM attempt WHERE state = 'open'"
            " RETURNING attempt_id, seconds)"
            " UPDATE attempt SET deadline = deadline + seconds * interval '1 second' FROM taken WHERE id = attempt_id"
        )


def torn_between(bases: list[str], found: Seeded, journal: Journal) -> None:
    """Watch at one node, press play again at the other: the first is told there, and what both earned counts once."""
    first, second = (at(base, found, TORN, journal) for base in bases)
    for one in (first, second):
        one.rest = time.sleep
    before, after = Player(first, found.lessons[0]), Player(second, found.lessons[0])
    before.play(8)
    after.press()
    assert after.place >= 7, "the second device goes on where the first one stood"
    after.play(4)
    asked = {"lease": before.opened["lease"], "sequence": before.sequence, "intervals": [[20_000, 24_000]], "standing": before.opened["standing"]}
    told = first._post_json("/api/media/heartbeat", asked, None).json
    assert not told["newest"]
    assert [one["reason"] for one in told["refused"]] == ["other_device"]
    after.play()


def _eventually(url: str, query: str, wanted: int) -> bool:
    for _ in range(180):
        with psycopg.connect(url) as link:
            if link.execute(query).fetchone() == (wanted,):
                return True
        time.sleep(1)
    return False
