"""The exam room at its size: wrong clocks, answers lost on the way (EX-01, EX-03). How much, and a seed to repeat: RUNS=500 SAVES=10000 SEED=7."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random, SystemRandom
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.support.browser import DESK
from tests.support.hall import Hall, prepare
from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.soak]
RUNS, SAVES = int(os.environ.get("RUNS", "500")), int(os.environ.get("SAVES", "10000"))
SEED = int(os.environ.get("SEED", "0")) or SystemRandom().randrange(1, 1 << 32)
GRACE = 60
AFTER_LAST = 700  # milliseconds after which the room saves what was chosen last
RETRY = 2_500  # longer than its first wait after a lost answer
BAD = 0.2  # share of saves whose request or answer is lost or late
# What is chosen next at each of the items of hall's paper: four with one option, two with several, two with true or false.
CHOOSE = """round => document.querySelectorAll("#items .item").forEach((item, at) => {
    const options = [...item.querySelectorAll(".option input")];
    if (options[0].type === "radio") return options[(round + at) % options.length].click();
    if (!options.at(-1).checked) options.at(-1).click(); // never empty: that would be a clearing
    options[(round + at) % (options.length - 1)].click();
})"""
SAID = """() => [document.getElementById("save-state").dataset.state, [...document.querySelectorAll("#map a")].map(link => link.dataset.state === "answered"
    ? [...document.querySelectorAll(`#item-${link.dataset.position} .option input`)].flatMap((input, at) => input.checked ? [at] : []).join(",") : null)]"""
SAVE = """async body => {
    const answer = await fetch("/api/exam/save", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
    return [answer.status, await answer.json()];
}"""


@pytest.fixture
def desk(chromium_browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A desk computer whose clock a test can move."""
    context = chromium_browser.new_context(viewport=DESK, base_url=product.url, locale="zh-CN")
    context.clock.install()
    yield context
    context.close()


def saved(page: Page, hall: Hall, between: Callable[[], None] = lambda: None) -> None:
    """Let the page's timers run until it says of every item that it is saved; whatever it says at any look must be in the database."""
    wait = AFTER_LAST
    while True:
        page.clock.run_for(wait)
        state, said = page.evaluate(SAID)
        held = hall.held()
        wrong = [(position, value, held.get(position)) for position, value in enumerate(said, start=1) if value is not None and held.get(position) != value]
        assert not wrong, f"SEED={SEED}: called saved, and the server has something else: {wrong}"
        if None not in said:
            return
        assert state != "saved", f"SEED={SEED}: all is called saved while {said.count(None)} items are on their way"
        between()
        wait = RETRY


def test_ex_01_saves_go_by_the_servers_clock_alone_whatever_the_devices_says(product: Product, desk: BrowserContext) -> None:
    hall, dice = prepare(product), Random(SEED)
    page = hall.enter(desk)
    sent: list[dict[str, Any]] = []
    page.on("request", lambda request: sent.append(json.loads(request.post_data or "{}")) if request.url.endswith("/api/exam/save") else None)
    for run in range(RUNS):
        page.clock.set_system_time(product.now() + timedelta(seconds=dice.uniform(-172_800, 172_800)))
        page.evaluate(CHOOSE, run)
        saved(page, hall)
    assert hall.product.run("SELECT DISTINCT outcome FROM response_event") == [("saved",)]
    before, body = hall.log(), sent[-1]
    hall.move_bell(-GRACE - 1)
    refused = []
    for run in range(RUNS):
        change = body["changes"][0] | {"seq": body["changes"][-1]["seq"] + 1 + run, "choices": [run % 2]}
        status, answer = page.evaluate(SAVE, {"token": body["token"], "changes": [change]})
        refused.append((status, answer["code"]))
    # Whoever sends this many is put off in between, and the sweeper comes: each of them keeps the answer out.
    assert (409, "time_is_up") in refused
    assert set(refused) <= {(409, "time_is_up"), (409, "attempt_closed"), (429, "too_many")}
    assert [one for one in hall.log() if one[2] == "saved"] == before
    sys.stdout.write(f"\n{RUNS} rounds of saves before the bell, {RUNS} after it, device up to two days wrong: none refused before, none counted after\n")


def test_ex_03_what_the_page_calls_saved_is_in_the_database_however_bad_the_line(product: Product, desk: BrowserContext) -> None:
    hall, dice = prepare(product), Random(SEED)
    page = hall.enter(desk)
    late: list[Route] = []
    met = dict.fromkeys(("well", "request lost", "answer lost", "late"), 0)

    def carry(route: Route) -> None:
        fate = "well" if dice.random() >= BAD else dice.choice(("request lost", "answer lost", "late"))
        met[fate] += 1
        if fate == "well":
            route.continue_()
        elif fate == "late":
            late.append(route)
        else:
            if fate == "answer lost":
                route.fetch()
            route.abort()

    def arrive() -> None:
        while late:
            late.pop().continue_()

    page.route("**/api/exam/save", carry)
    rounds = -(-SAVES // 8)
    for number in range(rounds):
        page.evaluate(CHOOSE, number)
        saved(page, hall, arrive)
    stored = hall.product.run(
        "SELECT count(*), count(DISTINCT (e.position, e.revision)) FROM response_event e JOIN attempt a ON a.id = e.attempt_id"
        " WHERE a.person_id = %s AND e.outcome = 'saved'",
        hall.person_id,
    )
    sys.stdout.write(f"\n{rounds * 8} saves, seed {SEED}, requests {met}: all that was called saved is there, {stored[0][0]} stored, none twice\n")
    assert stored[0][0] == stored[0][1]
    assert int(str(stored[0][0])) >= rounds * 8
    assert rounds < 100 or min(met.values()) > 0
