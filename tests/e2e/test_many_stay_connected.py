"""Browsers keep their connections open; whoever comes after thousands of them is answered before any of those is closed for idling (30 s)."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.product import Product

pytestmark = pytest.mark.soak
PEOPLE = 2_200  # more than granian's backlog, which it would otherwise take as the most connections to hold


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process hold as many connections as it needs."""
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))


@pytest.mark.usefixtures("many_files")
def test_idle_connections_keep_nobody_out(product: Product) -> None:
    port = product.stack.port
    with ExitStack() as lines:
        for number in range(PEOPLE):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200"), number
