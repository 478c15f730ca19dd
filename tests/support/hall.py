"""An exam hall of the live product: one exam, one teacher, and what she does in a browser."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from demo.exams import create_exam
from demo.stack import secrets_of
from exam.domain.blueprint import Blueprint
from exam.services import assembly
from lms.kernel.db import transaction
from lms.kernel.security import Seal
from tests.support import exams, learning, rows
from tests.support.browser import PATIENCE
from tests.support.product import Product, give_password, shots_folder, sign_in

# Reads without making: where there is no database, none is left behind, and no connection keeps the room from its own.
LIES_ON_THE_DISK = """async () => {
  const heard = asked => new Promise((resolve, reject) => { asked.onsuccess = () => resolve(asked.result); asked.onerror = () => reject(asked.error); });
  if (!(await indexedDB.databases()).some(one => one.name === "exam-room")) return [];
  const asked = indexedDB.open("exam-room");
  asked.onupgradeneeded = () => asked.transaction.abort();
  const database = await heard(asked);
  try {
    return await heard(database.transaction("changes").objectStore("changes").getAll());
  } finally {
    database.close();
  }
}"""
_numbers = itertools.count(1)
_ready: set[str] = set()


@dataclass
class Hall:
    """One exam and one teacher, fresh for each test."""

    product: Product
    code: str
    account: str
    person_id: int

    def held(self) -> dict[int, str]:
        """Return the answers as the database holds them."""
        (answers,) = self.product.run("SELECT answers FROM attempt WHERE person_id = %s", self.person_id)[0]
        assert isinstance(answers, list)
        return {position: value for position, value in enumerate(answers, start=1) if value}

    def log(self) -> list[tuple[object, ...]]:
        """Return what was stored, in order."""
        return self.product.run(
            "SELECT e.position, e.value, e.outcome FROM response_event e JOIN attempt a ON a.id = e.attempt_id WHERE a.person_id = %s ORDER BY e.id",
            self.person_id,
        )

    def left(self) -> float:
        """Return the seconds that the server still gives."""
        (seconds,) = self.product.run("SELECT extract(epoch FROM deadline - clock_timestamp())::float8 FROM attempt WHERE person_id = %s", self.person_id)[0]
        assert isinstance(seconds, float)
        return seconds

    def move_bell(self, seconds: float) -> None:
        """Let the time be over so many seconds from now, as if it had been started earlier."""
        moved = "UPDATE attempt SET started_at = started_at - interval '2 hours', deadline = clock_timestamp() + make_interval(secs => %s) WHERE person_id = %s"
        self.product.run("ALTER TABLE attempt DISABLE TRIGGER USER")  # a start is frozen otherwise
        self.product.run(moved, seconds, self.person_id)
        self.product.run("ALTER TABLE attempt ENABLE TRIGGER USER")

    def enter(self, context: BrowserContext) -> Page:
        """Sign in, read the start page, start, and wait for the room."""
        sign_in(context, self.account, f"/exams/{self.code}")
        page = context.new_page()
        page.goto(f"/exams/{self.code}")
        page.check("input[name=honesty]")
        page.click("#start button[type=submit]")
        page.wait_for_url("**/room", timeout=PATIENCE)
        return self.opened(page)

    def opened(self, page: Page) -> Page:
        """Wait until the paper stands."""
        page.wait_for_selector(".item.is-current", timeout=PATIENCE)
        return page

    def take_over(self, context: BrowserContext) -> Page:
        """Sign in on another device and go on there."""
        sign_in(context, self.account)
        page = self.back(context)
        page.click("#room-banner-action")
        return self.opened(page)

    def back(self, context: BrowserContext) -> Page:
        """Open the room again in a new page."""
        page = context.new_page()
        page.goto(f"/exams/{self.code}/room")
        return page


def prepare(product: Product, *, minutes: int = 90, closes_in: timedelta = timedelta(hours=5), blueprint: Blueprint | None = None) -> Hall:
    """Make an exam and an enrolled teacher who can sign in."""
    number = next(_numbers)
    code, account, now = f"exam-{number}", f"teacher{number}", product.now()
    with product.seeding():
        if product.url not in _ready:
            learning.load()
            with transaction() as session:
                exams.bank(session, each=12)
            _ready.add(product.url)
        create_exam(
            code=code, programme_code=learning.CODE, title=f"线上测试（第 {number} 场）", bank_code=exams.BANK,
            blueprint=blueprint or exams.small_blueprint(), opens=now - timedelta(hours=1), closes=now + closes_in, minutes=minutes, now=now,
        )  # fmt: skip
        assembly.assemble(code, papers=3, now=now)
        with transaction() as session:
            person_id = rows.person(session, account=account, name="林晓梅")
            learning.enrol(session, person_id)
            give_password(session, person_id, now)
    return Hall(product, code, account, person_id)


def second_factor(hall: Hall) -> str:
    """Give the teacher a confirmed second factor; returns the secret in her phone."""
    secret = pyotp.random_base32()
    sealed = Seal(secrets_of(hall.product.stack.folder)["FIELD_KEY"]).close(secret)
    row = "INSERT INTO second_factor (person_id, secret_sealed, recovery, last_step, confirmed_at) VALUES (%s, %s, '{}', 0, now())"
    hall.product.run(row, hall.person_id, sealed)
    return secret


def answer(page: Page, position: int, option: int) -> None:
    """Choose an option of the item, going there as a person does."""
    page.evaluate("position => document.querySelector(`#map a[data-position='${position}']`).click()", position)
    page.locator(f"#item-{position} .option").nth(option).click()


def state(page: Page, position: int) -> str:
    """Return what the map says of an item."""
    return page.get_attribute(f"#map a[data-position='{position}']", "data-state") or ""


def wait_state(page: Page, position: int, wanted: str) -> None:
    """Wait until the map says so."""
    expect(page.locator(f"#map a[data-position='{position}']")).to_have_attribute("data-state", wanted)


def shot(page: Page, name: str) -> None:
    """Keep a picture where pictures are wanted."""
    if shots_folder():
        page.screenshot(path=f"{shots_folder()}/{name}.png")


def seconds_shown(page: Page) -> int:
    """Return the remaining time on the page."""
    parts = [int(part) for part in page.inner_text("#timer-figure").split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def on_the_disk(page: Page, count: int) -> list[dict[str, object]]:
    """Wait until so many changes lie on the device; returns them."""
    for _ in range(600):
        if len(lying := page.evaluate(LIES_ON_THE_DISK)) == count:
            return list(lying)
        page.wait_for_timeout(100)
    pytest.fail(f"{len(lying)} changes lie on the device, and not {count}")
