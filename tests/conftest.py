"""The app, the clock, the database and the client that every test shares."""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from lms.kernel import db, passwords
from lms.kernel.clock import FixedClock
from lms.kernel.settings import Settings
from tests.support import browser, database

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # midday in China
# The machine may be busy; and each run draws other cases.
hypothesis.settings.register_profile("house", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")
DEAR = ("demo_province", "product", "shortest")  # seconds' work, up to a minute: one worker does it, and runs all that needs it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a running product on one worker."""
    for item in items:
        for name in DEAR:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """One throwaway PostgreSQL for the run (xdist: started by the first worker), with a migrated template."""
    with database.cluster(tmp_path_factory, worker_id) as url:
        yield url


@pytest.fixture(scope="session")
def settings(cluster: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Settings:
    """Settings on a database of this worker's own, cloned from the template."""
    url = database.clone(cluster, f"test_{worker_id}_{os.getpid()}")
    return Settings.from_environment(
        {
            "DATABASE_URL": url,
            "SECRET_KEY": "test-" + "x" * 40,
            "FIELD_KEY": "test-field-key",
            "VAR_DIR": str(tmp_path_factory.mktemp("var")),
            "LOG_LEVEL": "WARNING",
            "HOT_REQUESTS": "1000000",
        }
    )


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    """The clock of every test; it stands at noon in China unless a test moves it."""
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def built_app(settings: Settings, clock: FixedClock) -> Flask:
    """The whole product, built once for the worker."""
    from wsgi import create_app

    # What a hash costs in the product is measured by the benchmark; here hundreds would take half a minute.
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords.hash_password("nobody has this password")
    app = create_app(settings, clock)
    app.config["WTF_CSRF_ENABLED"] = False
    app.testing = True
    return app


@pytest.fixture
def app(built_app: Flask, clock: FixedClock, settings: Settings) -> Flask:
    """The product on an empty database at noon."""
    clock.instant = NOON
    database.empty(settings.database_url)
    return built_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in on."""
    return app.test_client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    return tmp_path / secrets.token_hex(4)


@pytest.fixture
def session(app: Flask) -> Iterator[db.Session]:
    """An open transaction for arranging and looking; committed at the end."""
    with db.transaction() as found:
        yield found


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    """One Chromium for the worker: Playwright's loop runs once a thread, so a second start inside the first would fail."""
    with browser.launched() as found:
        yield found
