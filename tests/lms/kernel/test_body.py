"""FI-08: bodies that mean harm are refused before they cost anything, and without being read to their end."""

import io
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.cast import WEI, enter

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


class Endless(io.RawIOBase):
    """A body that never ends and counts what was read of it."""

    def __init__(self, piece: bytes) -> None:
        self.piece, self.taken = piece, 0

    def readable(self) -> bool:
        """Say so."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Give as much as is asked for."""
        held = (self.piece * (len(buffer) // len(self.piece) + 1))[: len(buffer)]
        buffer[:] = held
        self.taken += len(held)
        return len(held)


@pytest.fixture(params=["a stranger", "an author"])
def sender(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Somebody who sends, where tokens are looked for as in the product."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app.test_client() if request.param == "a stranger" else enter(app, WEI)


def part(words: str, name: str = 'name="a"') -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {name}\r\n\r\n{words}\r\n".encode()


BODIES = {
    "100 000 parts": (MULTIPART, part("") * 100_000),
    "100 000 files": (MULTIPART, part("", 'name="a"; filename="a"') * 100_000),
    "a field beyond any form": (MULTIPART, part("x" * 600_000)),
    "a head without an end": (MULTIPART, b"--b\r\nContent-Disposition: form-data; name=" + b"a" * 4_000_000),
    "a boundary begun over and over": (MULTIPART, part("", 'name="a"; filename="a"')[:-2] + b"\r\n--" * 1_500_000),
    "ends of lines alone": (MULTIPART, part("", 'name="a"; filename="a"')[:-2] + b"\r" * 7_000_000),
    "4 000 000 fields": (FORM, b"a&" * 4_000_000),
    "more than may be sent": (FORM, b"a=" + b"x" * 8_400_000),
}


@pytest.mark.parametrize("name", BODIES)
def test_fi_08_a_crafted_body_costs_little(name: str, sender: FlaskClient) -> None:
    kind, body = BODIES[name]
    for path in ("/sign-in", "/bank/b/import"):
        began = time.thread_time()
        answer = sender.post(path, input_stream=io.BytesIO(body), content_type=kind, content_length=len(body))
        assert answer.status_code in {400, 401, 413}, path
        assert time.thread_time() - began < 2, path  # a tenth of a second, of this thread alone


def test_fi_08_what_is_said_to_be_too_long_is_not_read_at_all(sender: FlaskClient) -> None:
    for path in ("/sign-in", "/bank/b/import", "/api/bank/b/pictures"):
        for kind in (FORM, MULTIPART):
            body = Endless(b"x")
            answer = sender.post(path, content_type=kind, environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": "10000000000"})
            assert (answer.status_code, body.taken) == (413, 0), path


def test_fi_08_what_never_ends_is_left_at_the_limit(sender: FlaskClient) -> None:
    for kind, piece in ((FORM, b"x"), (MULTIPART, part("", 'name="a"; filename="a"')[:-2] + b"x" * 65_000)):
        body = Endless(piece)
        answer = sender.post("/sign-in", content_type=kind, environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True})
        assert answer.status_code in {400, 413}  # a form is cut off at the limit, and its token with it
        assert body.taken < 9 * 1024 * 1024
