"""The rehearsal as an operator runs it: a master and two workers, a verdict that fails when writes are slow or lost, and Locust's own page."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stack import ROOT, free_port
from load_tests.conclusion import judge
from load_tests.product import seeded
from load_tests.run import Order, run, serve
from load_tests.scenario import Asked
from load_tests.seed import Wanted
from load_tests.verdict import Verdict
from tests.support import database

pytestmark = pytest.mark.soak
WINDOW, EXAM = 1, 3
PROGRAMME = ROOT / "lms/programmes/jiangxi-2023.toml"
LOCUST = [sys.executable, "-m", "locust", "-f", "load_tests/locustfile.py"]


@pytest.fixture(autouse=True)
def own_database() -> Iterator[None]:
    """Let the run have this process's connections to itself."""
    with database.elsewhere():
        yield


def rehearsed(folder: Path, window: int, proof: str = "") -> Verdict:
    asked = Asked(programme=str(PROGRAMME), window=window, people=24, seconds=90, pace=20, peak=True, barrier=15, lead=20)
    (found,) = run(asked, Order(folder=folder, processes=2, proof=proof))
    return found


def test_two_workers_load_a_window_and_each_city_is_judged(tmp_path: Path) -> None:
    found = rehearsed(tmp_path / "run", WINDOW)
    assert [one for one in found.faults if one.kind not in {"budget", "machine"}] == [], "a busy machine may be slow, but loses nothing"
    assert found.acknowledged > 20
    assert {line.city for line in found.lines} > {"", "360700"}
    assert {"acknowledged-0.jsonl", "acknowledged-1.jsonl"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert found.machine is not None
    late = [one.people for one in found.seconds if one.at >= 60]
    assert late
    assert sum(late) / len(late) > 0.9 * 24, "whoever leaves is followed by another, to the end"
    assert {one.code for one in found.rates if one.requests} >= {"sign_ins", "heartbeats", "lesson_pages", "other_pages"}
    assert {one.code for one in found.cities} == {line.city for line in found.lines} - {""}


def test_the_exam_begins_with_the_bell_and_a_lost_answer_is_named(tmp_path: Path) -> None:
    found = rehearsed(tmp_path / "run", EXAM, "lost")
    assert not found.passed
    assert any("was acknowledged and is not in the log" in one.words for one in found.faults)


def test_slow_writes_break_their_budget(tmp_path: Path) -> None:
    found = rehearsed(tmp_path / "run", WINDOW, "slow")
    assert any("/api/media/heartbeat" in one.words and one.kind == "budget" for one in found.faults)


def test_what_locust_sends_when_started_by_hand_is_judged(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [*LOCUST, "--headless", "--processes", "2", "--stop-timeout", "60", "--exit-code-on-error", "0"]
    said = {"FOLDER": str(folder), "WINDOW": "4", "PEOPLE": "12", "SECONDS": "60", "PACE": "20", "BARRIER": "10", "WORKERS": "2"}
    with seeded(folder, PROGRAMME, Wanted(people=60, window=EXAM)) as (stack, _found):
        serve(stack)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)} | {f"LOAD_{name}": value for name, value in said.items()}
        subprocess.run([*command, "--host", stack.url], cwd=ROOT, env=environment, check=True)
        found = judge(folder, stack.database_url)
    assert [one for one in found.faults if one.kind not in {"budget", "machine"}] == []
    assert found.acknowledged_by_kind["hand_in"] > 5  # some leave without
    assert found.scenario["people"] == 12


def test_locust_started_by_hand_shows_its_page() -> None:
    port = free_port()
    command = [*LOCUST, "--host", "http://127.0.0.1:9", "--web-host", "127.0.0.1", "--web-port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert "Locust" in _page(port)
    finally:
        process.terminate()
        process.wait(20)


def _page(port: int) -> str:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError("no page")
