"""The load test's users send what Chromium sends, in the same order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from lms.kernel.settings import Settings
from load_tests.journal import AnswerKept, BeatKept, HandedIn, Journal, QuizHandedIn, entries
from load_tests.journeys import Teacher
from load_tests.player import watch
from load_tests.product import ROOT, seeded, start
from load_tests.seed import Seeded, Wanted
from load_tests.verdict import stored_is_acknowledged
from tests.support import browser, chromium, database
from tests.support.line import PlainLine
from wsgi import PARTS

pytestmark = pytest.mark.browser
FILM = 6
ANSWERED = 2
PATTERNS = (
    (r"^/media/v/.*\.(m3u8|m4s|mp4)$", "/media/:film"),
    (r"^/media/v/.*", "/media/:poster"),
    (r"^/sign-in\?.*", "/sign-in"),
    (r"/\d+", "/:id"),
    (r"^/exams/[^/]+", "/exams/:code"),
)
POSTER = "GET /media/:poster"
# A matter of time, not of order.
LEFT_OUT = ("/static/", "/favicon", "/api/exam/remaining")


@dataclass
class Product:
    """The running product and who is known in it."""

    url: str
    database_url: str
    found: Seeded


@pytest.fixture
def product(settings: Settings, tmp_path: Path) -> Iterator[Product]:
    if chromium.find() is None:
        pytest.skip("no Chromium installed")
    programme, wanted = ROOT / "lms/programmes/jiangxi-2023.toml", Wanted(people=5, film_seconds=FILM)
    with database.elsewhere(), seeded(tmp_path / "journey", programme, wanted) as (stack, found):
        for part in PARTS:  # the seeding has given this process the product's keys and folder: back to those of the tests
            if part.on_mount:
                part.on_mount(settings)
        start(stack)
        yield Product(stack.url, stack.database_url, found)


def pattern(path: str) -> str:
    """Return a path with its particulars replaced."""
    for wanted, name in PATTERNS:
        path = re.sub(wanted, name, path)
    return path


def order(sent: list[tuple[str, str]]) -> list[str]:
    """Return methods and patterns in their order, repetitions once, and a poster once: the browser has it for ever then."""
    steps: list[str] = []
    for method, path in sent:
        step = f"{method} {pattern(path)}"
        if not path.startswith(LEFT_OUT) and not (step == POSTER and POSTER in steps):
            steps.append(step)
    return [step for step, _same in groupby(steps)]


def in_chromium(chromium: Browser, product: Product, account: str) -> list[tuple[str, str]]:
    """Go the way in a browser and return what it sent."""
    sent: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        if request.url.startswith(product.url):
            sent.append((request.method, request.url.removeprefix(product.url)))

    context = browser.context(chromium, viewport=browser.DESK, base_url=product.url, locale="zh-CN")
    page = context.new_page()
    page.on("request", note)
    page.goto("/")
    page.fill("input[name=account]", account)
    page.fill("input[name=password]", product.found.password)
    page.click("form button[type=submit].button-primary")
    page.wait_for_url(f"{product.url}/")
    learn(page, product.found)
    sit(page, product.found)
    context.close()
    return sent


def learn(page: Page, found: Seeded) -> None:
    """Watch the film to its end, then do the quiz."""
    page.goto(f"/lessons/{found.lesson_id}")
    page.wait_for_selector("[data-player] .plyr__controls")
    page.wait_for_load_state("networkidle")
    page.locator(".plyr__control--overlaid").click()
    expect(page.locator("[data-saved]")).to_have_text("播放记录已保存")
    page.goto(f"/lessons/{found.lesson_id}")
    page.wait_for_load_state("networkidle")
    page.locator("form[action*='/quizzes/'] button").click()
    page.wait_for_url("**/quizzes/attempts/*")
    for name in sorted({str(one.get_attribute("name")) for one in page.locator("[name^=response-]").all()}):
        page.locator(f"[name={name}]").first.check()
    page.locator("form.quiz-form button").click()
    page.wait_for_load_state("networkidle")


def sit(page: Page, found: Seeded) -> None:
    """Start the exam, answer some items, hand in."""
    page.goto(f"/exams/{found.exam}")
    page.check("input[name=honesty]")
    page.click("#start button[type=submit]")
    page.wait_for_url("**/room")
    for position in range(1, ANSWERED + 1):
        page.locator(f"#item-{position} .options input").first.check()
        expect(page.locator(f"#item-{position} .item-state")).to_have_text("已保存")
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt")


def test_what_the_users_send_is_what_chromium_sends(product: Product, chromium_browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = PlainLine(product.url)
    teacher = Teacher(line, product.found, product.found.accounts[0], Journal(path), rest=lambda _seconds: None)
    teacher.sign_in()
    watch(teacher)
    teacher.quiz()
    teacher.exam(think=lambda: 0.0, most_items=ANSWERED)
    assert order(line.sent) == order(in_chromium(chromium_browser, product, product.found.accounts[1]))
    kinds = [type(one) for one in entries(path)]
    assert (kinds.count(AnswerKept), kinds.count(HandedIn), kinds.count(BeatKept), kinds.count(QuizHandedIn)) == (ANSWERED, 1, 1, 1)
    assert stored_is_acknowledged(path, product.database_url) == []
