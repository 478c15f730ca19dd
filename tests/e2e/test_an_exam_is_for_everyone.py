"""Every page of exam and quiz: no serious finding, nothing scrolls sideways, on a phone and at a desk (AX-04); and rests (AX-02)."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from exam.services import adjustment as adjustments
from exam.services import quiz as quizzes
from lms.kernel.db import transaction
from question_bank.domain.draft import Draft
from question_bank.domain.review import Decision, Status
from question_bank.services.bank import made
from question_bank.services.item import Named, write
from question_bank.store import review as reviews
from question_bank.store import version as versions
from tests.support import axe, browser, learning, rows
from tests.support.hall import Hall, answer, prepare, seconds_shown, shot, wait_state
from tests.support.product import Product, sign_in

pytestmark = pytest.mark.browser
# What a timer says whose device slept for 37 of 40 minutes, and who was then given seven and a half.
SPOKEN = """async () => {
  const { ExamTimer } = await import(document.querySelector("script[src*='room.js']").src.replace("room.js", "timer.js"));
  const said = [], nothing = () => {};
  let at = 0;
  performance.now = () => at;
  const speaker = { set textContent(words) { said.push(words); } };
  const timer = new ExamTimer({ figure: {}, box: { classList: { toggle: nothing } }, speaker, words: { left: "{m}" }, over: nothing, drifted: nothing });
  timer.sync(40 * 60_000);
  at += 37 * 60_000;
  timer.tick();
  timer.sync(10.5 * 60_000);
  for (const seconds of [31, 300]) {
    at += seconds * 1_000;
    timer.tick();
  }
  timer.stop();
  delete performance.now;
  return said;
}"""


def looks_well(page: Page, name: str, *sizes: ViewportSize) -> None:
    """Check one page as it stands, for everyone at some sizes or else on a phone, and keep pictures where pictures are wanted."""
    for size in sizes or (browser.DESK, browser.PHONE):
        page.set_viewport_size(size)
        shot(page, f"{name}-{size['width']}")
        if sizes or size == browser.PHONE:
            assert axe.serious(page) == [], (name, size)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, f"{name} scrolls sideways"


def test_the_way_through_an_exam_on_a_phone_and_at_a_desk(product: Product, phone: BrowserContext) -> None:
    hall = prepare(product)
    sign_in(phone, hall.account, "/exams")
    page = phone.new_page()
    page.emulate_media(reduced_motion="reduce")  # without motion a colour is there at once; half-way there no contrast holds
    page.goto("/exams")
    looks_well(page, "exams")
    page.goto(f"/exams/{hall.code}")
    page.wait_for_selector("#check-clock[data-ok]")
    looks_well(page, "briefing")
    page.check("input[name=honesty]")
    page.click("#start button[type=submit]")
    page.wait_for_selector(".item.is-current", timeout=browser.PATIENCE)
    answer(page, 1, 0)
    answer(page, 5, 1)
    page.locator("#item-5 .item-mark").check()
    wait_state(page, 5, "answered")
    looks_well(page, "room-full", browser.DESK, browser.PHONE)
    page.click("#sheet-open")
    page.wait_for_selector("#sheet-close")
    looks_well(page, "room-map", browser.PHONE)
    page.click("#sheet-close")
    looks_well(page, "room", {"width": 320, "height": 640})
    page.set_viewport_size({"width": 320, "height": 256})  # a desk at 400 %
    assert page.evaluate("document.querySelector('.room-steps').getBoundingClientRect().top > innerHeight"), "nothing covers what little is seen"
    page.emulate_media(color_scheme="dark")
    looks_well(page, "room-dark")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(SPOKEN) == ["3", "10", "5"], "after a sleep what is left, and anew what is ahead again"
    page.click("#hand-in")
    looks_well(page, "hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt", timeout=browser.PATIENCE)
    looks_well(page, "receipt")
    page.goto(f"/exams/{hall.code}")
    looks_well(page, "briefing-after")
    page.goto(f"/exams/{hall.code}/result")
    for _ in range(240):
        if page.locator(".profile").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    looks_well(page, "result")


def practice(product: Product, hall: Hall) -> int:
    """Make a lesson with a quiz; returns the lesson's id."""
    with product.seeding(), transaction() as session:
        bank_id = made(session, "practice-bank", "练习题库", product.now(), {})
        for number in range(1, 8):
            draft = Draft(
                external_id=f"q-{number}", type="multiple" if number % 3 == 0 else "single",
                stem=f"学生连续两周情绪低落、不愿上学，班主任首先应当怎么做？（{number}）",
                options=("先倾听，再一起想办法", "马上通知全体家长", "要求学生写检讨", "等他自己好起来"), key=(0, 1) if number % 3 == 0 else (0,),
                explanation="先建立信任，了解情况，再决定是否转介。", topic="crisis", level="apply", difficulty=0.7,
                option_explanations=("稳定情绪、了解情况是第一步。", "过度扩散会伤害学生。", "惩罚会加重问题。", "拖延可能错过干预时机。"),
            )  # fmt: skip
            (item,) = write(session, bank_id, [Named(draft, f"q-{number}", None)], author_id=None, now=product.now())
            versions.place(session, bank_id, item, "practice", product.now())
        newest = versions.latest_of_bank(session, bank_id, item_ids=None, status=Status.DRAFT)
        reviewer = rows.person_id(session, "rui")
        assert reviewer is not None
        reviews.add_reviews(session, newest, reviewer_id=reviewer, decision=Decision.APPROVE, comment="", now=product.now())
        (taught,) = learning.taught(session, "危机干预第一讲")
        quizzes.attach_quiz(
            session, lesson_id=taught.lesson_id, programme_code=learning.CODE, bank_code="practice-bank", topic="crisis", title="危机干预第一讲"
        )
    return taught.lesson_id


