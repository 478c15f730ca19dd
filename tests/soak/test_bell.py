"""A thousand people start within a minute, work, and hand in within half a minute (OV-05, OV-06 as far as one machine with its clients goes).

CANDIDATES=200 for a smaller one.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from demo.stack import ROOT
from load_tests.journal import Journal
from load_tests.journeys import Answer, Room, Teacher
from load_tests.product import seeded
from load_tests.seed import EXAM, Wanted
from tests.soak.conftest import AT_ONCE, HASTE, Hall, let_in
from tests.support import database
from tests.support.line import PlainLine

pytestmark = pytest.mark.soak
CANDIDATES = int(os.environ.get("CANDIDATES", "1000"))
MINUTE, HALF = 60.0, 30.0
THREADS = 96  # of people who wait for an answer at the same moment
START, SAVE, SUBMIT = "/api/exam/start", "/api/exam/save", "/api/exam/submit"


class TimedLine(PlainLine):
    """A line that notes how long each request took."""

    def __init__(self, base: str, times: dict[str, list[float]]) -> None:
        super().__init__(base, patience=60)
        self.times = times

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request."""
        began = time.monotonic()
        answer = super().send(method, path, name=name, headers=headers, body=body)
        self.times.setdefault(name, []).append(time.monotonic() - began)
        return answer


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    """A product with a paper for everybody and no waiting room."""
    wanted = Wanted(people=CANDIDATES, film_seconds=6)
    with database.elsewhere(), seeded(ROOT / "var/bell", ROOT / "lms/programmes/jiangxi-2023.toml", wanted) as (stack, found):
        made = Hall(stack, found, seats=iter(found.accounts))
        made.start_server()
        yield made


def spread(rooms: Sequence[Room], seconds: float, act: Callable[[Room], None]) -> float:
    """Let each act at her own moment of a span; returns how long it took altogether."""
    moments = sorted((Random(place).uniform(0, seconds), place) for place in range(len(rooms)))
    began, rest = time.monotonic(), threading.Event()

    def one(moment: float, place: int) -> None:
        rest.wait(max(0.0, began + moment - time.monotonic()))
        act(rooms[place])

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(one, *each) for each in moments]:
            done.result()
    return time.monotonic() - began


def told(times: Sequence[float]) -> tuple[float, float, float]:
    """Return median, 95 % and 99 %."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], ordered[len(ordered) * 99 // 100]


def test_ov_05_ov_06_a_thousand_start_within_a_minute_and_hand_in_within_half_a_minute(hall: Hall, tmp_path: Path) -> None:
    path, times = tmp_path / "journal.jsonl", dict[str, list[float]]()
    journal = Journal(path)

    def enter(number: int) -> Room:
        line = TimedLine(hall.stack.url, times)
        teacher = Teacher(line, hall.found, next(hall.seats), journal, lambda seconds: time.sleep(seconds * HASTE), Random(number), tries=100)
        let_in(teacher)
        return Room(teacher, EXAM)

    def work(room: Room) -> None:
        for position in range(1, 4):
            room.choose(position, [0])
            room.flush()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        rooms = list(pool.map(enter, range(CANDIDATES)))
    took = {START: spread(rooms, MINUTE, Room.start), SAVE: spread(rooms, HALF, work), SUBMIT: spread(rooms, HALF, Room.hand_in)}
    for name, seconds in took.items():
        median, most, nearly_all = told(times[name])
        sys.stdout.write(
            f"\n{CANDIDATES} people, {name}: {len(times[name])} requests in {seconds:.0f} s, 50 % in {median:.3f} s, 95 % {most:.3f}, 99 % {nearly_all:.3f}\n"
        )
    assert hall.run("SELECT count(*), count(DISTINCT paper_id) FROM attempt WHERE state <> 'open'") == [(CANDIDATES, CANDIDATES)]
    assert hall.lost(path) == []
    assert took[START] < MINUTE + 10, "who was to start within the minute did"
    assert told(times[START])[1] <= 2
    assert told(times[START])[2] <= 5
    assert told(times[SAVE])[2] <= 1
    assert told(times[SUBMIT])[2] <= 1
