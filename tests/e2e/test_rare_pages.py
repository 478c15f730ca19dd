"""Pages that the demo province does not show, read by everyone on a phone and at a desk: the test's own app gives them to a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route
from sqlalchemy import text

from exam.domain.regrade import Effect
from exam.services import regrade
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.services import export
from tests.conftest import NOON
from tests.support import browser, cast, exams
from tests.support.cast import IVY, LIN, PENG, WEI, enter, id_of
from tests.support.crowd import FIRST, crowd
from tests.support.sights import looked_at

HERE = "http://localhost"


@contextmanager
def given_by(client: FlaskClient, chromium_browser: Browser, faults: list[str]) -> Iterator[Page]:
    """Yield a browser's page whose every request the client answers, signed in as it is; what is missing is a fault."""

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        found = client.get(f"{asked.path}?{asked.query}")
        if found.status_code != 200:
            faults.append(f"{asked.path}: {found.status_code}")
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)

    context = browser.context(chromium_browser, viewport=browser.PHONE, base_url=HERE, locale="zh-CN", reduced_motion="reduce")
    context.route("**/*", answer)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()


@pytest.mark.browser
def test_rare_pages_are_sound(app: Flask, clock: FixedClock, chromium_browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(12)
    peng, wei, lin, sitter = enter(app, PENG), enter(app, WEI), enter(app, LIN), app.test_client()
    one = regrade.propose(exams.EXAM, item=FIRST, effect=Effect.REPLACE, written="C", reason="答案有误", actor_id=id_of(PENG), now=NOON)
    regrade.preview(NOON, one)
    with transaction() as session:
        attempt, person = session.execute(text("SELECT id, person_id FROM attempt ORDER BY id LIMIT 1")).one()
        session.execute(text("""UPDATE exam SET settings = settings || '{"asks_identity": true, "review": "after_window"}'"""))
    exams.enrolled(LIN.account)
    cast.sign_in(sitter, person)
    monkeypatch.setattr(export, "AT_ONCE", 1)
    faults: list[str] = []
    for client, path, at in (
        (peng, f"/admin/exams/{exams.EXAM}/regrades/{one}", NOON),
        (enter(app, IVY), f"/invigilation/attempt/{attempt}", NOON),
        (lin, f"/exams/{exams.EXAM}/identity", NOON),
        (wei, wei.get(f"/bank/{exams.BANK}/export?format=word").location, NOON),
        (sitter, f"/exams/{exams.EXAM}/review", NOON + timedelta(days=3)),  # nobody may still be given the same items
    ):
        clock.instant = at
        with given_by(client, chromium_browser, faults) as page:
            page.goto(path)
            faults += [f"{path}: {fault}" for fault in looked_at(page)]
            assert page.evaluate("document.styleSheets.length"), "colours are looked at as they are"
    assert faults == []
