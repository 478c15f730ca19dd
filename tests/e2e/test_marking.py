"""A script marked by keyboard alone: the draft saves itself, and the page is sound on a phone and at a desk."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from exam.domain.exam import ExamPolicy
from exam.services import attempt, scoring
from exam.services.payload import StartExam
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.conftest import NOON
from tests.support import axe, browser, exams, scripts
from tests.support.cast import Member, id_of
from tests.support.product import Product, give_password, sign_in

ANSWERED = """UPDATE attempt SET answers[2] = '["我会先听他说。"]', revisions[2] = 1 WHERE exam_id = (SELECT id FROM exam WHERE code = %s)"""
EMMA = Member("emma", "阅卷甲", (Role.EXAMINER,), home="far_school")


@pytest.mark.browser
def test_a_draft_saves_itself_and_the_keyboard_leads_to_the_next_script(app: Flask, product: Product, chromium_browser: Browser) -> None:
    with product.seeding():
        scripts.prepared(policy=ExamPolicy(double_percent=0))
        for account in ("yu", "cai"):
            person_id, login_id = exams.enrolled(account)
            attempt.start(person_id, login_id, StartExam(exams.EXAM, "device-one", honesty=True), NOON)
        # What the saves would leave behind; their lanes belong to another database.
        product.run(ANSWERED, exams.EXAM)
        attempt.finalise_overdue(NOON + timedelta(hours=2))
        scoring.score_outstanding(NOON + timedelta(hours=2))
        emma = id_of(EMMA)
        with transaction() as session:
            give_password(session, emma, product.now())
    context = browser.context(chromium_browser, base_url=product.url, viewport=browser.DESK, locale="zh-CN", reduced_motion="reduce")
    sign_in(context, "emma")
    page = context.new_page()
    page.goto("/marking")
    page.click("text=领取一份")
    expect(page.locator("#points-0")).to_be_focused()
    page.keyboard.type("5.5")
    page.keyboard.press("Enter")
    page.keyboard.type("3")
    product.comes([([550, 300], None)], "SELECT points, handed_in_at FROM mark")
    expect(page.locator("[data-state]")).to_have_text("已保存")
    assert page.inner_text("[data-total]") == "8.5"
    page.set_viewport_size(browser.PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert axe.serious(page) == []
    page.reload()
    assert page.input_value("#points-0") == "5.5"
    first = page.url
    page.focus("#points-1")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/marking/scripts/" in url and url != first)
    assert product.run("SELECT count(*) FROM mark WHERE handed_in_at IS NOT NULL") == [(1,)]
    context.close()
