"""An exam that asks for Safe Exam Browser, in browsers that behave as it does: with headers, and by its script alone (IN-08)."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import text

from exam.domain.safe_exam_browser import BrowserKeys, BrowserProof, request_hash
from exam.services import adjustment, attempt
from exam.services.payload import StartExam
from exam.web import safe_exam_browser
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from tests.conftest import NOON
from tests.support import browser, exams
from tests.support.cast import LIN, PENG, id_of
from tests.support.hall import answer, shot, wait_state
from tests.support.sights import looked_at

pytestmark = pytest.mark.browser
KEY, OTHER = "a1" * 32, "b2" * 32
START, ROOM = f"/exams/{exams.EXAM}", f"/exams/{exams.EXAM}/room"
# As builds without headers do: the keys are empty until they are asked for, and the answer calls a global function by its name.
SCRIPT = """
const security = { configKey: "", browserExamKey: "", updateKeys(callback) {
  const name = callback.name;
  setTimeout(async () => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(location.href.split("#")[0] + "KEY"));
    security.configKey = [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");
    window[name]();
  }, 100);
} };
window.SafeExamBrowser = { version: "3.5", security };
Object.defineProperty(navigator, "userAgent", { value: `${navigator.userAgent} SEB/3.5` });
"""


@pytest.fixture
def site(app: Flask, settings: Settings, clock: FixedClock) -> Iterator[str]:
    """The product with an exam that Lin may sit by one Config Key, served at its public address."""
    exams.prepared()
    with transaction() as session:
        asked = json.dumps({"config_keys": [KEY], "browser_configuration": "https://school.example.cn/one.seb"})
        session.execute(text("UPDATE exam SET settings = settings || CAST(:asked AS jsonb)"), {"asked": asked})
    id_of(LIN)
    exams.enrolled("lin")
    with browser.serving(app) as address:
        safe_exam_browser.mount(replace(settings, base_url=address))
        yield address
    safe_exam_browser.mount(settings)


def by_script(page: Page, key: str) -> None:
    """Let a page's browser show a key to scripts alone."""
    page.context.add_init_script(SCRIPT.replace("KEY", key))
    page.context.route("**/*", lambda route: route.continue_(headers=route.request.headers | {"user-agent": "Mozilla/5.0 SEB/3.5"}))


def by_header(page: Page, key: str) -> None:
    """Let a page's browser send a header with everything it asks for."""

    def sent(route: Route) -> None:
        route.continue_(headers=route.request.headers | {"x-safeexambrowser-configkeyhash": request_hash(route.request.url, key)})

    page.context.route("**/*", sent)


def seat() -> None:
    """Let Lin sit, by the right browser."""
    with transaction() as session:
        login_id = exams.signed_in(session, id_of(LIN))
    proof = BrowserProof("https://exam.example.cn", request_hash("https://exam.example.cn", KEY))
    attempt.start(id_of(LIN), login_id, StartExam(exams.EXAM, "device-one", honesty=True), NOON, proofs=[proof])


def start(page: Page) -> None:
    """Press start on the exam's page."""
    page.goto(START)
    page.check("input[name=honesty]")
    page.click("#start button[type=submit]")


@pytest.mark.parametrize("shows", [by_header, by_script])
def test_in_08_the_right_browser_sits_the_exam_and_comes_back_after_a_dropped_line(app: Flask, site: str, chromium_browser: Browser, shows: object) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    assert callable(shows)
    shows(page, KEY)
    start(page)
    page.wait_for_selector("#map a", state="attached")
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    page.context.set_offline(True)
    answer(page, 2, 0)
    wait_state(page, 2, "waiting")
    page.context.set_offline(False)
    page.goto(ROOM)
    wait_state(page, 2, "answered")
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt")
    with transaction() as session:
        assert session.scalar(text("SELECT answered FROM submission")) == 2
    page.context.close()


@pytest.mark.parametrize("shows", [by_header, by_script])
def test_in_08_a_browser_with_another_configuration_starts_nothing(app: Flask, site: str, chromium_browser: Browser, shows: object) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    assert callable(shows)
    shows(page, OTHER)
    start(page)
    expect(page.locator("#start-message")).to_contain_text("须用 Safe Exam Browser")
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM attempt")) == 0
    page.context.close()


