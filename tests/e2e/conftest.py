"""The live product for browser tests: database, server and worker as `make demo` starts them, over an empty folder."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from demo.stack import Stack, free_port, running
from tests.support import browser, province
from tests.support.hall import Hall, prepare
from tests.support.product import Product


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


@pytest.fixture
def hall(product: Product) -> Hall:
    """An exam of 90 minutes with eight items, and a teacher of its own."""
    return prepare(product)
