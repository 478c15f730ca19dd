"""The live product as browser tests see it: what a test arranges in it, and how a person gets in."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from playwright.sync_api import BrowserContext

from demo.stack import Stack
from lms.domain.signing_in import CONSENT_VERSION
from lms.kernel import db
from lms.kernel.passwords import hash_password
from lms.store import person as people
from lms.store import signing_in
from tests.support import database

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
