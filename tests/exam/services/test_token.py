"""What a process keeps of the tokens that it has read."""

import tracemalloc

import pytest
from flask import Flask

from exam.domain.safe_exam_browser import MOST_KEYS, BrowserKeys
from exam.services import token as tokens
from exam.services.payload import AttemptToken

READ = 500


@pytest.mark.parametrize("count", [0, 1, 6, MOST_KEYS])
def test_what_is_kept_of_a_token_is_bounded_however_many_keys_it_carries(app: Flask, count: int) -> None:
    keys = tuple(f"{number:064x}" for number in range(count))
    asked = BrowserKeys(keys, keys)
    signed = [tokens.sign(AttemptToken(number, number, number, 1, "exam", "h" * 64, "s" * 100, tokens.sealed(asked))) for number in range(READ)]
    tracemalloc.start()
    try:
        for number, text in enumerate(signed):
            held = tokens.read(str(text.encode(), "ascii"))  # a text of its own, as with every request
            assert held.attempt_id == number
            assert not count or tokens.browser_keys(held.browser) == asked
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept / READ < 5_000, "bytes a token: 20 000 take no more than 100 MB"
