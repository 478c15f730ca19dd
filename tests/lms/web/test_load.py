"""The live page keeps itself fresh, and says so when it cannot."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from lms.kernel.db import transaction
from lms.services import forecast as forecasts
from lms.store import load as store
from tests.conftest import NOON
from tests.support import browser, learning
from tests.support.cast import LIN, OU, id_of


def counted(at: int, people: int) -> None:
    with transaction() as session:
        store.add(session, [store.Seen(learning.CODE, "watching", NOON + at * timedelta(minutes=15), learning.CITY, people)])


@pytest.mark.browser
def test_new_figures_appear_by_themselves_and_a_lost_line_is_said(app: Flask, chromium_browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 5)
    learning.load()
    with transaction() as session:
        learning.enrol(session, id_of(LIN))
    counted(0, 41)
    with browser.serving(app) as site:
        page, complaints = browser.opened(app, chromium_browser, site, OU, browser.PHONE)
        page.clock.install()
        page.goto(f"/manage/programmes/{learning.CODE}/load")
        seen, failed = page.locator(".stat-value").first, page.locator("[data-refresh-failed]")
        expect(seen).to_contain_text("41")
        expect(failed).to_be_hidden()
        counted(1, 43)
        page.clock.run_for(61_000)
        expect(seen).to_contain_text("43")
        assert complaints == []
        page.locator("[data-refresh] a").first.focus()
        counted(2, 45)
        page.clock.run_for(61_000)
        expect(seen).to_contain_text("45")
        assert page.evaluate("document.activeElement.closest('[data-refresh]') !== null"), "who uses the keyboard keeps her place"
        page.context.set_offline(True)
        page.clock.run_for(61_000)
        expect(failed).to_be_visible()
        expect(seen).to_contain_text("45")
        page.context.set_offline(False)
        counted(3, 47)
        page.clock.run_for(61_000)
        expect(seen).to_contain_text("47")
        expect(failed).to_be_hidden()
        # Nobody looks: nothing is asked; and it is as soon as somebody does.
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true }); window.away = true")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.run_for(300_000)
        assert asked == []
        counted(4, 53)
        page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.run_for(1_000)
        expect(seen).to_contain_text("53")
        page.context.clear_cookies()
        page.clock.run_for(61_000)
        expect(page.locator("[data-refresh-ended]")).to_be_visible()
        expect(failed).to_be_hidden()
        page.context.close()
