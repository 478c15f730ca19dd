"""HLS on disk: what the segments of a rendition hold, and the master playlist over them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from media.domain.asset import Rendition


@dataclass(frozen=True, slots=True)
class Size:
    """One rendition as it is wanted: the box it must fit, its quality, its limits."""

    name: str
    width: int
    height: int
    crf: int
    most_bits: int
    frames_per_second: int


def fitted(width: int, height: int, size: Size) -> tuple[int, int]:
    """Return the largest even shape inside the box (turned for upright videos), never larger than the source."""
    box = (size.width, size.height) if width >= height else (size.height, size.width)
    scale = min(Fraction(box[0], width), Fraction(box[1], height), Fraction(1))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def segments_of(folder: Path) -> list[tuple[str, float]]:
    """Return the segments of a rendition with their seconds."""
    text = (folder / "index.m3u8").read_text()
    return [(name, float(seconds)) for seconds, name in re.findall(r"#EXTINF:([0-9.]+),[^\n]*\n([^#\n]+)", text)]


def index_of(folder: Path, length_ms: int) -> dict[str, tuple[list[int], list[int]]]:
    """Return which milliseconds each segment holds, as a timeline by file name; the last reaches the video's end."""
    ends = [0]
    total = 0.0
    found = segments_of(folder)
    for _, seconds in found:
        total += seconds
        ends.append(min(length_ms, round(total * 1000)))
    ends[-1] = length_ms
    sizes = [(folder / name).stat().st_size for name, _ in found]
    return {f"{folder.name}/{name}": ([0, size], [start, end]) for (name, _), size, (start, end) in zip(found, sizes, pairwise(ends), strict=True)}


def bits_of(folder: Path) -> tuple[int, int]:
    """Return a rendition's highest and average bits per second."""
    rows = [((folder / name).stat().st_size * 8, max(0.1, seconds)) for name, seconds in segments_of(folder)]
    return max(int(bits / seconds) for bits, seconds in rows), int(sum(bits for bits, _ in rows) / sum(seconds for _, seconds in rows))


def codecs_of(init: Path, *, sound: bool) -> str:
    """Return the CODECS attribute, read from the initialisation segment."""
    content = init.read_bytes()
    at = content.index(b"avcC") + 4
    return f"avc1.{content[at + 1 : at + 4].hex()}" + (",mp4a.40.2" if sound else "")


def master_of(rows: Sequence[tuple[Rendition, str, int]]) -> str:
    """Return the master playlist; the small rendition comes first, so that a slow line begins with it."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition, codecs, peak in sorted(rows, key=lambda row: row[2]):
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={rendition.bits_per_second},"
            f'RESOLUTION={rendition.width}x{rendition.height},CODECS="{codecs}"'
        )
        lines.append(f"{rendition.name}/index.m3u8")
    return "\n".join(lines) + "\n"
