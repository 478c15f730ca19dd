"""Whose attempt it is: another device takes over, a sign-in ends in the middle, a face is shown (EX-06, EX-13)."""

import itertools
from pathlib import Path

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from lms.kernel.db import transaction
from tests.support import rows
from tests.support.hall import Hall, answer, on_the_disk, second_factor, shot, wait_state
from tests.support.product import PASSWORD, give_password, sign_in

pytestmark = pytest.mark.browser
DEVICE = "Object.entries(localStorage).filter(([name]) => name.startsWith('exam-device:'))"


def test_another_device_takes_over_and_what_was_typed_is_kept_for_review(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    page = hall.enter(phone)
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    other = hall.take_over(desk)
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


def test_a_page_that_only_looks_on_hands_nothing_in_and_hears_of_the_end(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    page = hall.enter(phone)
    page.click("#hand-in")  # the question stands open while another device takes over
    other = hall.take_over(desk)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("#room-banner-text")).to_contain_text("这里只能查看")
    expect(page.locator("#hand-in-dialog")).to_be_hidden()
    expect(page.locator("#hand-in")).to_be_disabled()
    other.click("#hand-in")
    other.click("#hand-in-yes")
    other.wait_for_url("**/receipt")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("#closed-title")).to_have_text("本次作答已经结束")


def test_the_bell_ends_a_page_that_only_looks_on_and_what_lies_there_is_offered_as_a_packet(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    page = hall.enter(phone)
    hall.take_over(desk)
    answer(page, 1, 0)
    expect(page.locator("#room-banner-text")).to_contain_text("本机有 1 题的修改没有保存")
    hall.move_bell(4)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("#closed-title")).to_have_text("考试时间已到")
    expect(page.locator("#closed-packet")).to_be_visible()


def test_what_she_had_not_chosen_between_at_the_bell_is_told_and_kept(hall: Hall, phone: BrowserContext, desk: BrowserContext) -> None:
    page = hall.enter(phone)
    other = hall.take_over(desk)
    answer(other, 1, 1)
    wait_state(other, 1, "answered")
    answer(page, 1, 3)
    expect(page.locator("#room-banner-text")).to_contain_text("本机有 1 题的修改没有保存")
    hall.move_bell(6)
    page.click("#room-banner-action")
    expect(page.locator("#conflict")).to_be_visible()
    expect(page.locator("#closed-title")).to_have_text("已交卷")
    expect(page.locator("#conflict")).to_be_hidden()
    expect(page.locator("#closed-text")).to_contain_text("第 1 题：交卷的是“B”，本机的是“D”。")
    expect(page.locator("#closed-text")).to_contain_text("回执编号")
    shot(page, "room-phone-undecided")
    assert hall.held() == {1: "1"}
    assert hall.log()[-1] == (1, "3", "stale"), "her own value is in the log of the attempt"


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
    page.click("#sheet-open")
    page.click("form[action='/language'] button")
    page.wait_for_selector("html[lang=en]")  # with the new sign-in, too
    hall.opened(page)
    page.goto("/account")
    page.evaluate("document.querySelector(\"form[action='/sign-out']\").submit()")
    page.wait_for_url("**/sign-in**")
    left = page.evaluate("async () => [(await indexedDB.databases()).length, localStorage.length, sessionStorage.length]")
    assert left == [0, 0, 0], "DP-08: a shared computer remembers nothing"


def test_signed_out_in_another_tab_the_phone_stays_the_same_and_the_hand_in_is_told(hall: Hall, phone: BrowserContext) -> None:
    page = hall.enter(phone)
    device = page.evaluate(DEVICE)
    assert len(device) == 1
    page.click("#sheet-open")
    page.click("[data-set-size=xl]")
    page.click("#sheet-close")
    page.route("**/api/exam/save", lambda route: route.abort())
    answer(page, 1, 2)
    on_the_disk(page, 1)
    other = phone.new_page()
    other.goto("/account")
    other.evaluate("document.querySelector(\"form[action='/sign-out']\").submit()")
    other.wait_for_url("**/sign-in**")
    assert on_the_disk(page, 0) == []
    answer(page, 2, 1)
    on_the_disk(page, 2)  # what waited before lies there again
    page.unroute("**/api/exam/save")
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.fill("#again-account", hall.account)
    page.fill("#again-password", PASSWORD)
    looks = itertools.count(1)  # at the room; the line drops when its form's key is fetched after the sign-in
    page.route("**/room", lambda route: route.abort() if next(looks) == 2 else route.continue_())
    page.click("#sign-in button[type=submit]")
    wait_state(page, 1, "answered")
    wait_state(page, 2, "answered")
    assert next(looks) > 3
    assert page.evaluate(DEVICE) == device, "not another device"
    page.route("**/api/exam/save", lambda route: route.abort())
    answer(page, 3, 1)
    on_the_disk(page, 1)
    page.close()
    page = hall.opened(hall.back(phone))
    wait_state(page, 3, "answered")
    expect(page.locator("#room")).to_have_attribute("data-size", "xl")
    expect(page.locator("#room-banner")).to_be_hidden()
    assert hall.product.run("SELECT count(*) FROM audit_entry WHERE action = 'attempt.takeover' AND actor_id = %s", hall.person_id) == [(0,)]
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt")


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
