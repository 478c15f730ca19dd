"""One teacher's whole way: sign in, watch, quiz, exam, result, certificate, and a stranger who checks it."""

import io
import re
import unicodedata

import pypdf
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support import browser, province
from tests.support.product import Product, shots_folder

pytestmark = pytest.mark.browser


STATE = "SELECT s.state FROM lesson_state s JOIN person p ON p.id = person_id WHERE account = 'lin' AND lesson_id = %s"
CHOOSE = "(item, chosen) => { for (const index of chosen) item.querySelectorAll('.option')[index].click(); }"
READ = "item => [item.querySelector('.item-text').innerText, [...item.querySelectorAll('.option-text')].map(option => option.innerText)]"


def plain(html: str) -> str:
    """Return the words alone, so that what stands on a page can be compared with what is stored."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", re.sub(r"<[^>]+>", "", html)))


class AnswerSheet:
    """What an item's key is, by its words: the test knows the answers from the database, the page never does."""

    def __init__(self, product: Product) -> None:
        """Read every key."""
        rows = product.run("SELECT stem_html, options_html, key -> 'options' FROM item_version")
        self.right = {plain(str(stem)): {plain(options[index]) for index in choices} for stem, options, choices in rows}  # type: ignore[index, attr-defined]

    def chosen(self, stem: str, options: list[str]) -> list[int]:
        """Return the places of every right option of an item."""
        right, texts = self.right[plain(stem)], [plain(text) for text in options]
        chosen = [index for index, text in enumerate(texts) if text in right]
        assert len(chosen) == len(right), (stem, texts)
        return chosen

    def answer(self, item: Locator) -> None:
        """Choose every right option of an item."""
        item.evaluate(CHOOSE, self.chosen(*item.evaluate(READ)))


def keep(page: Page, name: str) -> None:
    """Keep pictures on a phone and at a desk, where pictures are wanted."""
    if not shots_folder():
        return
    kept = page.viewport_size
    for size, viewport in (("phone", browser.PHONE), ("desk", browser.DESK)):
        page.set_viewport_size(viewport)
        page.screenshot(path=f"{shots_folder()}/story-{name}-{size}.png", full_page=True)
    page.set_viewport_size(kept or browser.DESK)


def test_from_signing_in_to_a_certificate_that_a_stranger_checks(demo_province: Product, chromium_browser: Browser) -> None:
    context = browser.context(chromium_browser, viewport=browser.DESK, base_url=demo_province.url, locale="zh-CN", accept_downloads=True)
    answers = AnswerSheet(demo_province)
    province.sign_in(context, "lin")
    page = context.new_page()
    page.goto("/")
    keep(page, "home")

    lesson = page.locator(".hero a.button-primary")
    expect(lesson).to_have_text("开始学习")
    lesson.click()
    watch(page)
    keep(page, "watched")
    demo_province.comes([("watched",)], STATE, int(page.url.rsplit("/", 1)[1]))

    take_the_quiz(page, answers)
    keep(page, "quiz")
    page.goto("/")
    expect(page.locator(".hero-title")).to_contain_text("线上测试")
    keep(page, "home-exam")
    page.locator(".hero a.button-primary").click()
    sit_the_exam(page, answers)

    see_the_result(page)
    page.goto("/grades")
    expect(page.locator("main")).to_contain_text("各项要求均已达到，成绩合格。")
    expect(page.locator("main")).to_contain_text("签字名单")
    assert "attendance_list" not in page.inner_text("main")
    keep(page, "grades")
    page.goto("/certificates")
    keep(page, "certificate")
    code = page.locator(".definitions, dl").first.inner_text()
    code = re.search(r"查验码\s*(\S+)", code).group(1)  # type: ignore[union-attr]
    with page.expect_download() as download:
        page.click("a[href*='download=1']")
    pdf = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes()))
    words = pdf.pages[0].extract_text()
    assert "林晓雨" in words
    assert "样本" in words
    context.close()
    a_stranger_checks(demo_province, chromium_browser, code)


def watch(page: Page) -> None:
    """Play the film to its end at its own speed."""
    page.wait_for_selector("[data-player] .plyr__controls")
    keep(page, "lesson")
    page.locator(".plyr__control--overlaid").click()
    expect(page.locator("[data-message]")).to_contain_text("观看部分完成", timeout=3 * browser.PATIENCE)
    expect(page.locator("[data-saved]")).to_have_text("播放记录已保存")
    shown = page.locator('[data-seconds="counted"]').inner_text()
    found = re.search(r"(\d+) 分 (\d+) 秒", shown)
    assert found is not None, shown
    assert int(found[1]) * 60 + int(found[2]) >= province.FILM_SECONDS * 95 // 100


def take_the_quiz(page: Page, answers: AnswerSheet) -> None:
    """Answer the lesson's quiz and read the explanations."""
    page.reload()
    page.locator("form[action*=quizzes] button").last.click()
    page.wait_for_url("**/quizzes/attempts/*")
    for item in page.locator(".item").all():
        answers.answer(item)
    page.locator(".quiz-form button[type=submit]").click()
    page.wait_for_selector(".explanation")
    expect(page.locator("main")).to_contain_text("小测通过")


def sit_the_exam(page: Page, answers: AnswerSheet) -> None:
    """Answer all fifty items and hand in."""
    page.check("input[name=honesty]")
    keep(page, "briefing")
    page.click("#start button[type=submit]")
    page.wait_for_selector(".item.is-current", timeout=browser.PATIENCE)
    assert page.locator("#items .item").count() == 50
    keep(page, "room")
    for position in range(1, 51):
        page.evaluate("position => document.querySelector(`#map a[data-position='${position}']`).click()", position)
        answers.answer(page.locator(f"#item-{position}"))
    expect(page.locator("#map a[data-state=answered]")).to_have_count(50)
    page.click("#hand-in")
    page.click("#hand-in-yes")
    page.wait_for_url("**/receipt", timeout=browser.PATIENCE)
    keep(page, "receipt")


def see_the_result(page: Page) -> None:
    """Open the result as soon as it stands."""
    page.goto(page.url.replace("/receipt", "/result"))
    for _ in range(240):
        if page.locator(".profile").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".profile .meter")).to_have_count(5)
    expect(page.locator("main")).to_contain_text("100")
    keep(page, "result")


def a_stranger_checks(product: Product, chromium_browser: Browser, code: str) -> None:
    """Look the certificate up without an account."""
    context = browser.context(chromium_browser, viewport=browser.PHONE, base_url=product.url, locale="zh-CN")
    page = context.new_page()
    page.goto("/check")
    page.fill("#code", code)
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_have_text("证书真实有效")
    expect(page.locator("main")).not_to_contain_text("林晓雨")
    expect(page.locator("main")).to_contain_text("林**")
    keep(page, "check")
    context.close()
