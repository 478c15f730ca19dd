"""Under the real server, who waits for a commit keeps no thread from the others."""

import select
import socket
from collections.abc import Callable

import psycopg
import pytest

from exam.services.payload import AskRemaining, AttemptToken, EnterExam, EntryToken
from lms.kernel import payload
from lms.kernel.security import Signer
from tests.support.product import Product

NOBODY = 2**60  # whatever other tests have left here
TRIES = 5  # the lane gives up a lock after a second, which on a busy machine is soon


def _ask(product: Product, request: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", product.stack.port), timeout=60)
    line.sendall(request)
    return line


def _page(product: Product) -> bool:
    with _ask(product, b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n") as line:
        return line.recv(100).startswith(b"HTTP/1.1 200")


def _clock(secret: str) -> object:
    return AskRemaining(Signer(secret, "attempt").sign(AttemptToken(NOBODY, NOBODY, NOBODY, epoch=1, exam="none", paper_hash="", shape="D")))


def _start(secret: str) -> object:
    ends = 2**40  # no entry of this exam's is old yet
    return EnterExam(Signer(secret, "exam start").sign(EntryToken(NOBODY, NOBODY, "none", asks_learning=False, ends_at=ends)), "device-of-nobody", honesty=True)


@pytest.mark.parametrize(("path", "asked", "locked"), [("remaining", _clock, "attempt"), ("start", _start, "exam")])
def test_a_page_is_served_while_more_requests_wait_than_there_are_threads(product: Product, path: str, asked: Callable[[str], object], locked: str) -> None:
    body = payload.encode(asked(product.stack.environment["SECRET_KEY"]))
    request = b"POST /api/exam/%s HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)
    for _try in range(TRIES):
        with psycopg.connect(product.stack.database_url) as owner:
            owner.execute(f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE")
            waiting = [_ask(product, request) for _ in range(3 * product.stack.threads)]
            served = all(_page(product) for _ in range(20))  # the first may overtake those who are still on their way
            overtook = not select.select(waiting, [], [], 0)[0]
        answers = [line.recv(4_000).partition(b"\r\n")[0] for line in waiting]
        for line in waiting:
            line.close()
        assert served
        assert all(answer[9:12] in (b"401", b"404", b"503") for answer in answers), answers
        if overtook:
            break
    else:
        raise AssertionError("the page was served only after those who wait for a commit")
