"""Spans of media time in whole milliseconds: sorted, disjoint, half open; never floats, since they are worth money."""

from collections.abc import Iterable

Span = tuple[int, int]
Spans = tuple[Span, ...]

NOTHING: Spans = ()


def spans_of(pairs: Iterable[tuple[int, int]]) -> Spans:
    """Return any pairs as spans: empty and reversed ones dropped, touching ones joined."""
    found: list[Span] = []
    for start, end in sorted([pair for pair in pairs if pair[0] < pair[1]]):
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def length(spans: Spans) -> int:
    """Return how many milliseconds the spans hold."""
    return sum(end - start for start, end in spans)


def union(one: Spans, other: Spans) -> Spans:
    """Return what either holds."""
    if not one or not other:
        return one or other
    if one[-1][1] < other[0][0]:
        return (*one, *other)
    return spans_of((*one, *other))


def intersection(one: Spans, other: Spans) -> Spans:
    """Return what both hold."""
    if _apart(one, other):
        return NOTHING
    found: list[Span] = []
    here = there = 0
    while here < len(one) and there < len(other):
        start, end = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if start < end:
            found.append((start, end))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def difference(one: Spans, other: Spans) -> Spans:
    """Return what the first holds and the second does not."""
    if _apart(one, other):
        return one
    found: list[Span] = []
    at = 0
    for start, end in one:
        low = start
        while at < len(other) and other[at][1] <= low:
            at += 1
        look = at
        while look < len(other) and other[look][0] < end:
            if low < other[look][0]:
                found.append((low, other[look][0]))
            low = max(low, other[look][1])
            look += 1
        if low < end:
            found.append((low, end))
    return tuple(found)


def _apart(one: Spans, other: Spans) -> bool:
    """Tell what most pairs are: one of them empty, or all of one before all of the other."""
    return not one or not other or one[-1][1] <= other[0][0] or other[-1][1] <= one[0][0]


def clip(spans: Spans, end: int) -> Spans:
    """Return the part that lies in `[0, end)`."""
    if spans and spans[0][0] >= 0 and spans[-1][1] <= end:
        return spans
    return intersection(spans, ((0, end),)) if end > 0 else NOTHING


def split(spans: Spans, amount: int) -> tuple[Spans, Spans]:
    """Return the first `amount` milliseconds, and the rest."""
    if amount <= 0:
        return NOTHING, spans
    first: list[Span] = []
    for place, (start, end) in enumerate(spans):
        if end - start >= amount:
            first.append((start, start + amount))
            rest = spans[place + 1 :]
            return tuple(first), ((start + amount, end), *rest) if start + amount < end else rest
        first.append((start, end))
        amount -= end - start
    return tuple(first), NOTHING
