"""Bytes and milliseconds, and ranges."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.domain.timeline import Timeline, parse_range, timeline_of

LINE = timeline_of([(100, 0), (300, 1000), (320, 2000), (1000, 3000)])


def test_what_lies_before_the_first_packet_brings_no_time() -> None:
    assert LINE.span(0, 100) == (0, 0)


def test_the_whole_file_brings_the_whole_video() -> None:
    assert LINE.span(0, 1000) == (0, 3000)


def test_a_byte_of_each_second_brings_almost_nothing() -> None:
    assert sum(end - start for start, end in (LINE.span(at, at + 1) for at in (150, 310, 500))) < 60


def test_points_that_fall_back_are_left_out() -> None:
    assert timeline_of([(0, 0), (10, 500), (5, 600), (20, 400), (30, 700)]) == Timeline((0, 10, 30), (0, 500, 700))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_neighbouring_pieces_bring_what_the_whole_brings(cuts: list[int]) -> None:
    edges = sorted({0, 1000, *cuts})
    spans = [LINE.span(first, behind) for first, behind in pairwise(edges)]
    assert sum(end - start for start, end in spans) == 3000
    assert all(one[1] == other[0] for one, other in pairwise(spans))


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", (0, 50)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 50)),
        ("bytes=5-4", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=1-2,5-6", None),
        ("bytes=a-b", None),
        ("bytes=١-٢", None),
        ("items=0-5", None),
        ("bytes=" + "9" * 60 + "-", None),
    ],
)
def test_a_range_is_read(header: str, part: tuple[int, int] | None) -> None:
    assert parse_range(header, 100, 50) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="bytes"):
        parse_range(header, 100, 50)
