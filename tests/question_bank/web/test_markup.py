"""Nobody's words run as a script, wherever they are shown (FI-03): in a real browser, as the author and as the candidate."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.domain.draft import Draft
from question_bank.services import bank as banks
from question_bank.services import staging
from question_bank.services.item import Named, write
from question_bank.store import bank as bank_store
from tests.exam.services.test_item_types import sat
from tests.support import exams, markup
from tests.support.browser import DESK, PHONE, opened, serving
from tests.support.cast import LIN, WEI, id_of

pytestmark = pytest.mark.browser
EACH = 20  # payloads of one item


@pytest.fixture
def site(app: Flask, clock: FixedClock) -> Iterator[str]:
    banks.create("b", "演示题库", clock.now())
    with serving(app) as address:
        yield address


def items(payloads: Sequence[str]) -> list[Draft]:
    """Return items full of payloads: half of each item's stand in its stem, the others in options and notes."""
    made = []
    for number, at in enumerate(range(0, len(payloads), EACH)):
        held = payloads[at : at + EACH]
        stem, rest = "\n".join(held[: len(held) // 2]), held[len(held) // 2 :]
        options = tuple(f"{place} {' '.join(rest[place::4])}" for place in range(4))
        explained = tuple(reversed(options))
        made.append(
            Draft(
                external_id=f"x{number}", type="single", stem=f"{number} {stem}", options=options, option_explanations=explained, key=(1,), explanation=stem,
                topic=held[0][:40], tags=(held[-1][:40],), source=held[0][:200], pool="exam",
            )
        )  # fmt: skip
    return made


def checked(page: Page, complaints: list[str], where: str) -> None:
    assert page.evaluate(markup.RAN) == [0, 0], where
    assert complaints == [], where


def as_the_author(app: Flask, browser: Browser, site: str, payloads: Sequence[str], clock: FixedClock) -> None:
    drafts = items(payloads)
    with transaction() as session:
        bank = bank_store.by_code(session, "b")
        assert bank
        made = write(session, bank.id, [Named(draft, draft.external_id, None) for draft in drafts], author_id=id_of(WEI), now=clock.now())
        again = [replace(draft, stem=f"{draft.stem} 改") for draft in drafts]
        write(session, bank.id, [Named(draft, draft.external_id, item) for draft, item in zip(again, made, strict=True)], author_id=id_of(WEI), now=clock.now())
    brought = [{"id": each, "type": each[:20], "stem": each, "options": [each, "b"], "key": [0], each: 1} for each in payloads[:40]]
    lines = "".join(f"{json.dumps(each)}\n" for each in brought)
    batch = staging.stage("b", f"{payloads[0]}.jsonl", lines.encode(), pool="", person_id=id_of(WEI), now=clock.now())
    page, complaints = opened(app, browser, site, WEI, DESK)
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    pages = ["/bank/b", f"/bank/b?q={quote(payloads[0])}", f"/bank/b/import/{batch}", f"/bank/b/import/{batch}/0", "/bank/b/import", "/bank/b/coverage?all=yes"]
    pages += [f"/bank/b/items/{item}{part}" for item in made for part in ("", "/edit", "/compare")]
    for path in pages:
        page.goto(path)
        checked(page, complaints, path)
    page.goto("/bank/b/items/new")
    for at in range(0, len(payloads), EACH):
        page.fill("#stem", "\n".join(payloads[at : at + EACH]))
        page.fill("#option-0", payloads[at])
        with page.expect_response("**/items/preview"):
            page.keyboard.press("End")
            page.type("#option-0", "。")
        page.wait_for_timeout(50)
        checked(page, complaints, f"preview {at}")
    page.context.close()


def as_the_candidate(app: Flask, browser: Browser, site: str, payloads: Sequence[str]) -> None:
    _lin, _shown = sat(items(payloads))
    page, complaints = opened(app, browser, site, LIN, PHONE)
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(f"/exams/{exams.EXAM}/room")
    page.get_by_role("button", name="在此设备继续").click()
    page.wait_for_selector(".item.is-current")
    complaints[:] = [each for each in complaints if "409" not in each]  # another device had the attempt
    for _item in range(len(items(payloads)) - 1):
        checked(page, complaints, "room")
        page.click("#step-on")
    checked(page, complaints, "room")
    page.context.close()


def test_twenty_payloads_stay_words(app: Flask, chromium_browser: Browser, site: str, clock: FixedClock) -> None:
    payloads = markup.some(EACH)
    as_the_author(app, chromium_browser, site, payloads, clock)
    as_the_candidate(app, chromium_browser, site, payloads)


@pytest.mark.soak
def test_every_payload_stays_words(app: Flask, chromium_browser: Browser, site: str, clock: FixedClock) -> None:
    payloads = list(markup.payloads())
    assert len(payloads) >= 500
    as_the_author(app, chromium_browser, site, payloads, clock)
    as_the_candidate(app, chromium_browser, site, payloads)
