"""Whatever is killed, nothing acknowledged is lost (RL-01, RL-02, RL-06, EX-03, EX-07). How many kills, and a seed to repeat: KILLS=100 SEED=7."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random, SystemRandom

import pytest

from load_tests.journal import Journal
from load_tests.journeys import Room
from tests.soak.conftest import Hall, Load, wait_for

pytestmark = pytest.mark.soak
KILLS, SEED = int(os.environ.get("KILLS", "3")), int(os.environ.get("SEED", "0")) or SystemRandom().randrange(1, 1 << 32)
SAVERS = 32  # what one process of theirs brings the two cores to: more of them save no faster
CANDIDATES, EACH = 500, 6
SAME = ("paper_hash", "deadline", "started_at", "paper")


def test_rl_01_kill_9_of_every_server_process_and_of_postgresql_loses_no_acknowledged_answer(hall: Hall, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = hall.sitting(Journal(path), SAVERS)
    moments = Random(SEED)
    load = Load(rooms)
    time.sleep(1)
    before, began = sum(load.sent), time.monotonic()
    time.sleep(5)
    rate = (sum(load.sent) - before) / (time.monotonic() - began)
    for _kill in range(KILLS):
        time.sleep(moments.uniform(0.3, 2))
        hall.kill_server()
        hall.start_server()
        time.sleep(moments.uniform(0.3, 2))
        hall.kill_database()
    time.sleep(2)
    saved = load.end()
    sys.stdout.write(f"\n{SAVERS} people saved {rate:.0f} answers a second before the first kill, {saved} in all; 2 x {KILLS} kills, seed {SEED}\n")
    assert rate > 100, "a trickle of saves shows nothing"
    assert hall.lost(path) == []
    for room in rooms:
        room.hand_in()
    assert hall.lost(path) == []


def test_ex_07_five_hundred_come_back_after_a_kill_to_the_same_paper_answers_and_deadline(hall: Hall, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = hall.sitting(Journal(path), CANDIDATES)
    before = [room.opened for room in rooms]
    load = Load(rooms, most=EACH)
    while sum(load.sent) < CANDIDATES:  # everybody is in the middle of it
        time.sleep(0.1)
    hall.kill_server()
    hall.start_server()
    assert load.join() == EACH * CANDIDATES
    hall.kill_server()
    hall.start_server()

    def come_back(room: Room) -> float:
        began = time.monotonic()
        room.resume()
        return time.monotonic() - began

    held = [dict(room.held) for room in rooms]
    with ThreadPoolExecutor(32) as pool:
        took = sorted(pool.map(come_back, rooms))
    for room, old, answers in zip(rooms, before, held, strict=True):
        assert room.opened["resumed"]
        assert {name: room.opened[name] for name in SAME} == {name: old[name] for name in SAME}
        assert room.opened["remaining_ms"] <= old["remaining_ms"]
        assert room.held == answers
    assert hall.lost(path) == []
    sys.stdout.write(f"\n{CANDIDATES} came back, 95 % within {took[CANDIDATES * 95 // 100]:.2f} s, the last in {took[-1]:.2f} s\n")
    assert took[CANDIDATES * 95 // 100] < 5


def test_ex_08_a_server_that_is_up_again_says_so_before_anybody_asks_it_anything(hall: Hall) -> None:
    hall.kill_server()
    ((before,),) = hall.run("SELECT clock_timestamp()")
    hall.stack.launch_server()
    for _ in range(240):
        if hall.run("SELECT FROM app_mark WHERE real_at > %s", before):
            break
        time.sleep(0.25)
    ((silent,),) = hall.run("SELECT extract(epoch FROM min(real_at) - %s) FROM app_mark WHERE real_at > %s", before, before)
    hall.stack.await_server()
    assert silent is not None, "a restart in a quiet minute would last until somebody comes"
    sys.stdout.write(f"\nthe first sign of life {silent:.1f} s after the kill, no request sent\n")


@pytest.mark.parametrize(("drops", "each"), [(0.05, 300), (0.2, 300)])
def test_rl_06_ex_03_lost_answers_are_asked_for_again_and_nothing_is_doubled(hall: Hall, tmp_path: Path, drops: float, each: int) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = hall.sitting(Journal(path), 4, drops=drops)
    load = Load(rooms, most=each)
    assert load.join() == each * len(rooms)
    assert hall.lost(path) == []
    for room in rooms:
        account = room.teacher.account
        stored = hall.run(
            "SELECT count(*), count(DISTINCT (e.position, e.revision)), min(outcome), max(outcome) FROM response_event e "
            "JOIN attempt a ON a.id = e.attempt_id JOIN person p ON p.id = a.person_id WHERE p.account = %s",
            account,
        )
        assert stored == [(each, each, "saved", "saved")]
        room.teacher.line.drops = 0.0  # type: ignore[attr-defined]
        room.hand_in()
    assert hall.lost(path) == []


def test_rl_02_with_commits_that_are_not_durable_the_same_harness_goes_red(hall: Hall, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    rooms = hall.sitting(Journal(path))
    hall.set_commits(durable=False)
    try:
        load = Load(rooms)
        time.sleep(4)
        hall.kill_database()
        time.sleep(1)
        lost = hall.lost(path)
        with suppress(RuntimeError):  # the server has forgotten what a page holds and may refuse it from here on
            load.end()
    finally:
        hall.set_commits(durable=True)
        wait_for(hall.stack.port, "/healthz")
    assert lost
    assert lost[0].kind == "answer"
