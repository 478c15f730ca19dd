"""What machines and lines a forecast asks for, from what the benchmark measured here; and how each figure moves the peak."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lms.domain.behaviour import Array, Behaviour, Figure, WhatIf
from lms.domain.forecast import METRICS, Band, Metric, Overlap, Peak, StretchForecast, central
from lms.domain.programme import Programme
from lms.domain.stretch import Stretch

BUSY = 0.6  # of a core's time that may be planned with: the rest is for uneven seconds and for a lost node
_MEASURED_AS = {
    "heartbeat": ("heartbeats",),
    "segment": ("segments",),
    "save": ("saves",),
    "start": ("exam_starts",),
    "hand-in": ("exam_starts",),
    "quiz start": ("quiz_starts",),
    "quiz hand-in": ("quiz_starts",),
    "lesson page": ("lesson_pages",),
    "teacher's home": ("other_pages",),
    "sign-in": ("sign_ins",),
}


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one request cost on the machine that was measured: microseconds of server and of database by path."""

    server: Mapping[str, float] = field(hash=False)
    database: Mapping[str, float] = field(hash=False)
    missing: tuple[str, ...] = ()

    @property
    def uncounted(self) -> tuple[Metric, ...]:
        """Return the metrics that no cores are reckoned for, or too few, because a path of theirs was not measured."""
        left_out = {code for path in self.missing for code in _MEASURED_AS[path]}
        return tuple(one for one in METRICS if one.code in left_out)


@dataclass(frozen=True, slots=True)
class Sizing:
    """What one stretch needs at its fullest and stores in all, in the worst of 95 % of cases; None where nothing was measured."""

    server_cores: float | None
    database_cores: float | None
    nodes: int | None
    gbits: float
    growth_gb: float


@dataclass(frozen=True, slots=True)
class PathCost:
    """What one path asks of the machines at its peak: requests a second in the median and at the 95 % edge, and microseconds each."""

    path: str
    median: float
    high: float
    server_us: float
    database_us: float


@dataclass(frozen=True, slots=True)
class Sway:
    """Where the peak of one metric lies when one figure is at its low and at its high end, all else as it stands."""

    figure: Figure
    low: float
    high: float

    @property
    def width(self) -> float:
        """Say how far apart the ends are."""
        return abs(self.high - self.low)


Sways = Mapping[str, tuple[Sway, ...]]  # by metric
# Of which metrics a person is shown the sways: what is asked of the line, of the machines by each kind of request, and of the disk.
SWAYED = {False: ("egress", "watching", "heartbeats", "sign_ins", "page_views", "quiz_starts", "growth"), True: ("in_exam", "exam_starts", "saves", "growth")}


@dataclass(frozen=True, slots=True)
class SwayBar:
    """A sway as a bar: from the lowest peak of all (0) to the highest (100)."""

    name: str
    left: float
    width: float
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Swayed:
    """The figures that move one metric's peak most, and how many others move it less."""

    metric: Metric
    bars: tuple[SwayBar, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """The peaks with some figures set otherwise."""

    what_if: WhatIf
    watching: float
    heartbeats: float
    egress: float


def measured(text: str | None) -> Capacity | None:
    """Read what the benchmark wrote; None without it, or where it holds no figures."""
    try:
        figures: list[dict[str, Any]] = json.loads(text or "")["figures"]
        server = {one["name"]: float(one["server_us"]) for one in figures}
        database = {one["name"]: float(one["database_us"]) for one in figures}
    except (ValueError, KeyError, TypeError):
        return None
    missing = tuple(name for name in _MEASURED_AS if name not in server)
    return Capacity(server, database, missing) if len(missing) < len(_MEASURED_AS) else None


def size(found: StretchForecast | Overlap, capacity: Capacity | None, node_cores: int) -> Sizing:
    """Say what a stretch needs, or several at once."""
    gbits = found.peaks["egress"].high
    grown = found.sums["growth"].high
    if capacity is None:
        return Sizing(None, None, None, gbits, grown)
    server, database = (cores(found.total, costs) / BUSY for costs in (capacity.server, capacity.database))
    return Sizing(server, database, max(1, math.ceil(server / node_cores)), gbits, grown)


def path_costs(peaks: Mapping[str, Peak], capacity: Capacity) -> tuple[PathCost, ...]:
    """Return the arithmetic behind the cores, path by path; peaks need not fall together, so they are at most the sum."""
    return tuple(
        PathCost(path, peaks[metric].median, peaks[metric].high, capacity.server[path], capacity.database[path])
        for path, metrics in _MEASURED_AS.items()
        for metric in metrics
        if path in capacity.server and peaks[metric].high
    )


def cores(total: Mapping[str, Band], costs: Mapping[str, float]) -> float:
    """Return the cores busy at the fullest quarter; the peaks of the paths need not fall together, so the curves are added first."""
    busy: Array = np.zeros_like(total["watching"].high)
    for path, metrics in _MEASURED_AS.items():
        for metric in metrics:
            busy = busy + total[metric].high * costs.get(path, 0.0) / 1e6
    return float(busy.max())


def sways(stretch: Stretch, programme: Programme, behaviour: Behaviour) -> Sways:
    """Tell of every metric how far each figure alone moves its peak, the widest first; what moves nothing is left out."""
    ranged = behaviour.ranged
    curves = central(stretch, programme, behaviour, [{one.name: end} for one in ranged for end in (one.low, one.high)])
    told = {}
    for metric, found in curves.items():
        peaks = found.max(axis=1)
        rows = (Sway(one, float(low), float(high)) for one, low, high in zip(ranged, peaks[::2], peaks[1::2], strict=True))
        told[metric] = tuple(sorted((one for one in rows if one.width > 1e-9), key=lambda one: -one.width))
    return {metric: rows for metric, rows in told.items() if rows}


def sway_bars(found: Sequence[Sway], language: str) -> tuple[SwayBar, ...]:
    """Lay sways side by side on one scale, named in a page's language."""
    ends = [end for one in found for end in (one.low, one.high)]
    least, span = min(ends, default=0.0), max(ends, default=0.0) - min(ends, default=0.0)
    return tuple(
        SwayBar(
            one.figure.titled(language),
            round(100 * (min(one.low, one.high) - least) / (span or 1), 1),
            round(100 * one.width / (span or 1), 1),
            _short(one.low),
            _short(one.high),
        )
        for one in found
    )


def swayed(found: Sways, metrics: Sequence[str], language: str, *, most: int) -> tuple[Swayed, ...]:
    """Return for each of these metrics the bars of the figures that move it most."""
    named = {one.code: one for one in METRICS}
    return tuple(Swayed(named[code], sway_bars(found[code][:most], language), max(0, len(found[code]) - most)) for code in metrics if code in found)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def alternatives(stretch: Stretch, programme: Programme, behaviour: Behaviour) -> tuple[Alternative, ...]:
    """Reckon the peaks as things stand and for every `what if`."""
    asked = (WhatIf("as_planned", "", "", {}), *behaviour.what_ifs)
    found = central(stretch, programme, behaviour, [one.set for one in asked])
    rows = zip(asked, *(found[metric].max(axis=1) for metric in ("watching", "heartbeats", "egress")), strict=True)
    return tuple(Alternative(one, float(watching), float(heartbeats), float(egress)) for one, watching, heartbeats, egress in rows)
