"""The browser is killed at random moments while people choose answers in it; another one goes on (EX-02). How often, and a seed to repeat: KILLS=8 SEED=7."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.support import chromium
from tests.support.browser import ARGUMENTS, DESK
from tests.support.hall import Hall, answer, prepare
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.soak]
PEOPLE = 8  # work in one browser, each in a window and an exam of her own: its end meets each at another moment
KILLS, SEED = int(os.environ.get("KILLS", "125")), int(os.environ.get("SEED", "0")) or SystemRandom().randrange(1, 1 << 32)
SINGLE = (1, 2, 3, 4)  # items of which one option is chosen
MOST_LOST, LOST_P99 = 12, 5  # seconds of choosing
TOLD = """const real = window.fetch;
window.fetch = async (...asked) => {
  const answer = await real(...asked);
  if (String(asked[0]).includes("/api/exam/save") && answer.ok) await window.acknowledged(await answer.clone().text());
  return answer;
};"""


@contextmanager
def killable(first: Browser, number: int) -> Iterator[tuple[Browser, int]]:
    """Start a browser of its own; yields it and its process."""
    mark = f"--killed-as={number}"
    made = first.browser_type.launch(executable_path=chromium.find(), args=[*ARGUMENTS, mark])
    main = next(pid for pid in _processes(mark) if b"--type=" not in (Path("/proc") / str(pid) / "cmdline").read_bytes())
    try:
        yield made, main
    finally:
        for pid in _processes(mark):
            os.kill(pid, signal.SIGKILL)


def _processes(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and mark.encode() in (path / "cmdline").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def room(hall: Hall, made: Browser, number: int, told: list[dict[str, Any]]) -> Page:
    """Sign in on a device that nobody has seen, and take the attempt over."""
    context = made.new_context(viewport=DESK, base_url=hall.product.url, locale="zh-CN")
    context.expose_function("acknowledged", lambda text: told.extend(json.loads(text)["saved"]))
    context.add_init_script(TOLD)
    if number == 0:
        return hall.enter(context)
    return hall.take_over(context)


def test_ex_02_a_killed_browser_loses_nothing_that_was_acknowledged(product: Product, chromium_browser: Browser) -> None:
    halls, dice = [prepare(product) for _person in range(PEOPLE)], Random(SEED)
    lost: list[float] = []
    acknowledged = 0
    for number in range(KILLS):
        told: list[list[dict[str, Any]]] = [[] for _hall in halls]
        chosen: list[dict[int, tuple[float, str]]] = [{} for _hall in halls]
        with killable(chromium_browser, number) as (made, pid):
            pages = [room(hall, made, number, heard) for hall, heard in zip(halls, told, strict=True)]
            killed: list[float] = []

            def kill(pid: int = pid, killed: list[float] = killed) -> None:
                killed.append(time.monotonic())
                os.kill(pid, signal.SIGKILL)

            timer = threading.Timer(dice.uniform(0.5, 8), kill)
            timer.start()
            try:
                while True:
                    who, position, option = dice.randrange(PEOPLE), dice.choice(SINGLE), dice.randrange(4)
                    answer(pages[who], position, option)
                    chosen[who][position] = (time.monotonic(), str(option))
                    pages[who].wait_for_timeout(dice.uniform(20, 1500) / PEOPLE)
            except Error:
                timer.join()
        for hall, heard, picked in zip(halls, told, chosen, strict=True):
            held = checked(hall, heard, f"SEED={SEED}, browser {number}")
            acknowledged += len(heard)
            lost += [killed[0] - at for position, (at, option) in picked.items() if held.get(position) != option]
    oldest = max(lost, default=0)
    sys.stdout.write(
        f"\n{KILLS} browsers with {PEOPLE} people each killed, seed {SEED}: {acknowledged} acknowledged, {len(lost)} choices not saved,"
        f" the oldest {oldest:.1f} s old\n"
    )
    assert acknowledged > KILLS
    assert oldest <= MOST_LOST
    assert sum(one > LOST_P99 for one in lost) <= max(1, len(lost) // 100)


def checked(hall: Hall, told: list[dict[str, Any]], where: str) -> dict[int, str]:
    """Compare what a person was told with what the database holds, and return that."""
    held, revisions = hall.held(), hall.product.run("SELECT revisions FROM attempt WHERE person_id = %s", hall.person_id)[0][0]
    assert isinstance(revisions, list)
    newest = {one["position"]: one for one in sorted(told, key=lambda one: one["revision"]) if one["status"] == "saved"}
    for position, one in newest.items():
        assert revisions[position - 1] >= one["revision"], f"{where}: {hall.account}'s position {position} was acknowledged and is gone"
        if revisions[position - 1] == one["revision"]:
            assert held[position] == ",".join(map(str, one["choices"])), f"{where}: {hall.account}'s position {position} is another"
    return held
