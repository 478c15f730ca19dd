"""A teacher sits an exam on a phone: she waits, rehearses, answers while the line drops and the page is killed, and hands in (EX-02 to EX-05, EX-20, OV-01)."""

from datetime import timedelta
from time import monotonic

import pytest
from playwright.sync_api import BrowserContext, expect

from exam.domain.receipt import written
from exam.domain.timeline import told
from exam.services.exam import found
from exam.store import adjustment, message, timeline
from lms.kernel.db import transaction
from tests.support import exams
from tests.support.browser import PATIENCE
from tests.support.hall import Hall, answer, on_the_disk, prepare, seconds_shown, shot, state, wait_state
from tests.support.product import Product, sign_in

pytestmark = pytest.mark.browser


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


def test_who_waits_before_a_covered_paper_hears_within_twenty_seconds_that_the_clock_goes_on(hall: Hall, phone: BrowserContext) -> None:
    phone.clock.install()
    page = hall.enter(phone)
    with hall.product.seeding(), transaction() as session:
        (attempt,) = hall.product.run("SELECT id FROM attempt WHERE person_id = %s", hall.person_id)[0]
        adjustment.pause(session, [int(str(attempt))], reason="停电", actor_id=None, now=hall.product.now())
    look = "() => dispatchEvent(new Event('focus'))"
    page.evaluate(look)
    expect(page.locator("#pause")).to_be_visible()
    # What is said meanwhile stands on the cover, which lets nothing behind it be read; afterwards beside the paper.
    with hall.product.seeding(), transaction() as session:
        exam = found(session, hall.code).id
        message.add(session, exam_id=exam, paths=("/",), person_id=hall.person_id, words="十分钟后来电", sent_by=hall.person_id, now=hall.product.now())
    page.evaluate(look)
    expect(page.locator("#pause")).to_contain_text("十分钟后来电")
    shot(page, "room-pause-phone")
    with hall.product.seeding(), transaction() as session:
        adjustment.resume(session, [int(str(attempt))], rests=False, actor_id=None, now=hall.product.now())
    with page.expect_response("**/api/exam/remaining", timeout=8_000):
        page.clock.fast_forward(18_000)
    expect(page.locator("#pause")).to_be_hidden()
    expect(page.locator("#announcements")).to_contain_text("十分钟后来电")
    page.click("#announcements button")
    expect(page.locator("#announcements .notice")).to_have_count(0)


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
    phone.set_offline(True)
    page.click("form[action='/language'] button")
    expect(page.locator("#side")).to_be_hidden()  # nothing lies over what is said
    expect(page.locator("#room-banner-text")).to_contain_text("暂时不能切换语言：须先连上服务器")
    phone.set_offline(False)
    page.click("#sheet-open")
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


def test_a_hand_in_without_a_line_is_told_of_until_it_is_made(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    phone.set_offline(True)
    answer(page, 1, 2)
    page.click("#hand-in")
    page.click("#hand-in-yes")
    expect(page.locator("#room-banner-text")).to_contain_text("还没有交卷")
    page.evaluate("dispatchEvent(new Event('offline'))")
    assert "还没有交卷" in page.inner_text("#room-banner-text"), "whoever waits to hand in is not told to go on"
    phone.set_offline(False)
    page.wait_for_url("**/receipt")
    assert hall.held() == {1: "2"}


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
    chosen = """SELECT i.id FROM item i JOIN bank b ON b.id = i.bank_id JOIN item_version v ON v.id = i.latest_version_id
        WHERE b.code = %s AND v.type = 'single' ORDER BY i.id LIMIT 3"""  # other tests of this product add texts to the bank, which no rehearsal asks
    hall.product.run(f"UPDATE item_pool SET pool = 'practice' WHERE item_id IN ({chosen})", exams.BANK)
    sign_in(phone, hall.account, f"/exams/{hall.code}")
    page = phone.new_page()
    page.clock.install()
    page.goto(f"/exams/{hall.code}/rehearsal")
    hall.opened(page)
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    page.clock.fast_forward(5_000)
    expect(page.locator("#rehearsal-note")).to_contain_text("模拟断网")
    for position in (2, 3):
        answer(page, position, 1)
        page.clock.fast_forward(3_000)
        wait_state(page, position, "waiting")
    shot(page, "rehearsal-phone")
    page.clock.fast_forward(61_000)
    wait_state(page, 2, "answered")
    expect(page.locator("#rehearsal-note")).to_contain_text("断网时的答案已全部送达")
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url(f"**/exams/{hall.code}?rehearsed=whole")
    expect(page.locator(".notice-success")).to_contain_text("演练顺利完成")
    assert hall.product.run("SELECT count(*) FROM attempt WHERE person_id = %s", hall.person_id) == [(0,)]
    shot(page, "briefing-phone")


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