def test_in_08_any_other_browser_reads_what_to_do(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    page.emulate_media(reduced_motion="reduce")
    seat()
    page.goto(ROOM)
    expect(page.locator("h1")).to_have_text("请用 Safe Exam Browser 打开")
    shot(page, "safe-exam-browser-refused-phone")
    assert list(looked_at(page)) == []
    page.set_viewport_size(browser.DESK)
    shot(page, "safe-exam-browser-refused-desk")
    assert list(looked_at(page)) == []
    page.context.close()


def test_in_08_the_board_reads_what_its_keys_do(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, complaints = browser.opened(app, chromium_browser, site, PENG, browser.PHONE)
    page.emulate_media(reduced_motion="reduce")
    settings, control = f"/admin/exams/{exams.EXAM}/settings", f"/invigilation/{exams.EXAM}"
    for path, name, at in ((settings, "form", "#browser_configuration"), (control, "control", "summary:has-text('全体考生')")):
        for size, where in ((browser.PHONE, "phone"), (browser.DESK, "desk")):
            page.set_viewport_size(size)
            page.goto(path)
            page.locator(at).click(force=True)
            shot(page, f"safe-exam-browser-{name}-{where}")
            assert list(looked_at(page)) == [], path
    assert complaints == []
    page.context.close()


def come_back(page: Page, key: str, after_ms: int = 100) -> None:
    """Let Lin, who sits already, come back in a browser that shows a key to scripts alone, so late."""
    by_script(page, key)
    page.context.add_init_script(SCRIPT.replace("KEY", key).replace("}, 100)", f"}}, {after_ms})"))
    seat()
    page.goto(ROOM)


def test_in_08_keys_that_come_late_open_the_room(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    come_back(page, KEY, after_ms=4_000)
    expect(page.locator("#room-banner-action")).to_have_text("在此设备继续")
    page.click("#room-banner-action")
    page.wait_for_selector("#map a", state="attached")
    page.context.close()


def test_in_08_who_comes_back_with_a_new_key_reads_why_and_gets_in_once_it_is_added(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    page.emulate_media(reduced_motion="reduce")
    come_back(page, OTHER)
    expect(page.locator("#room-banner-text")).to_contain_text("没有核对到本场考试的 Safe Exam Browser 配置")
    expect(page.locator("#save-text")).to_have_text("试卷没有打开")
    assert page.locator("#room-banner-browser").get_attribute("href") == "sebs://school.example.cn/one.seb"
    for size, where in ((browser.PHONE, "phone"), (browser.DESK, "desk")):
        page.set_viewport_size(size)
        shot(page, f"safe-exam-browser-coming-back-{where}")
        assert list(looked_at(page)) == []
    assert page.url.endswith(ROOM)
    adjustment.widen_browser(id_of(PENG), exams.EXAM, BrowserKeys((OTHER,)), reason="重新保存过", now=NOON)
    page.click("#room-banner-action")
    expect(page.locator("#room-banner-action")).to_have_text("在此设备继续")
    page.click("#room-banner-action")
    page.wait_for_selector("#map a", state="attached")
    answer(page, 1, 0)
    wait_state(page, 1, "answered")
    page.context.close()


def test_in_08_who_sits_goes_on_by_herself_where_a_key_is_added_and_all_is_lifted(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    shown = [KEY]

    def sent(route: Route) -> None:
        route.continue_(headers=route.request.headers | {"x-safeexambrowser-configkeyhash": request_hash(route.request.url, shown[0])})

    page.context.route("**/*", sent)
    page.goto(START)
    shown[0] = OTHER
    page.check("input[name=honesty]")
    page.click("#start button[type=submit]")
    expect(page.locator("#start-message")).to_contain_text("须用 Safe Exam Browser")
    shown[0] = KEY
    page.click("#start button[type=submit]")
    page.wait_for_selector("#map a", state="attached")
    shown[0] = OTHER
    page.evaluate("dispatchEvent(new Event('focus'))")  # which asks the clock
    expect(page.locator("#room-banner-text")).to_contain_text("没有核对到本场考试的 Safe Exam Browser 配置")
    shown[0] = KEY
    page.click("#room-banner-action")
    expect(page.locator("#room-banner")).to_be_hidden()
    shown[0] = OTHER
    answer(page, 1, 0)
    expect(page.locator("#room-banner")).to_contain_text("没有核对到本场考试的 Safe Exam Browser 配置")
    expect(page.locator("#room-banner")).to_be_visible()
    shown[0] = KEY
    page.click("#room-banner-action")
    wait_state(page, 1, "answered")
    adjustment.widen_browser(id_of(PENG), exams.EXAM, BrowserKeys((OTHER,)), reason="重新保存过", now=NOON)
    shown[0] = OTHER
    answer(page, 2, 0)
    wait_state(page, 2, "answered")
    expect(page.locator("#room-banner")).to_be_hidden()
    adjustment.widen_browser(id_of(PENG), exams.EXAM, None, reason="配置文件有误", now=NOON)
    shown[0] = "c3" * 32
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt")
    page.context.close()


def test_in_08_who_stands_before_the_start_gets_in_where_it_is_lifted_for_all(app: Flask, site: str, chromium_browser: Browser) -> None:
    page, _complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    page.goto(START)
    page.check("input[name=honesty]")
    adjustment.widen_browser(id_of(PENG), exams.EXAM, None, reason="配置文件有误", now=NOON)
    page.click("#start button[type=submit]")
    page.wait_for_selector("#map a", state="attached")
    page.context.close()
