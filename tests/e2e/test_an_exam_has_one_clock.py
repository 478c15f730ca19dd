"""However long the line is gone or the devices' clocks are wrong, the bell rings when the server says (EX-01, EX-08, EX-11)."""

from datetime import timedelta
from time import monotonic

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import text

from exam.services import adjustment as adjustments
from exam.services import outage
from exam.store import adjustment
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.support import rows
from tests.support.cast import PENG, id_of
from tests.support.hall import Hall, answer, prepare, seconds_shown, shot, wait_state
from tests.support.product import Product, give_password, sign_in

pytestmark = pytest.mark.browser
LONG_TEXTS = """async () => {
  const { SaveQueue } = await import(document.querySelector("script[src*='room.js']").src.replace("room.js", "queue.js"));
  const flights = [];
  const post = async (_path, { changes }) => {
    flights.push(changes.map((one) => one.position));
    return { status: 200, body: { remaining_ms: 1, saved: changes.map((one) => ({ ...one, status: "saved", choices: [], revision: 1 })) } };
  };
  const shelf = { all: async () => [], write: async () => {} };
  const queue = new SaveQueue({ attempt: "a", shelf, post, told: () => {} });
  await queue.open({ token: "t", seq_from: 0, answers: [] });
  for (let position = 1; position <= 7; position += 1) await queue.change(position, ["字".repeat(4_000)], false);
  await queue.drain();
  return flights;
}"""


def test_ex_01_the_devices_clock_plays_no_part(hall: Hall, phone: BrowserContext) -> None:
    phone.clock.install(time="2001-02-03T04:05:06Z")
    page = hall.enter(phone)
    agrees(page, hall)
    now = hall.product.now()
    for skew in (timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)):
        page.clock.set_system_time(now + skew)
        agrees(page, hall)
    phone.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    page.clock.fast_forward(600_000)  # the tab was hidden for what its own clocks took for ten minutes
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    agrees(page, hall)
    hall.move_bell(1_500)  # the machine slept for an hour, and so did its clocks
    page.evaluate("dispatchEvent(new Event('focus'))")
    agrees(page, hall)
    answer(page, 1, 2)
    wait_state(page, 1, "answered")
    assert hall.held() == {1: "2"}


