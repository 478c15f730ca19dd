"""Every page, as the person it is for: readable by everyone, nothing from elsewhere, nothing sideways (DP-10)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from demo.programme import DEMO_CODE
from demo.province import BANK
from lms.services import window_request
from question_bank.services import exchange, review, staging
from tests.support import axe, browser, measured, province
from tests.support.product import Product
from tests.support.sights import SIGHTS, SKIPPED, Sight, looked_at

LESSON_BYTES = 200_000
SPILT_RING = "[...document.querySelectorAll('.ring text')].some(text => text.getBBox().width > 86)"


def test_no_page_is_forgotten(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages == set(SIGHTS) | set(SKIPPED)


@pytest.fixture(scope="module")
def filled(demo_province: Product) -> Product:
    """The demo province, with an item to review, a window asked for, a staged import with a fault and a twin, and a bank whose items were analysed."""
    author = int(str(demo_province.run("SELECT id FROM person WHERE account = 'wei'")[0][0]))
    written = '{"id": "written-1", "type": "single", "topic": "crisis", "stem": "倾听时先做什么？", "options": ["看着对方", "看表"], "key": [0]}'
    row = '{"external_id": "staged-1", "type": "single", "stem": "学生向您求助时，先做什么？", "options": ["倾听", "训斥"], "key": []}\n'
    row += written.replace("written-1", "like-1").replace("倾听时先", "倾听时最先")  # much like what is there
    with demo_province.seeding():
        measured.measure(BANK, demo_province.now())
        exchange.import_file(BANK, written.encode(), author_id=author, now=demo_province.now(), pool="practice")
        review.submit_all(BANK, person_id=author, now=demo_province.now())
        staging.stage(BANK, "新试题.jsonl", row.encode(), pool="practice", person_id=author, now=demo_province.now())
        today = demo_province.now().date()
        zhou = int(str(demo_province.run("SELECT id FROM person WHERE account = 'zhou'")[0][0]))
        window_request.ask(zhou, DEMO_CODE, first_day=today, last_day=today + timedelta(days=7), reason="住院手术，有医院证明", now=demo_province.now())
    return demo_province


@pytest.fixture(params=sorted({sight.account for sight in SIGHTS.values()}), ids=lambda account: account or "stranger")
def visitor(request: pytest.FixtureRequest, filled: Product, chromium_browser: Browser) -> Iterator[tuple[str, BrowserContext]]:
    """Somebody with a phone."""
    # Without motion a colour is there at once; half-way between light and dark no contrast holds.
    context = browser.context(chromium_browser, viewport=browser.PHONE, base_url=filled.url, locale="zh-CN", has_touch=True, reduced_motion="reduce")
    if request.param:
        province.sign_in(context, request.param)
    yield request.param, context
    context.close()


@pytest.mark.browser
def test_every_page_is_sound(visitor: tuple[str, BrowserContext], filled: Product, app: Flask) -> None:
    account, context = visitor
    asked: list[str] = []
    said: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    faults: list[str] = []
    for endpoint, sight in SIGHTS.items():
        if sight.account != account:
            continue
        answer = page.goto(address(app, filled, endpoint, sight))
        status = answer.status if answer else 0
        if status != sight.status:
            faults.append(f"{endpoint}: status {status}")
        faults += [f"{endpoint}: {fault}" for fault in looked_at(page)]
        faults += [f"{endpoint}: the console says {text}" for text in said if sight.status == 200]
        said.clear()
    faults += [f"asked elsewhere: {url}" for url in asked if url.startswith("http") and not url.startswith(filled.url + "/")]
    assert faults == []


def address(app: Flask, product: Product, endpoint: str, sight: Sight) -> str:
    """Write the address of a page with what the database holds."""
    values: dict[str, Any] = {name: product.run(f"SELECT {query}")[0][0] for name, query in sight.parts.items()}
    with app.test_request_context():
        return app.url_for(endpoint, **values)


@pytest.mark.browser
@pytest.mark.parametrize("account", ["lin", "ning"])
def test_the_frame_holds_english_words_at_any_width(account: str, filled: Product, chromium_browser: Browser) -> None:
    context = browser.context(chromium_browser, base_url=filled.url, locale="en-GB")
    province.sign_in(context, account)
    page = context.new_page()
    page.goto("/")
    page.click("form[action='/language'] button")
    wider: dict[int, int] = {}
    for width in (320, browser.PHONE["width"], 768, 1024, browser.DESK["width"]):
        page.set_viewport_size({"width": width, "height": 800})
        wider[width] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    language, spilt = page.get_attribute("html", "lang"), page.evaluate(SPILT_RING)
    locked = axe.serious(page, axe.ORIENTATION)
    context.close()
    assert (language, wider, spilt, locked) == ("en", dict.fromkeys(wider, 0), False, [])


@pytest.mark.browser
def test_a_lesson_page_is_light_before_its_video(filled: Product, app: Flask, chromium_browser: Browser) -> None:
    signed_in = browser.context(chromium_browser, base_url=filled.url, locale="zh-CN")
    province.sign_in(signed_in, "zhou")
    fresh = browser.context(chromium_browser, viewport=browser.PHONE, base_url=filled.url, locale="zh-CN", storage_state=signed_in.storage_state())
    signed_in.close()
    page = fresh.new_page()
    received: list[int] = []
    line = fresh.new_cdp_session(page)
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.goto(address(app, filled, "lesson.page", SIGHTS["lesson.page"]))
    page.wait_for_selector("[data-player] .plyr__controls")
    page.wait_for_load_state("networkidle")
    fresh.close()
    assert 0 < sum(received) <= LESSON_BYTES


@pytest.mark.browser
def test_the_exam_form_says_what_is_wrong_at_its_field_while_it_is_filled_in(filled: Product, chromium_browser: Browser) -> None:
    context = browser.context(chromium_browser, viewport=browser.PHONE, base_url=filled.url, locale="zh-CN")
    province.sign_in(context, "ning")
    page = context.new_page()
    page.goto("/admin/exams/new")
    page.fill("#minutes", "0")
    page.wait_for_selector("#minutes-error")
    page.wait_for_selector("#differences .notice")
    page.fill("#minutes", "90")
    page.wait_for_selector("#minutes-error", state="detached")
    told = page.locator(".field-error").count()
    context.close()
    assert told == 0
