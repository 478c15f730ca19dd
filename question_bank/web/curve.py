"""Curves as a server draws them: coordinates for SVG, and the same figures as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 280
LEFT, RIGHT, TOP, BOTTOM = 44, 40, 12, 34


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; `style` picks its colour and dashes."""

    label: str
    style: str
    points: str
    label_x: float
    label_y: float
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with shares upwards."""

    label: str
    x_label: str
    levels: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    dots: tuple[tuple[float, float], ...]
    marker: float | None = None  # where to draw an upright line
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def across(value: float, low: float, high: float) -> float:
    """Return where a value stands from left to right."""
    return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)


def up(share: float) -> float:
    """Return where a share stands from top to bottom."""
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def percent(share: float) -> str:
    """Return a share in words; a dash where there is none."""
    return "—" if math.isnan(share) else f"{share * 100:.0f}%"


def levels() -> tuple[tuple[float, str], ...]:
    """Return the marks of the upright axis."""
    return tuple((up(share), percent(share)) for share in (0, 0.25, 0.5, 0.75, 1))


def line(label: str, style: str, found: Sequence[tuple[float, float]], *, dotted: bool = False) -> Line:
    """Return a line through places and shares that exist."""
    there = [(x, up(share)) for x, share in found if not math.isnan(share)]
    last = there[-1] if there else (float(LEFT), float(HEIGHT - BOTTOM))
    points = " ".join(f"{x},{y}" for x, y in there)
    return Line(label, style, points, last[0] + 8, last[1] + 4, tuple(there) if dotted else ())


def apart(lines: Sequence[Line], least: float = 14) -> tuple[Line, ...]:
    """Move the labels of lines so that none covers another, in the order of their heights."""
    moved: dict[str, float] = {}
    below = -math.inf
    for one in sorted(lines, key=lambda each: each.label_y):
        below = max(one.label_y, below + least)
        moved[one.label] = below
    overflow = max(0.0, below - (HEIGHT - BOTTOM + 6))
    return tuple(Line(one.label, one.style, one.points, one.label_x, moved[one.label] - overflow, one.dots) for one in lines)
