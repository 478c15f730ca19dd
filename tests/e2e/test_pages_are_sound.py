"""Every page, as the person it is for: readable by everyone, nothing from elsewhere, nothing sideways (AX-01, AX-02, DP-10)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from demo.province import BANK, DEMO_CODE
from lms.services import window_request
from question_bank.services import exchange, review, staging
from tests.e2e.conftest import Product
from tests.support import axe, browser, measured, province

LESSON_BYTES = 200_000
SPILT_RING = "[...document.querySelectorAll('.ring text')].some(text => text.getBBox().width > 86)"
STRANGER = ""
EXAM = "(SELECT code FROM exam ORDER BY id LIMIT 1)"


@dataclass(frozen=True)
class Sight:
    """One page: who looks at it, and what SQL finds the parts of its address."""

    account: str
    parts: dict[str, str] = field(default_factory=dict)
    status: int = 200


def _id(table: str, where: str = "true") -> str:
    return f"(SELECT min(id) FROM {table} WHERE {where})"


BATCH = {"code": f"'{BANK}'", "batch_id": _id("import_batch")}
PROGRAMME = {"code": f"'{DEMO_CODE}'"}
SIGHTS: dict[str, Sight] = {
    "home.page": Sight("zhou"),
    "plan.page": Sight("lin"),
    "lesson.first": Sight("zhou"),
    "lesson.page": Sight("zhou", {"lesson_id": "(SELECT a.lesson_id FROM activity a JOIN asset s ON s.code = a.ref WHERE s.length_ms > 0 LIMIT 1)"}),
    "playback.losses": Sight("zhou", {"activity_id": _id("activity", "kind = 'video'")}),
    "grade.page": Sight("lin"),
    "certificate.page": Sight("lin"),
    "exams.everything": Sight("lin"),
    "exams.briefing": Sight("zhou", {"code": EXAM}),
    "exam_room.rehearsal": Sight("zhou", {"code": EXAM}),
    "exam_packet.own": Sight("zhou", {"code": EXAM}),
    "programme.page": Sight("zhou", PROGRAMME),
    "account.page": Sight("zhou"),
    "account.password": Sight("zhou"),
    "second_factor.page": Sight("zhou"),
    "second_factor.asked": Sight(STRANGER, status=401),
    "signing_in.consent": Sight("zhou"),
    "unit.page": Sight("tao"),
    "unit.members": Sight("tao", {"unit_id": _id("unit", "kind = 'school'")}),
    "enrolment.page": Sight("tao", {"unit_id": _id("unit", "kind = 'school'"), **PROGRAMME}),
    "people.person": Sight("tao", {"person_id": _id("person", "account = 'lin'")}),
    "grade.of_person": Sight("tao", {"person_id": _id("person", "account = 'lin'")}),
    "appeals.page": Sight("tao"),
    "bank.banks": Sight("wei"),
    "bank.page": Sight("wei", {"code": f"'{BANK}'"}),
    "share.page": Sight("rong", {"code": f"'{BANK}'"}),
    "bulk.changes": Sight("wei", {"code": f"'{BANK}'"}),
    "bank.coverage": Sight("wei", {"code": f"'{BANK}'"}),
    "analysis.page": Sight("wei", {"code": f"'{BANK}'"}),
    "analysis.item": Sight("wei", {"code": f"'{BANK}'", "item_id": "(SELECT v.item_id FROM item_measure JOIN item_version v ON v.id = version_id LIMIT 1)"}),
    "responses.upload": Sight("wei", {"code": f"'{BANK}'"}),
    "staging.upload": Sight("wei", {"code": f"'{BANK}'"}),
    "staging.batch": Sight("wei", BATCH),
    "staging.line": Sight("wei", {**BATCH, "position": "(SELECT min(position) FROM import_line)"}),
    "version.compare": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "version.uses": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "item.page": Sight("rong", {"code": f"'{BANK}'", "item_id": _id("item", "status = 'in_review'")}),
    "item.edit": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "item.new": Sight("wei", {"code": f"'{BANK}'"}),
    "review.queue": Sight("rong", {"code": f"'{BANK}'"}),
    "course.all": Sight("kang"),
    "course.page": Sight("kang", {"course_id": _id("course")}),
    "course.lesson": Sight("kang", {"lesson_id": _id("lesson")}),
    "assets.every": Sight("kang"),
    "assets.one": Sight("kang", {"code": "(SELECT code FROM asset WHERE length_ms > 0 LIMIT 1)"}),
    "assets.new": Sight("kang"),
    "attendance.programmes": Sight("ning"),
    "attendance.lists": Sight("ning", PROGRAMME),
    "attendance.page": Sight("ning", {"list_id": _id("attendance_list")}),
    "programme.all": Sight("ning"),
    "forecast.page": Sight("ning", PROGRAMME),
    "load.page": Sight("ning", PROGRAMME),
    "people.page": Sight("ning"),
    "window_request.page": Sight("xia"),
    "roster.page": Sight("ning"),
    "role_grant.page": Sight("ning"),
    "certificate.register": Sight("ning"),
    "certificate.lapsed": Sight("ning"),
    "exam_board.everything": Sight("ning"),
    "exam_review.everything": Sight("ning", {"code": EXAM}),
    "exam_packet.everything": Sight("ning", {"code": EXAM}),
    "exam_board.one": Sight("ning", {"code": EXAM}),
    "exam_settings.new": Sight("ning"),
    "exam_settings.edit": Sight("ning", {"code": EXAM}),
    "marking.everything": Sight("ning"),
    "marking.overview": Sight("ning", {"code": EXAM}),
    "exam_paper.page": Sight("ning", {"code": EXAM, "number": "1"}),
    "exam_paper.seals": Sight("ning"),
    "exam_paper.seal": Sight("ning", {"code": EXAM}),
    "exam_archive.page": Sight("ning", {"code": EXAM}),
    "exam_board.fairness_sheet": Sight("ning", {"code": EXAM}),
    "invigilation.everything": Sight("ning"),
    "invigilation.room": Sight("ning", {"code": EXAM}),
    "invigilation.people": Sight("ning", {"code": EXAM}),
    "exam_identity.faces": Sight("ning", {"code": EXAM}),
    "invigilation.incidents": Sight("ning", {"code": EXAM}),
    "preflight.page": Sight("ning", {"code": EXAM}),
    "regrades.everything": Sight("ning", {"code": EXAM}),
    "integrity.page": Sight("ning", {"code": EXAM}),
    "blueprints.everything": Sight("ning"),
    "blueprints.new": Sight("ning"),
    "blueprints.edit": Sight("ning", {"code": "(SELECT min(code) FROM blueprint)"}),
    "signing_in.page": Sight(STRANGER),
    "signing_in.activation": Sight(STRANGER),
    "signing_in.privacy": Sight(STRANGER),
    "exam_receipt.page": Sight(STRANGER),
    "exam_receipt.show": Sight(STRANGER, {"code": "'0000-0000-0000-0000'"}, status=404),
    "verification.page": Sight(STRANGER),
    "verification.show": Sight(STRANGER, {"code": "'7777-7777-7777'"}, status=404),
}
SKIPPED: dict[str, str] = {
    "exam_identity.own": "needs an exam that asks for it: tests/exam/web/test_identity.py walks through it",
    "timeline.page": "needs an attempt: test_invigilation reads it",
    "exam_review.page": "open only where an exam allows: test_review reads it",
    **dict.fromkeys(("picture.show", "exam_picture.in_quiz", "exam_picture.in_room", "exam_review.picture", "marking.picture"), "a picture, not a page"),
    **dict.fromkeys(
        (
            "assets.progress",
            "staging.progress",
            "export.progress",
            "verification.keys",
            "openapi.describe",
            "health.healthz",
            "health.readyz",
            "health.metrics",
            "invigilation.figures",
        ),
        "read by programs, not by people",
    ),
    **dict.fromkeys(
        (
            "exam_archive.file",
            "exam_identity.photo",
            "exam_paper.picture",
            "export.ask",
            "export.file",
            "staging.refused",
            "staging.template",
            "certificate.pdf",
            "attendance.template",
            "roster.template",
            "forecast.workbook",
            "invigilation.incidents_workbook",
            "timeline.file",
        ),
        "a file, not a page",
    ),
    **dict.fromkeys(
        ("exam_room.receipt", "exam_review.page", "exam_result.sheet", "exam_room.room", "quiz.attempt"),
        "needs an attempt: test_an_exam_is_for_everyone looks at it",
    ),
    "export.page": "needs an export: tests/question_bank/services/test_export.py walks through it",
    "marking.page": "needs a script of one's own: tests/e2e/test_marking.py looks at it",
    "regrades.one": "needs scored attempts and a proposal: tests/exam/services/test_regrade.py walks through it",
    **dict.fromkeys(("exam_room.receipt", "exam_result.sheet", "exam_room.room", "quiz.attempt"), "needs an attempt: test_an_exam_is_for_everyone looks at it"),
}


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
    context = chromium_browser.new_context(viewport=browser.PHONE, base_url=filled.url, locale="zh-CN", has_touch=True, reduced_motion="reduce")
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
    values = {name: product.run(f"SELECT {query}")[0][0] for name, query in sight.parts.items()}
    with app.test_request_context():
        return app.url_for(endpoint, **values)


def looked_at(page: Page) -> Iterator[str]:
    """Look at a page on a phone and at a desk, light and dark."""
    if page.get_attribute("html", "lang") != "zh-CN":
        yield "has no language"
    if page.locator("h1").count() != 1:
        yield f"has {page.locator('h1').count()} main headings"
    for viewport in (browser.DESK, browser.PHONE):
        page.set_viewport_size(viewport)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            yield f"is {wider} px wider than {viewport['width']} px"
    yield from axe.serious(page)
    page.emulate_media(color_scheme="dark")
    yield from (f"dark: {finding}" for finding in axe.serious(page, axe.COLOURS))
    page.emulate_media(color_scheme="light")


@pytest.mark.browser
@pytest.mark.parametrize("account", ["lin", "ning"])
def test_the_frame_holds_english_words_at_any_width(account: str, filled: Product, chromium_browser: Browser) -> None:
    context = chromium_browser.new_context(base_url=filled.url, locale="en-GB")
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
    signed_in = chromium_browser.new_context(base_url=filled.url, locale="zh-CN")
    province.sign_in(signed_in, "zhou")
    fresh = chromium_browser.new_context(viewport=browser.PHONE, base_url=filled.url, locale="zh-CN", storage_state=signed_in.storage_state())
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
    context = chromium_browser.new_context(viewport=browser.PHONE, base_url=filled.url, locale="zh-CN")
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
