"""Set Chinese text: fonts, line breaks and lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from PIL import ImageDraw, ImageFont

Colour: TypeAlias = tuple[int, int, int]
Font: TypeAlias = ImageFont.FreeTypeFont
Draw: TypeAlias = ImageDraw.ImageDraw

# Kinsoku: these may not begin a line, those may not end one.
NEVER_FIRST = "，。、；：？！）》」』”’…—·%％,.!?;:)"
NEVER_LAST = "（《「『“‘("
LONGEST_LABEL = 8


@cache
def font(face: str, size: int) -> Font:
    """Open a face of the bundled fonts: Sans or Serif."""
    return ImageFont.truetype(str(font_path(face)), size)


def font_path(face: str) -> Path:
    """Find a bundled font file without importing its package."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pylopdf-fonts-zh-cn")
    return Path(spec.origin).parent / f"Noto{face}SC-Regular.otf"


def fitting(face: str, text: str, size: int, width: int) -> Font:
    """Choose the largest size not above the given one at which text fits in one line."""
    while size > 30 and font(face, size).getlength(text) > width:
        size -= 2
    return font(face, size)


def words(text: str) -> Iterator[str]:
    """Cut text into pieces a line may break between."""
    run = ""
    for char in text:
        if char.isascii() and not char.isspace():
            run += char
            continue
        if run:
            yield run
            run = ""
        yield char
    if run:
        yield run


def wrap(text: str, face: Font, width: float) -> list[str]:
    """Break text into lines that keep the punctuation rules."""
    lines, line = [], ""
    for word in words(text):
        fits = face.getlength(line + word) <= width
        if fits or not line or (word[0] in NEVER_FIRST and len(word) == 1):
            line += word
            continue
        carried = ""
        while line and line[-1] in NEVER_LAST:
            carried, line = line[-1] + carried, line[:-1]
        lines.append(line.rstrip())
        line = carried + word.lstrip()
    return [*lines, line] if line else lines


def balanced(text: str, face: Font, width: float) -> list[str]:
    """Break text into as few lines as it needs, after punctuation if it can be, and of like length."""
    widest = wrap(text, face, width)
    if len(widest) < 2:
        return widest
    tries = [widest]
    while len(lines := wrap(text, face, width := width - face.size)) == len(widest):
        tries.append(lines)
    return min(tries, key=lambda lines: (_cut_clauses(lines), -min(map(len, lines))))


def _cut_clauses(lines: list[str]) -> int:
    return sum(line[-1] not in NEVER_FIRST for line in lines[:-1])


@dataclass(frozen=True)
class Style:
    """How lines look: face, colour and the step from one to the next."""

    face: Font
    colour: Colour
    step: int


def lines_at(draw: Draw, at: tuple[int, int], lines: list[str], style: Style) -> int:
    """Write lines downwards and tell where the next would stand."""
    x, y = at
    for line in lines:
        draw.text((x, y), line, font=style.face, fill=style.colour, anchor="ls")
        y += style.step
    return y


def labelled(draw: Draw, at: tuple[int, int], lines: list[str], style: Style, accent: Colour) -> int:
    """Write lines whose leading label, up to a colon, bears the topic's colour."""
    below = lines_at(draw, at, lines, style)
    label, colon, _ = lines[0].partition("：")
    if colon and len(label) <= LONGEST_LABEL and label[0] not in NEVER_LAST:
        draw.text(at, label, font=style.face, fill=accent, anchor="ls", stroke_width=0.5, stroke_fill=accent)
    return below
