"""Signed tokens, sealed fields, headers, throttling, redirects."""

from datetime import timedelta

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.app import local_path
from lms.kernel.clock import FixedClock
from lms.kernel.refusal import TooMany
from lms.kernel.security import Seal, Signer, TokenRefused
from lms.kernel.throttle import throttle


class Lease(msgspec.Struct):
    person: int
    kind: str


def test_a_token_comes_back_whole() -> None:
    signer = Signer("secret", "lease")
    assert signer.read(signer.sign(Lease(7, "video")), Lease) == Lease(7, "video")


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_token_is_refused(place: int, change: int) -> None:
    import base64

    signer = Signer("secret", "lease")
    raw = bytearray(base64.urlsafe_b64decode(signer.sign(Lease(7, "video")) + "=="))
    raw[place % len(raw)] ^= change
    with pytest.raises(TokenRefused):
        signer.read(base64.urlsafe_b64encode(bytes(raw)).decode(), Lease)


def test_a_token_of_one_purpose_is_no_token_of_another() -> None:
    with pytest.raises(TokenRefused):
        Signer("secret", "attempt").read(Signer("secret", "lease").sign(Lease(7, "video")), Lease)


@pytest.mark.parametrize("rubbish", ["", "%%%", "a", "é", "AAAA"])
def test_rubbish_is_refused(rubbish: str) -> None:
    with pytest.raises(TokenRefused):
        Signer("secret", "lease").read(rubbish, Lease)


def test_a_sealed_field_opens_and_is_found_after_the_key_was_rotated() -> None:
    old, new = Seal("old"), Seal("new,old")
    sealed = old.close("11010119900101123X")
    assert new.open(sealed) == "11010119900101123X"
    assert new.blind("11010119900101123x") == old.blind("11010119900101123X")
    assert b"1990" not in sealed


def test_the_throttle_counts_and_forgets(app: Flask, clock: FixedClock) -> None:
    for _ in range(3):
        throttle("door", limit=3, within=timedelta(minutes=5), now=clock.now())
    with pytest.raises(TooMany):
        throttle("door", limit=3, within=timedelta(minutes=5), now=clock.now())
    clock.advance(minutes=5)
    throttle("door", limit=3, within=timedelta(minutes=5), now=clock.now())


def test_every_page_carries_the_headers(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("target", "local"), [("/a", True), ("//evil.example", False), ("https://evil.example", False), ("/\\evil.example", False), ("", False)]
)
def test_a_redirect_stays_here(target: str, local: bool) -> None:
    assert local_path(target) is local
