"""The exam room on a phone, with items beyond choices: answered by keyboard, kept by the server, sound for everybody."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from exam.store import attempt as attempts
from lms.kernel.db import transaction
from tests.exam.services.test_item_types import BLANK_ITEM, PAIRS, STEPS, WORDS, sat
from tests.support import axe, browser, exams
from tests.support.cast import LIN, id_of

pytestmark = pytest.mark.browser


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with browser.serving(app) as address:
        yield address


def test_every_type_is_answered_by_keyboard_on_a_phone(app: Flask, chromium_browser: Browser, site: str) -> None:
    lin, _shown = sat([BLANK_ITEM, PAIRS, STEPS, WORDS])
    assert id_of(LIN) == lin.person_id
    page, complaints = browser.opened(app, chromium_browser, site, LIN, browser.PHONE)
    page.goto(f"/exams/{exams.EXAM}/room")
    page.get_by_role("button", name="在此设备继续").click()
    page.wait_for_selector(".item.is-current")
    page.get_by_label("第 1 空").fill("36.8")
    page.get_by_label("第 2 空").fill("恒温")
    assert axe.serious(page) == []
    page.click("#step-on")
    page.get_by_label("一", exact=True).select_option(index=1)
    page.get_by_label("二", exact=True).select_option(index=3)
    assert axe.serious(page) == []
    page.click("#step-on")
    page.get_by_role("button", name="把 A 下移").focus()
    page.keyboard.press("Enter")
    assert axe.serious(page) == []
    page.click("#step-on")
    page.get_by_label("您的回答").fill("先倾听。")
    assert axe.serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.wait_for_selector("#map a[data-position='4'][data-state='answered']", state="attached")
    page.reload()
    page.wait_for_selector(".item.is-current")
    assert page.locator("#item-1 .blank-input").nth(1).input_value() == "恒温"
    assert [one for one in complaints if "409" not in one] == [], "409: another device leads until she says so"
    with transaction() as session:
        answers = attempts.by_id(session, exams.attempt_id(session, lin)).answers
    assert (answers[1].texts, answers[2].choices, answers[3].choices, answers[4].texts) == (("36.8", "恒温"), (0, 2), (1, 0, 2), ("先倾听。",))
