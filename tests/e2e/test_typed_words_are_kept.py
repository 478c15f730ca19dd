"""Whoever leaves a form with something typed is asked first, however she leaves it."""

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.support import browser, province
from tests.support.product import Product


@pytest.mark.browser
def test_a_blueprint_with_something_typed_is_not_left_unasked(demo_province: Product, chromium_browser: Browser) -> None:
    context = browser.context(chromium_browser, viewport=browser.DESK, base_url=demo_province.url, locale="zh-CN")
    province.sign_in(context, "ning")
    page = context.new_page()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto("/admin/blueprints/makeup")
    adopt = page.locator("form[action$='/adopt'] button").first
    page.locator("#title").press_sequentially("（改）")
    adopt.click()
    page.locator("#confirm-dialog [value=yes]").click()
    expect(page.locator("#title")).to_have_value("（改）补考双向细目表（10道单选，100分）")
    expect(adopt).not_to_have_attribute("aria-disabled", "true")
    assert asked == ["beforeunload"]
    with page.expect_navigation():  # what is sent is not lost
        page.locator("button[value=check]").click()
    assert asked == ["beforeunload"]
    context.close()
