"""Three hundred people start in every second of five minutes (OV-05), all signed in before and with their entries in hand.

SECONDS=60 for a shorter run.
"""

import http.client
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from demo.stack import ROOT
from exam.services import token as tokens
from exam.services.payload import EnterExam
from lms.kernel import installation
from load_tests.product import seeded, working_on
from load_tests.seed import EXAM, Wanted
from load_tests.sign_ins import sign_in
from tests.soak.conftest import Hall
from tests.support import database

pytestmark = pytest.mark.soak
RATE, SECONDS = 300, int(os.environ.get("SECONDS", "300"))
PEOPLE, LINES = RATE * SECONDS, 64


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Hall, Sequence[bytes]]]:
    """A product with a paper for everybody, and what the page of each would send."""
    with database.elsewhere(), seeded(ROOT / "var/starts", ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=PEOPLE, film_seconds=6)) as (stack, found):
        with working_on(stack) as app:
            instant, offset = installation.read_clock()
            now = instant + offset
            later = now + timedelta(minutes=10)  # an entry lasts for a quarter of an hour
            entries = (tokens.entry(one.person_id, one.login_id, EXAM, asks_learning=False, now=later) for one in sign_in(app, found.person_ids, now))
            bodies = [msgspec.json.encode(EnterExam(entry, f"device-{number:09d}", honesty=True)) for number, entry in enumerate(entries)]
        hall = Hall(stack, found)
        hall.start_server()
        yield hall, bodies


def test_ov_05_three_hundred_start_in_every_second(prepared: tuple[Hall, Sequence[bytes]]) -> None:
    hall, bodies = prepared
    took, refused = [0.0] * len(bodies), []
    began, rest = time.monotonic() + 1, threading.Event()

    def line(first: int) -> None:
        """Send each LINES-th start at its moment; what a start had to wait for its line counts, too."""
        connection = http.client.HTTPConnection("127.0.0.1", hall.stack.port, timeout=60)
        for number in range(first, len(bodies), LINES):
            due = began + number / RATE
            rest.wait(max(0.0, due - time.monotonic()))
            connection.request("POST", "/api/exam/start", bodies[number], {"Content-Type": "application/json"})
            answer = connection.getresponse()
            words = answer.read()
            took[number] = time.monotonic() - due
            if answer.status != 200:
                refused.append((number, answer.status, words[:200]))
        connection.close()

    with ThreadPoolExecutor(LINES) as pool:
        list(pool.map(line, range(LINES)))
    ordered = sorted(took)
    median, most, nearly_all = (ordered[len(ordered) * part // 1000] for part in (500, 950, 990))
    sys.stdout.write(f"\n{len(bodies)} starts in {SECONDS} s: 50 % in {median:.3f} s, 95 % {most:.3f}, 99 % {nearly_all:.3f}, the last {ordered[-1]:.3f}\n")
    assert refused == []
    assert hall.run("SELECT count(*), count(DISTINCT paper_id), count(DISTINCT person_id) FROM attempt") == [(len(bodies), len(bodies), len(bodies))]
    assert most <= 2
    assert nearly_all <= 5
