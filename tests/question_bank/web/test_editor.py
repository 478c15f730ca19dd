"""The form in a real browser: keyboard, live preview, no script of anybody else's."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Dialog

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.services import bank as banks
from tests.support.browser import DESK, opened, serving
from tests.support.cast import WEI

pytestmark = pytest.mark.browser


@pytest.fixture
def site(app: Flask, clock: FixedClock) -> Iterator[str]:
    banks.create("b", "演示题库", clock.now(), {"crisis": "危机干预"})
    with serving(app) as address:
        yield address


def test_an_item_is_written_by_keyboard_alone(app: Flask, chromium_browser: Browser, site: str) -> None:
    page, complaints = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    for kind, words in (("true_false", "正确"), ("ordering", ""), ("true_false", "正确"), ("single", "")):
        page.check(f"#type-{kind}", force=True)
        assert page.input_value("#option-0") == words, kind
    page.focus("#type-single")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("#type-multiple")
    page.focus("#stem")
    page.keyboard.type("下列不正确的是 <img src=x onerror=window.hacked=1>")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for words in ("甲选项", "乙选项", "丙选项", "丁选项", "以上都是"):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    page.keyboard.press("Alt+Digit2")
    page.keyboard.press("Alt+Digit4")
    page.locator("[data-preview-stem]").get_by_text("下列不正确的是 <img").wait_for()
    page.locator("[data-flaw-list] li").get_by_text("以上都是").wait_for()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => { location.href = '/bank/b'; }, 0)")
    assert asked == ["beforeunload"], "leaving asks first"
    page.keyboard.press("Control+S")
    page.wait_for_url(re.compile(r"/bank/b/items/\d+$"))
    page.wait_for_selector("text=已保存")
    assert [key[0] for key in page.locator(".option.is-key").all_inner_texts()] == ["B", "D"]
    assert page.evaluate("window.hacked") is None
    assert complaints == []
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT key->'options' FROM item_version").scalar_one() == [1, 3]