def test_the_quiz_from_the_lesson_to_the_explanations_without_scripts(product: Product, phone: BrowserContext) -> None:
    hall = prepare(product)
    lesson_id = practice(product, hall)
    sign_in(phone, hall.account)
    page = phone.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/lessons/{lesson_id}")
    looks_well(page, "lesson-quiz", browser.PHONE)
    page.locator("form[action*=quizzes] button").last.click()
    page.wait_for_url("**/quizzes/attempts/*")
    looks_well(page, "quiz", browser.PHONE)
    page.locator(".quiz-form button[type=submit]").click()
    page.wait_for_selector(".fault-list")
    looks_well(page, "quiz-lacking", browser.PHONE)
    for item in page.locator(".item").all():
        item.locator("input").first.check()
    page.locator(".quiz-form button[type=submit]").click()
    page.wait_for_selector(".explanation")
    looks_well(page, "quiz-review", browser.PHONE)


def test_ax_02_who_may_rest_lets_her_own_clock_stand_and_goes_on(product: Product, phone: BrowserContext) -> None:
    hall = prepare(product)
    with hall.product.seeding():
        adjustments.accommodate(None, hall.code, hall.account, 100, rest_minutes=5, reason="", now=hall.product.now())
    page = hall.enter(phone)
    page.emulate_media(reduced_motion="reduce")
    looks_well(page, "room-may-rest", browser.DESK, browser.PHONE, {"width": 320, "height": 640})
    answer(page, 1, 2)
    page.click("#rest")
    expect(page.locator("#pause [data-rest]")).to_be_visible()
    expect(page.locator("#pause [data-staff]")).to_be_hidden()
    expect(page.locator("#rest-left")).to_contain_text(re.compile(r"[45]:\d\d"))
    assert hall.held() == {1: "2"}, "what was unsaved went out first"
    looks_well(page, "room-rest", browser.DESK, browser.PHONE)
    stood = seconds_shown(page)
    phone.set_offline(True)
    page.click("#rest-end")
    expect(page.locator("#rest-message")).to_be_visible()
    phone.set_offline(False)
    page.click("#rest-end")
    expect(page.locator("#pause")).to_be_hidden()
    assert stood - seconds_shown(page) <= 3, "its time stood"
    assert abs(seconds_shown(page) - hall.left()) <= 3
    answer(page, 2, 1)
    wait_state(page, 2, "answered")
    # The page is loaded anew in the midst of a rest, which then runs out.
    page.click("#rest")
    expect(page.locator("#pause [data-rest]")).to_be_visible()
    for moved in ("UPDATE attempt_pause SET began_at = began_at - make_interval(secs => %s) WHERE ended_at IS NULL",
                  "UPDATE attempt SET paused_at = paused_at - make_interval(secs => %s) WHERE paused_at IS NOT NULL"):  # fmt: skip
        hall.product.run(moved, 270)
    page.reload()
    hall.opened(page)
    expect(page.locator("#pause [data-rest]")).to_be_visible()
    expect(page.locator("#pause")).to_be_hidden(timeout=browser.PATIENCE)
    expect(page.locator("#room-banner-text")).to_contain_text("休息时间已用完")
    expect(page.locator("#rest")).to_be_hidden()
    assert abs(seconds_shown(page) - hall.left()) <= 3
    answer(page, 3, 1)
    wait_state(page, 3, "answered")
