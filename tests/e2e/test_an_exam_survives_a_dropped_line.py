"""A teacher sits an exam on a phone: the line drops, the page is reloaded and killed, another device takes over (EX-01 to EX-04, EX-06, EX-11, EX-13)."""

from datetime import timedelta
from pathlib import Path
from time import monotonic

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import text

from exam.domain.receipt import written
from exam.domain.timeline import told
from exam.services import adjustment as adjustments
from exam.services import outage
from exam.store import adjustment, timeline
from lms.kernel.db import transaction
from tests.e2e.conftest import PASSWORD, Product, give_password, sign_in
from tests.support import exams, rows
from tests.support.browser import PATIENCE
from tests.support.cast import PENG, id_of
from tests.support.hall import Hall, answer, prepare, second_factor, seconds_shown, shot, state, wait_state

pytestmark = pytest.mark.browser
LIES_ON_THE_DISK = """() => new Promise(resolve => {
  indexedDB.open("exam-room").onsuccess = ({target}) => {
    target.result.transaction("changes").objectStore("changes").getAll().onsuccess = found => resolve(found.target.result);
  };
})"""


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


def on_the_disk(page: Page, count: int) -> list[dict[str, object]]:
    """Wait until so many changes lie on the device; returns them."""
    for _ in range(600):
        if len(lying := page.evaluate(LIES_ON_THE_DISK)) == count:
            return list(lying)
        page.wait_for_timeout(100)
    pytest.fail(f"{len(lying)} changes lie on the device, and not {count}")


@pytest.fixture
def hall(product: Product) -> Hall:
    """Prepare an exam of 90 minutes with eight items for a teacher of its own."""
    return prepare(product)


