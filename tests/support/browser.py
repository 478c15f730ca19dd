"""A real Chromium, headless."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright
from werkzeug.serving import make_server

from tests.support import chromium
from tests.support.cast import Member, enter

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
PATIENCE = 60_000  # milliseconds for what takes some hundred: a busy machine is slow, and only what never comes is a fault
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield a browser; skips the test where no Chromium is installed."""
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        expect.set_options(timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


def context(chromium_browser: Browser, **options: Any) -> BrowserContext:
    """Return a context of its own, as patient in everything as `expect` is."""
    made = chromium_browser.new_context(**options)
    made.set_default_timeout(PATIENCE)
    return made


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the test's app on this machine; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def opened(app: Flask, chromium_browser: Browser, site: str, member: Member, size: ViewportSize) -> tuple[Page, list[str]]:
    """Return a page signed in as a member, and what its console complains of."""
    cookie = enter(app, member).get_cookie("lms")
    assert cookie
    mine = context(chromium_browser, viewport=size, base_url=site)
    mine.add_cookies([{"name": "lms", "value": cookie.value, "url": site}])
    page = mine.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints
