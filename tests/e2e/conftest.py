"""The live product for browser tests: database, server and worker as `make demo` starts them, over an empty folder."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext

from demo.stack import Stack, free_port, running
from lms.domain.signing_in import CONSENT_VERSION
from lms.kernel import db
from lms.kernel.passwords import hash_password
from lms.store import person as people
from lms.store import signing_in
from tests.support import browser, database, province

PASSWORD = "Clear-Sky-2026"


@dataclass
class Product:
    """The running product and how a test arranges what it needs in it."""

    stack: Stack

    @property
    def url(self) -> str:
        """Return the address."""
        return self.stack.url

    @contextmanager
    def seeding(self) -> Iterator[None]:
        """Let `transaction()` of this process work on the product's database for the length of a block."""
        with database.elsewhere():
            db.connect(self.stack.database_url, pool_size=2)
            yield

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one SQL statement as the owner."""
        with psycopg.connect(self.stack.database_url, autocommit=True) as link:
            answer = link.execute(statement, values)
            return answer.fetchall() if answer.description else []

    def comes(self, wanted: list[tuple[object, ...]], statement: str, *values: object) -> None:
        """Wait until a statement finds this: what is done in the background takes its time."""
        for _ in range(1_200):
            if (found := self.run(statement, *values)) == wanted:
                return
            time.sleep(0.1)
        pytest.fail(f"{statement} finds {found}, and not {wanted}")

    def now(self) -> datetime:
        """Return the database's instant, which the product goes by."""
        found = self.run("SELECT clock_timestamp()")[0][0]
        assert isinstance(found, datetime)
        return found.astimezone(UTC)


@pytest.fixture(scope="session")
def product(chromium_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, started once for the run."""
    # TZ is another than China's on purpose: no page may depend on it.
    stack = Stack(tmp_path_factory.mktemp("product"), free_port(), workers=1, environment={"TZ": "America/New_York", "LOG_LEVEL": "WARNING"})
    with running(stack):
        stack.start_server()
        stack.start_worker()
        yield Product(stack)


@pytest.fixture(scope="session")
def demo_province(chromium_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product filled like `make demo`, with a short first film; for tests that walk it, each as somebody else."""
    stack = Stack(tmp_path_factory.mktemp("province"), free_port(), workers=1, environment={"TZ": "America/New_York", "LOG_LEVEL": "WARNING"})
    with running(stack):
        province.fill(stack)
        stack.start_server()
        stack.start_worker()
        yield Product(stack)


@pytest.fixture
def phone(chromium_browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A phone with nothing in its memory."""
    context = browser.context(chromium_browser, viewport=browser.PHONE, base_url=product.url, locale="zh-CN", has_touch=True)
    yield context
    context.close()


@pytest.fixture
def desk(chromium_browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A desk computer with nothing in its memory."""
    context = browser.context(chromium_browser, viewport=browser.DESK, base_url=product.url, locale="zh-CN")
    yield context
    context.close()


def give_password(session: db.Session, person_id: int, now: datetime) -> None:
    """Let a person sign in with PASSWORD, the consent given."""
    people.set_password(session, person_id, hash_password(PASSWORD))
    signing_in.add_consent(session, person_id, CONSENT_VERSION, now)


def sign_in(context: BrowserContext, account: str, target: str = "/") -> None:
    """Sign in as a person does."""
    page = context.new_page()
    page.goto(f"/sign-in?next={target}")
    page.fill("input[name=account]", account)
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit].button-primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()


def shots_folder() -> str | None:
    """Return where screenshots are wanted, if anywhere."""
    return os.environ.get("SHOTS")
