"""Limits of time that hold on any machine: counted in rounds of a fixed job, timed in the same run."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

_ROUND = 0.018  # seconds of processor time that the job takes on the machine the limits were set on


def _round() -> float:
    """Return the processor seconds this machine takes for the job just now."""
    began = process_time()
    words = ["".join(sorted(str(number * 7_919))) for number in range(22_000)]
    assert len(set(words)) < len(words)
    return process_time() - began


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Hold a block to so much processor time; a machine that is half as fast, or busy, is given twice as much.

    The slower of two rounds counts, one on either side: a machine may slow down in between.
    """
    before, began = _round(), process_time()
    yield
    took = process_time() - began
    rounds = took / max(before, _round())
    assert rounds < seconds / _ROUND, f"took {took:.2f} s: {rounds:.0f} rounds, {seconds / _ROUND:.0f} are given"