def test_saved_appears_only_after_the_server_has_it(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    shot(page, "room-phone")
    answer(page, 1, 2)
    wait_state(page, 1, "answered")
    assert hall.held() == {1: "2"}
    answer(page, 5, 0)
    answer(page, 5, 3)
    wait_state(page, 5, "answered")
    assert hall.held() == {1: "2", 5: "0,3"}
    # A picture that does not come is fetched again.
    page.route("**/pictures/lost", lambda route: route.fulfill(status=503))
    picture = "const lost = new Image(); lost.dataset.picture = 'lost'; document.querySelector('.item').append(lost); lost.src = '/pictures/lost'"
    with page.expect_request(f"**/exams/{hall.code}/pictures/lost"):
        page.evaluate(f"() => {{ Math.random = () => 0; {picture} }}")
    # What is answered while the invigilators let the clock stand waits, and is saved when it goes on.
    with hall.product.seeding(), transaction() as session:
        (attempt,) = hall.product.run("SELECT id FROM attempt WHERE person_id = %s", hall.person_id)[0]
        adjustment.pause(session, [int(str(attempt))], reason="停电", actor_id=None, now=hall.product.now())
    answer(page, 2, 1)
    expect(page.locator("#pause")).to_be_visible()
    assert (state(page, 2), hall.held()) == ("waiting", {1: "2", 5: "0,3"})
    with hall.product.seeding(), transaction() as session:
        adjustment.resume(session, [int(str(attempt))], actor_id=None, now=hall.product.now())
    wait_state(page, 2, "answered")
    expect(page.locator("#pause")).to_be_hidden()


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
    with hall.product.seeding(), transaction() as session:
        adjustment.resume(session, [int(str(attempt))], actor_id=None, now=hall.product.now())
    wait_state(page, 1, "answered")
    expect(page.locator("#pause")).to_be_hidden()
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
    shot(page, "room-phone-opened-again")
    assert hall.held() == {1: "2", 2: "1"}


def test_ov_01_a_place_in_the_waiting_room_survives_a_reload_and_leads_to_the_paper(hall: Hall, phone: BrowserContext) -> None:
    hall.product.run("UPDATE exam SET settings = '{\"starts_per_second\": 0.2}' WHERE code = %s", hall.code)
    sign_in(phone, hall.account, f"/exams/{hall.code}")
    page = phone.new_page()
    began = monotonic()
    page.goto(f"/exams/{hall.code}")
    page.check("input[name=honesty]")
    # Only now, and as long as it takes to look at the waiting room: a busy machine needs longer for everything.
    wait = timedelta(seconds=6 + 10 * (monotonic() - began))
    hall.product.run(
        "INSERT INTO exam_gate (exam_id, next_at, asked_at) SELECT id, clock_timestamp() + %s, clock_timestamp() FROM exam WHERE code = %s", wait, hall.code
    )
    page.click("#start button[type=submit]")
    expect(page.locator("#waiting-estimate")).to_contain_text("预计")
    expect(page.locator("#waiting-ahead")).to_contain_text("前面还有")
    expect(page.locator(".before-start:visible")).to_have_count(0)  # nothing leads her away
    shot(page, "waiting-room-phone")
    # Busy for a moment: the entry is too old, and the fresh page does not come.
    page.route("**/api/exam/start", lambda route: route.fulfill(status=409, json={"code": "entry_old", "message": "old"}))
    page.route(f"**/exams/{hall.code}", lambda route: route.fulfill(status=503) if route.request.resource_type == "fetch" else route.continue_())
    page.reload()
    expect(page.locator("#waiting-estimate")).to_have_text("系统正忙，您的位置仍然保留，正在重试。")
    page.unroute_all()
    expect(page.locator("#start-ready")).to_be_hidden()
    page.wait_for_url("**/room", timeout=wait / timedelta(milliseconds=1) + 2 * PATIENCE)
    hall.opened(page)
    assert hall.product.run("SELECT deadline - started_at, started_at >= p.turn FROM attempt JOIN exam_place p USING (exam_id, person_id)")[-1][1]


def test_ex_04_a_quarter_of_an_hour_without_a_line_is_made_good_in_order(product: Product, phone: BrowserContext) -> None:
    hall = prepare(product, blueprint=exams.small_blueprint(single=6, multiple=4, true_false=3))
    page = hall.enter(phone)
    page.clock.install()
    page.reload()
    hall.opened(page)
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    phone.set_offline(True)
    first, again = range(2, 27), range(2, 7)
    for position in first:
        answer(page, position, 1)
    for position in again:
        answer(page, position, 0)
    expect(page.locator("#room-banner")).to_be_visible()
    expect(page.locator("#save-state")).to_have_attribute("data-state", "failed")
    page.clock.fast_forward(15 * 60_000)
    assert {state(page, position) for position in first} == {"waiting"}
    shot(page, "room-phone-offline")
    assert (bool(failed), hall.held()) == (True, {1: "0"})
    # For the server, too, a quarter of an hour has passed.
    (attempt,) = product.run("SELECT id FROM attempt WHERE person_id = %s", hall.person_id)[0]
    product.run("ALTER TABLE attempt DISABLE TRIGGER USER")
    product.run("UPDATE attempt SET started_at = started_at - interval '15 minutes', deadline = deadline - interval '15 minutes' WHERE id = %s", attempt)
    product.run("ALTER TABLE attempt ENABLE TRIGGER USER")
    product.run("UPDATE response_event SET arrived_at = arrived_at - interval '15 minutes' WHERE attempt_id = %s", attempt)
    phone.set_offline(False)
    for position in first:
        wait_state(page, position, "answered")
    expect(page.locator("#room-banner")).to_be_hidden()
    stored = [(position, value) for position, value, outcome in hall.log() if outcome == "saved"]
    assert len(stored) == len(set(stored)), "each value is stored once"
    assert [one for one in stored if one[0] not in again] == [(1, "0"), *((one, "1") for one in first if one not in again)], "in order"
    assert stored[-len(again) :] == [(one, "0") for one in again], "what was changed last comes last"
    assert hall.held() == dict(stored)
    with product.seeding(), transaction() as session:
        gaps = [one for one in told(timeline.events(session, int(str(attempt)))) if one.kind == "gap"]
    assert [one.seconds is not None and one.seconds >= 900 for one in gaps] == [True]


def test_a_reload_and_a_killed_page_lose_nothing(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    answer(page, 1, 3)
    wait_state(page, 1, "answered")
    page.check("#item-1 .item-mark")
    before = seconds_shown(page)
    page.reload()
    hall.opened(page)
    assert page.locator("#item-1 input:checked").count() == 2  # the option and the mark
    assert before - 300 <= seconds_shown(page) <= before
    phone.set_offline(True)
    answer(page, 2, 1)
    assert [sorted(record) for record in on_the_disk(page, 1)] == [["attempt", "body", "iv", "seq"]], "what waits on the device is sealed"
    page.close(run_before_unload=False)
    phone.set_offline(False)
    page = hall.opened(hall.back(phone))
    wait_state(page, 2, "answered")
    assert hall.held() == {1: "3", 2: "1"}
    page.click("#step-back")
    page.click("#sheet-open")
    shot(page, "room-phone-sheet")
    page.click("form[action='/language'] button")
    page.wait_for_selector("html[lang=en]")
    hall.opened(page)
    shot(page, "room-phone-english")
    expect(page.locator("#item-2")).to_be_visible()
    assert page.locator("#item-2 input:checked").count() == 1
    assert hall.held() == {1: "3", 2: "1"}
    with page.expect_request("**/api/exam/save") as saved:
        answer(page, 3, 0)
    assert saved.value.headers["accept-language"] == "en", "a refusal is worded by it"


def test_another_device_takes_over_and_what_was_typed_is_kept_for_review(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    page = hall.enter(phone)
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    sign_in(desk, hall.account)
    other = hall.back(desk)
    other.click("#room-banner-action")
    hall.opened(other)
    shot(other, "room-desk")
    assert other.locator("#item-1 input:checked").count() == 1
    answer(other, 1, 1)
    wait_state(other, 1, "answered")
    answer(page, 1, 3)
    expect(page.locator("#room-banner")).to_be_visible()
    expect(page.locator("#items input:not([disabled])")).to_have_count(0)
    assert hall.held() == {1: "1"}
    page.reload()
    expect(page.locator("#room-banner-text")).to_contain_text("本机有 1 题的修改没有保存")
    page.click("#room-banner-action")
    expect(page.locator("#conflict")).to_be_visible()
    assert page.inner_text("#conflict-mine") == "D"
    assert page.inner_text("#conflict-theirs") == "B"
    shot(page, "room-phone-conflict")
    page.click("#keep-mine")
    wait_state(page, 1, "answered")
    assert hall.held() == {1: "3"}
    takeovers = hall.product.run("SELECT count(*) FROM audit_entry WHERE action = 'attempt.takeover' AND actor_id = %s", hall.person_id)
    assert takeovers == [(2,)]
    # A hand-in that was begun here ends with the lead: whoever comes back presses again.
    phone.set_offline(True)
    answer(page, 3, 0)
    page.click("#hand-in")
    page.click("#hand-in-yes")
    expect(page.locator("#hand-in")).to_be_disabled()
    other.reload()
    other.click("#room-banner-action")
    hall.opened(other)
    wait_state(other, 1, "answered")
    phone.set_offline(False)
    expect(page.locator("#room-banner-text")).to_contain_text("本机有 1 题的修改没有保存")
    page.click("#room-banner-action")
    wait_state(page, 3, "answered")
    answer(page, 4, 0)
    wait_state(page, 4, "answered")
    expect(page.locator("#hand-in")).to_be_enabled()
    assert hall.product.run("SELECT state FROM attempt WHERE person_id = %s", hall.person_id) == [("open",)]


def test_signed_out_in_the_middle_the_teacher_signs_in_again_in_place(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    hall.product.run("UPDATE login SET ended_at = now() WHERE person_id = %s", hall.person_id)
    answer(page, 1, 2)
    expect(page.locator("#sign-in")).to_be_visible()
    page.fill("#again-account", hall.account)
    page.fill("#again-password", "Wrong-Password-1")
    with page.expect_request(lambda one: one.method == "POST" and "/sign-in" in one.url) as asked:
        page.click("#sign-in button[type=submit]")
    assert "inside=" in (asked.value.post_data or ""), "she does not wait behind the crowd"
    expect(page.locator("#sign-in [role=alert]")).not_to_be_empty()
    shot(page, "room-phone-sign-in")
    # Somebody else's account opens nothing, and what waits stays sealed and here.
    with hall.product.seeding(), transaction() as session:
        give_password(session, rows.person(session, account=f"{hall.account}-other", name="陶建国"), hall.product.now())
    for _twice in range(2):
        page.fill("#again-account", f"{hall.account}-other")
        page.fill("#again-password", PASSWORD)
        page.click("#sign-in button[type=submit]")
        expect(page.locator("#sign-in [role=alert]")).to_contain_text("登录的不是开始这场考试的账号")
    expect(page.locator("#sign-in")).to_be_visible()
    assert [sorted(record) for record in on_the_disk(page, 1)] == [["attempt", "body", "iv", "seq"]]
    assert hall.held() == {}
    # Sign-ins are put off: she is told so, and no word of her password; another try makes itself.
    later = {"Retry-After": "2", "Content-Type": "text/html"}
    page.route("**/sign-in", lambda route: route.fulfill(status=503, headers=later, body='<input name="account"><input name="password">'))
    page.fill("#again-account", hall.account)
    page.fill("#again-password", PASSWORD)
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#sign-in [role=alert]")).to_contain_text("2 秒后自动再试")
    page.unroute("**/sign-in")
    expect(page.locator("#sign-in")).to_be_hidden()
    wait_state(page, 1, "answered")
    secret = second_factor(hall)
    hall.product.run("UPDATE login SET ended_at = now() WHERE person_id = %s", hall.person_id)
    answer(page, 2, 1)
    page.fill("#again-password", PASSWORD)
    page.click("#sign-in button[type=submit]")
    page.fill("#again-code", "000000")
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#sign-in [role=alert]")).to_contain_text("验证码不正确")
    shot(page, "room-phone-second-factor")
    page.fill("#again-code", pyotp.TOTP(secret).at(hall.product.now()))
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#sign-in")).to_be_hidden()
    wait_state(page, 2, "answered")
    assert hall.held() == {1: "2", 2: "1"}
    on_the_disk(page, 0)
    page.goto("/account")
    page.evaluate("document.querySelector(\"form[action='/sign-out']\").submit()")
    page.wait_for_url("**/sign-in**")
    left = page.evaluate("async () => [(await indexedDB.databases()).length, localStorage.length, sessionStorage.length]")
    assert left == [0, 0, 0], "DP-08: a shared computer remembers nothing"


def test_the_hand_in_is_asked_about_and_proved_by_a_receipt(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    answer(page, 1, 2)
    page.click("#hand-in")
    expect(page.locator("#hand-in-open")).to_contain_text("还有 7 题没有作答")
    shot(page, "room-phone-hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt")
    shot(page, "receipt-phone")
    (code,) = hall.product.run("SELECT s.receipt FROM submission s JOIN attempt a ON a.id = s.attempt_id WHERE a.person_id = %s", hall.person_id)[0]
    expect(page.locator("main")).to_contain_text(written(str(code)))
    expect(page.locator("main")).to_contain_text("1 / 8")
    page.goto(f"/exams/{hall.code}/room")
    page.wait_for_url("**/receipt")
    on_the_disk(page, 0)
    page.goto(f"/exams/{hall.code}/result")
    for _ in range(240):
        if "得分" in page.inner_text("main"):
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text("各专题得分")
    shot(page, "result-phone")


def test_ex_05_what_cannot_be_sent_becomes_a_packet_that_the_server_opens(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    phone.set_offline(True)
    answer(page, 1, 2)
    answer(page, 5, 0)
    expect(page.locator("#room-banner-packet")).to_be_visible()
    with page.expect_download() as downloaded:
        page.click("#room-banner-packet")
    shot(page, "room-phone-packet")
    file = downloaded.value
    assert file.suggested_filename.endswith(".exampack")
    phone.set_offline(False)
    other = phone.new_page()
    other.goto(f"/exams/{hall.code}/packet")
    other.set_input_files("#packet", file.path())
    other.click("main form button[type=submit]")
    expect(other.locator("main")).to_contain_text("等待处理")
    shot(other, "packet-phone")
    query = "SELECT p.changes FROM exam_packet p JOIN attempt a ON a.id = p.attempt_id WHERE a.person_id = %s"
    brought = hall.product.run(query, hall.person_id)[0][0]
    assert isinstance(brought, list)
    assert [(position, value) for position, _seq, _revision, value, _marked in brought] == [(1, "2"), (5, "0")]


def test_ex_20_the_rehearsal_cuts_its_own_line_and_the_answers_arrive(hall: Hall, phone: BrowserContext) -> None:
    first = "SELECT p.item_id FROM item_pool p JOIN bank b ON b.id = p.bank_id WHERE b.code = %s ORDER BY p.item_id LIMIT 3"
    hall.product.run(f"UPDATE item_pool SET pool = 'practice' WHERE item_id IN ({first})", exams.BANK)
    sign_in(phone, hall.account, f"/exams/{hall.code}")
    page = phone.new_page()
    page.clock.install()
    page.goto(f"/exams/{hall.code}/rehearsal")
    hall.opened(page)
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    page.clock.fast_forward(5_000)
    expect(page.locator("#rehearsal-note")).to_contain_text("模拟断网")
    answer(page, 2, 1)
    page.clock.fast_forward(3_000)
    wait_state(page, 2, "waiting")
    shot(page, "rehearsal-phone")
    page.clock.fast_forward(61_000)
    wait_state(page, 2, "answered")
    expect(page.locator("#rehearsal-note")).to_contain_text("已全部送达")
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url(f"**/exams/{hall.code}")
    assert hall.product.run("SELECT count(*) FROM attempt WHERE person_id = %s", hall.person_id) == [(0,)]
    shot(page, "briefing-phone")


def test_a_photo_larger_than_the_server_takes_is_made_small_on_the_way(hall: Hall, phone: BrowserContext, tmp_path: Path) -> None:
    hall.product.run("UPDATE exam SET settings = '{\"asks_identity\": true}' WHERE code = %s", hall.code)
    large = tmp_path / "me.jpg"
    Image.merge("RGB", [Image.effect_noise((2_000, 1_800), 100) for _ in "rgb"]).save(large, quality=100, subsampling=0)
    assert large.stat().st_size > 8 << 20
    sign_in(phone, hall.account)
    page = phone.new_page()
    page.goto(f"/exams/{hall.code}/identity")
    page.set_input_files("#photo", large)
    page.check("input[name=consent]")
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("照片已提交")
    shot(page, "identity-phone")


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


def agrees(page: Page, hall: Hall) -> None:
    """Wait until the page shows what the server gives."""
    for _look in range(100):
        if abs(seconds_shown(page) - hall.left()) <= 2:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the page shows {seconds_shown(page)} s, the server gives {hall.left():.1f}")


def test_the_room_is_worked_by_keyboard_alone(hall: Hall, desk: BrowserContext) -> None:
    page = hall.enter(desk)
    page.keyboard.press("b")
    wait_state(page, 1, "answered")
    page.keyboard.press("n")
    page.keyboard.press("3")
    page.keyboard.press("m")
    wait_state(page, 2, "answered")
    assert page.get_attribute("#map a[data-position='2']", "data-marked") is not None
    assert hall.held() == {1: "1", 2: "2"}
