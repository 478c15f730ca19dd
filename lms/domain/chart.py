"""Curves as the path of an SVG: what a template needs to draw a chart without arithmetic of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from lms.domain.behaviour import Array
from lms.domain.forecast import Band

LEFT, TOP, BOTTOM = 52, 10, 22
_STEPS = (1, 2, 2.5, 5, 10)
_FAR = 3  # times the highest curve: a limit beyond it would press everything else flat, and is not drawn


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: paths in units of its view box, ticks as (place, label), and words for those who do not see it."""

    label: str
    width: int
    height: int
    band: str
    line: str
    seen: str
    limit: float | None
    days: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, str], ...]


def chart(
    label: str,
    band: Band,
    opens: datetime,
    *,
    top: float = 0,
    limit: float | None = None,
    seen: Sequence[float | None] = (),
    width: int = 960,
    height: int = 260,
) -> Chart:
    """Draw a band and its median by quarters from `opens`; `seen` is what happened so far, `top` a common height of several charts."""
    thin = max(1, len(band.median) // 400)
    low, median, high = (_thinned(one, thin) for one in (band.low, band.median, band.high))
    highest = max(top, float(high.max(initial=0)), *(one for one in seen if one is not None), 1)
    limit = None if limit is None or limit > _FAR * highest else limit
    highest = max(highest, limit or 0)
    step = _step(highest)
    most = step * np.ceil(highest / step)
    inner, tall = width - LEFT - 4, height - TOP - BOTTOM

    def x(quarter: float) -> float:
        return LEFT + inner * quarter / max(1, len(band.median) - 1)

    def y(value: float) -> float:
        return TOP + tall * (1 - value / float(most))

    points = [x(place) for place in range(0, len(band.median), thin)]
    upper = _path(points, [y(one) for one in high])
    lower = _path(points[::-1], [y(one) for one in low[::-1]]).replace("M", "L", 1)
    seen_points = [(x(place), y(one)) for place, one in enumerate(seen) if one is not None]
    return Chart(
        label=label,
        width=width,
        height=height,
        band=f"{upper}{lower}Z",
        line=_path(points, [y(one) for one in median]),
        seen=_path([one[0] for one in seen_points], [one[1] for one in seen_points]) if seen_points else "",
        limit=None if limit is None else round(y(limit), 1),
        days=_days(opens, len(band.median), x, width),
        levels=tuple((round(y(level), 1), f"{level:,.10g}") for level in np.arange(0, float(most) + step / 2, step)),
    )


def both(label: str, band: Band, opens: datetime, *, limit: float | None = None, seen: Sequence[float | None] = ()) -> tuple[Chart, Chart]:
    """Draw the same for a desk and for a phone."""
    wide = chart(label, band, opens, limit=limit, seen=seen)
    return wide, chart(label, band, opens, limit=limit, seen=seen, width=480, height=240)


def _thinned(curve: Array, thin: int) -> Array:
    """Keep the highest of each few quarters, so that no peak is lost."""
    if thin == 1:
        return curve
    padded = np.pad(curve, (0, -len(curve) % thin), mode="edge")
    found: Array = padded.reshape(-1, thin).max(axis=1)
    return found


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    return "".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(zip(xs, ys, strict=False)))


def _step(most: float) -> float:
    """Return a round step that gives three to six levels."""
    size = 10.0 ** np.floor(np.log10(most / 4))
    return float(next(size * one for one in _STEPS if most / (size * one) <= 5))


def _days(opens: datetime, quarters: int, x: Callable[[float], float], width: int) -> tuple[tuple[float, str], ...]:
    days = max(1, quarters // 96)
    every = max(1, -(-days * 60 // width))
    return tuple((round(x(day * 96), 1), f"{opens + timedelta(days=day):%m-%d}") for day in range(0, days, every))