def test_minutes_that_cannot_be_taken_back_are_named_before_they_are_given(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    hall.enter(phone)
    with hall.product.seeding(), transaction() as session:
        give_password(session, rows.person(session, account="ivy-at-desk", name="监考甲", roles=(Role.INVIGILATOR,)), hall.product.now())
    sign_in(desk, "ivy-at-desk", f"/invigilation/{hall.code}")
    page, before = desk.new_page(), hall.left()
    page.goto(f"/invigilation/{hall.code}")
    given = page.locator("form[action$='/time']")
    given.evaluate("form => { form.closest('details').open = true; }")
    given.locator("[name=time-minutes]").fill("70")
    given.locator("[name=time-reason]").fill("停电")
    given.locator("button[type=submit]").click()
    asked = page.locator("#confirm-dialog")
    expect(asked).to_contain_text("增加 70 分钟和各人时长的 0%，不能撤回")
    asked.locator("[value=no]").click()
    given.locator("[name=time-minutes]").fill("7")
    given.locator("button[type=submit]").click()
    expect(asked).to_contain_text("增加 7 分钟和各人时长的 0%，不能撤回")
    with page.expect_navigation():
        asked.locator("[value=yes]").click()
    assert 6 * 60 < hall.left() - before <= 7 * 60


def agrees(page: Page, hall: Hall) -> None:
    """Wait until the page shows what the server gives."""
    for _look in range(100):
        if abs(seconds_shown(page) - hall.left()) <= 2:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the page shows {seconds_shown(page)} s, the server gives {hall.left():.1f}")


def test_a_pause_near_the_bell_ends_nothing_whoever_comes_back_in_it(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    answerable = _rung_without_a_line(hall, page)
    # Meanwhile the clock has been stopped with five minutes to go, and has stood past what was the deadline.
    with hall.product.seeding(), transaction() as session:
        (attempt,) = hall.product.run("SELECT id FROM attempt WHERE person_id = %s", hall.person_id)[0]
        now = hall.product.now()
        adjustment.pause(session, [int(str(attempt))], reason="停电", actor_id=None, now=now - timedelta(minutes=7))
        session.execute(text("UPDATE attempt SET deadline = :deadline WHERE id = :id"), {"id": attempt, "deadline": now - timedelta(minutes=2)})
    phone.set_offline(False)
    expect(page.locator("#pause")).to_be_visible()
    expect(answerable).not_to_have_count(0)
    page.reload()
    expect(page.locator("#pause")).to_be_visible()
    assert 290 <= seconds_shown(page) <= 330
    with hall.product.seeding():
        adjustments.give_time(int(str(attempt)), minutes=3, reason="停电", now=hall.product.now())
    with page.expect_response("**/api/exam/remaining"):
        page.clock.fast_forward(30_000)  # the look at which the page learns of them: when the clock goes on, nothing more is given
    with hall.product.seeding(), transaction() as session:
        adjustment.resume(session, [int(str(attempt))], actor_id=None, now=hall.product.now())
    wait_state(page, 1, "answered")
    expect(page.locator("#pause")).to_be_hidden()
    expect(page.locator("body")).to_contain_text("考试时间已延长 3 分钟")
    assert hall.product.run("SELECT state FROM attempt WHERE id = %s", attempt) == [("open",)]
    # Long texts go in as many requests as they need.
    flights = page.evaluate(LONG_TEXTS)
    assert [len(flight) for flight in flights] == [3, 3, 1]


def _rung_without_a_line(hall: Hall, page: Page) -> Locator:
    """Cut the line, answer item 1 and let the bell ring; returns what can be answered."""
    page.clock.install()
    hall.move_bell(1_200)
    page.reload()
    hall.opened(page)
    page.context.set_offline(True)
    answer(page, 1, 2)
    answerable = page.locator("#items input:not([disabled])")
    page.clock.fast_forward(20 * 60_000)
    expect(answerable).to_have_count(0)  # the bell, as this page knows it
    return answerable


def test_ex_08_a_bell_in_an_outage_waits_and_what_was_over_opens_again(hall: Hall, phone: BrowserContext) -> None:
    hall.product.run("UPDATE exam SET release = 'by_hand' WHERE code = %s", hall.code)
    page = hall.enter(phone)
    answerable = _rung_without_a_line(hall, page)
    hall.product.run("UPDATE attempt SET deadline = clock_timestamp() - interval '2 minutes' WHERE person_id = %s", hall.person_id)
    gap = (
        "INSERT INTO outage (began_at, ended_at, attempts, state, settled_at, reason)"
        " SELECT now() - interval '5 minutes', now() - interval '1 minute', 1, 'undecided', now(), '' RETURNING id"
    )
    (number,) = hall.product.run(gap)[0]
    saves: list[str] = []
    page.on("request", lambda request: saves.append(request.url) if request.url.endswith("/api/exam/save") else None)
    phone.set_offline(False)
    expect(page.locator("#room-banner-text")).to_contain_text("正在核算要补回的时间", timeout=20_000)
    shot(page, "room-phone-settling")
    assert hall.product.run("SELECT state FROM attempt WHERE person_id = %s", hall.person_id) == [("open",)]
    page.wait_for_timeout(1_000)
    assert 1 <= len(saves) <= 4, "a page that waits asks seldom"
    decided = monotonic()
    with hall.product.seeding():
        outage.decide(int(str(number)), give_back=True, reason="停电", actor_id=hall.person_id, now=hall.product.now())
    wait_state(page, 1, "answered")
    expect(answerable).not_to_have_count(0)
    assert 175 - (monotonic() - decided) <= seconds_shown(page) <= 185, "three minutes were left when it began"
    # Ended, told so, and opened again: the page finds out by itself.
    (attempt,) = hall.product.run("SELECT id FROM attempt WHERE person_id = %s", hall.person_id)[0]
    hall.product.run("SELECT exam_finalise(ARRAY[%s]::bigint[], clock_timestamp())", attempt)
    answer(page, 2, 1)
    expect(page.locator("#room-closed")).to_be_visible(timeout=20_000)
    with hall.product.seeding():
        adjustments.reopen(id_of(PENG), int(str(attempt)), minutes=10, reason="误收卷", now=hall.product.now())
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("#room-closed")).to_be_hidden()
    wait_state(page, 2, "answered")
    expect(page.locator("#room-banner")).to_have_text("考试时间已延长，请继续作答。", use_inner_text=True)  # not wiped away by the answer that was saved
    shot(page, "room-phone-opened-again")
    assert hall.held() == {1: "2", 2: "1"}


@pytest.mark.soak  # waits for a real minute to pass
def test_when_time_is_up_the_page_hands_in_by_itself(product: Product, phone: BrowserContext) -> None:
    hall = prepare(product, minutes=1)
    page = hall.enter(phone)
    answer(page, 1, 1)
    page.wait_for_url("**/receipt", timeout=90_000)
    (by, answered) = product.run(
        "SELECT s.ended_by, s.answered FROM submission s JOIN attempt a ON a.id = s.attempt_id WHERE a.person_id = %s", hall.person_id
    )[0]
    assert (by, answered) == ("learner", 1)
