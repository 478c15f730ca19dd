"""Which milliseconds of a video lie in which bytes of a file: a rising curve of (byte, millisecond) points."""

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeline:
    """The curve of one file; both rows rise, the last point is the file's end."""

    offsets: tuple[int, ...]
    instants: tuple[int, ...]

    def at(self, offset: int) -> int:
        """Return the millisecond that is reached when every byte before the offset is there."""
        place = bisect_right(self.offsets, offset)
        if place == 0:
            return self.instants[0]
        if place == len(self.offsets):
            return self.instants[-1]
        low, high = self.offsets[place - 1], self.offsets[place]
        start, end = self.instants[place - 1], self.instants[place]
        return start + (end - start) * (offset - low) // (high - low)

    def span(self, first: int, behind: int) -> tuple[int, int]:
        """Return the milliseconds that the bytes `[first, behind)` bring; neighbours' spans touch."""
        return self.at(first), self.at(behind)


def timeline_of(points: list[tuple[int, int]]) -> Timeline:
    """Return the curve through the points that rise in both directions."""
    kept: list[tuple[int, int]] = []
    for offset, instant in points:
        if not kept or (offset > kept[-1][0] and instant >= kept[-1][1]):
            kept.append((offset, instant))
    return Timeline(tuple(offset for offset, _ in kept), tuple(instant for _, instant in kept))


def parse_range(header: str, size: int, most: int) -> tuple[int, int] | None:
    """Return the bytes `[first, behind)` of a Range header, at most `most` of them.

    None where the header asks for several ranges or is no range at all (then the whole file is the answer). Raises
    ValueError where no byte of the file is meant.
    """
    unit, _, wanted = header.partition("=")
    first_text, dash, last_text = wanted.strip().partition("-")
    if unit.strip().lower() != "bytes" or "," in wanted or not dash or not (first_text + last_text).isascii():
        return None
    if not all(part == "" or part.isdigit() for part in (first_text, last_text)) or not first_text + last_text or len(wanted) > 40:
        return None
    if first_text:
        first, behind = int(first_text), min(int(last_text) + 1, size) if last_text else size
        if last_text and int(last_text) < first:
            return None
    else:
        first, behind = max(0, size - int(last_text)), size
    if first >= size or first >= behind:
        raise ValueError(header)
    return first, min(behind, first + most)
