"""Spans behave as sets of milliseconds."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media.domain import interval
from media.domain.interval import Spans, spans_of

pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def members(spans: Spans) -> set[int]:
    return {point for start, end in spans for point in range(start, end)}


def well_formed(spans: Spans) -> bool:
    return all(start < end for start, end in spans) and all(one[1] < two[0] for one, two in pairwise(spans))


@given(pairs, pairs)
def test_spans_are_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = spans_of(one), spans_of(other)
    for found, expected in (
        (interval.union(a, b), members(a) | members(b)),
        (interval.intersection(a, b), members(a) & members(b)),
        (interval.difference(a, b), members(a) - members(b)),
    ):
        assert members(found) == expected
        assert well_formed(found)
        assert interval.length(found) == len(expected)


@given(pairs, st.integers(-5, 200))
def test_a_split_loses_nothing_and_takes_the_earliest(one: list[tuple[int, int]], amount: int) -> None:
    spans = spans_of(one)
    first, rest = interval.split(spans, amount)
    assert interval.length(first) == min(max(amount, 0), interval.length(spans))
    assert sorted(members(first) | members(rest)) == sorted(members(spans))
    assert not first or not rest or first[-1][1] <= rest[0][0]
    assert well_formed(first)
    assert well_formed(rest)


@given(pairs, st.integers(-3, 70))
def test_a_clip_stays_inside_the_video(one: list[tuple[int, int]], end: int) -> None:
    assert members(interval.clip(spans_of(one), end)) == {point for point in members(spans_of(one)) if point < end}


def test_empty_and_reversed_pairs_are_nothing() -> None:
    assert spans_of([(5, 5), (9, 3)]) == ()
