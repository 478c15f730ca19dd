"""`python -m load_tests plan PROGRAMME`: what a programme will ask of machines and lines, and better windows."""

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from lms.domain import behaviour as behaviours
from lms.domain import sizing
from lms.domain.forecast import DRAWS, METRICS, Band, Peak, StretchForecast, mean_watching
from lms.domain.limits import Fit, Limits
from lms.domain.outlook import Outlook, outlook
from lms.domain.programme import FaultyProgrammeError, parse
from lms.domain.stretch import Stretch
from load_tests.plan_report import html

BEHAVIOUR = Path(__file__).with_name("behaviour.toml")
MEASURED = Path("var/bench.json")
NOT_MEASURED = "not measured (run `make bench`)"
SWAYS = 10


def read(path: Path, *, behaviour: Path = BEHAVIOUR, capacity: Path = MEASURED, count: int | None = None, limits: Limits = Limits()) -> Outlook:  # noqa: B008 - frozen
    """Reckon the outlook of a programme file with the figures and the measurement at hand."""
    known = sizing.measured(capacity.read_text(encoding="utf-8") if capacity.exists() else None)
    programme = parse(path.read_text(encoding="utf-8"))
    figures = behaviours.parse(behaviour.read_text(encoding="utf-8"))
    return outlook(programme, figures, known, node_cores=os.cpu_count() or 1, count=count or DRAWS, limits=limits)


def plan(path: Path, *, as_json: bool, page: Path | None, limits: Limits, count: int | None) -> int:
    """Print the plan, as JSON if wanted, and write the page; exits 1 when the file cannot be used or a limit breaks."""
    try:
        found = read(path, count=count, limits=limits)
        if page is not None:
            page.write_text(html(found), encoding="utf-8")
    except (FaultyProgrammeError, behaviours.UnreadBehaviourError, OSError, UnicodeDecodeError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    print(json.dumps(as_dict(found), ensure_ascii=False) if as_json else "\n".join(lines(found)))
    return int(bool(broken(found)))


def broken(found: Outlook) -> list[str]:
    """Name the stretches whose worst of 95 % of cases breaks a limit."""
    told, have = [], found.limits
    for stretches, needed in found.needs:
        name, room = _codes(stretches), found.fit(needed)
        if room.line is not None and room.line < 1:
            told.append(f"{name}: {needed.gbits:.1f} Gbit/s asked, {have.gbits:g} there")
        if room.nodes is not None and room.nodes < 1:
            told.append(f"{name}: {needed.nodes} nodes asked, {have.nodes} there")
    return told


def _codes(stretches: Iterable[Stretch]) -> str:
    return " + ".join(one.code for one in stretches)


def lines(found: Outlook) -> list[str]:
    """Return the plan in words."""
    told = [f"{found.programme.code}  {found.programme.title}"]
    for one, needed in zip(found.forecasts, found.sizes, strict=True):
        stretch = one.stretch
        told += ["", f"{stretch.code} {stretch.title}  {stretch.opens:%Y-%m-%d %H:%M} – {stretch.closes:%Y-%m-%d %H:%M}, {stretch.people} people"]
        if not stretch.exam:
            hours = found.programme.hours.online_minutes / 60
            told.append(
                f"  if all of them watch {hours:g} h, {mean_watching(stretch, found.programme):,.0f} watch on average over its {stretch.days * 24:g} hours"
            )
        told += _peaks(one.peaks)
        told.append(f"  the database grows by {needed.growth_gb:.1f} GB; {_machines(needed, found.node_cores)}{_room(found.fit(needed))}")
    for both, needed in found.overlaps:
        told += ["", f"{_codes(both.stretches)} at the same time  {both.opens:%Y-%m-%d %H:%M} – {both.closes:%Y-%m-%d %H:%M}", *_peaks(both.peaks)]
        told.append(f"  together: {_machines(needed, found.node_cores)}{_room(found.fit(needed))}")
    if found.nodes_tried:
        told += ["", f"With one node more or less ({_codes(found.nodes_tried[0].stretches)}, which asks most of them):"]
        told += [f"  {one.nodes} nodes{' (there are)' if one.stated else ''}: {one.filled:.0%} of them used" for one in found.nodes_tried]
    if found.capacity is not None and found.capacity.missing:
        told += ["", f"not measured, so not counted: {', '.join(found.capacity.missing)}"]
    told += ["", f"What moves the peak of egress most ({found.fullest.stretch.code}, Gbit/s, figure alone at its low and high end):"]
    told += [f"  {one.figure.name:16} {one.low:7.2f} – {one.high:7.2f}   {'assumption' if one.figure.assumed else 'sourced'}" for one in found.sways[:SWAYS]]
    told += ["", f"What if ({found.fullest.stretch.code}, at the peak: watching, reports/s, Gbit/s):"]
    told += [
        f"  {one.what_if.code:18} {one.watching:9,.0f} {one.heartbeats:9,.1f} {one.egress:8.2f}   {one.what_if.title}".rstrip() for one in found.alternatives
    ]
    names = {row.code: row.name for row in found.programme.quotas.cities}
    for choice in found.choices:
        planned = choice.plan
        told += [
            "",
            f"Windows {choice.code or 'as noticed'}: peak {planned.peak:,.0f} watching (none can be below {planned.bound:,.0f}), {planned.moved} people moved",
        ]
        told += [
            f"  {one.window.first_day} – {one.window.last_day} {one.people:7} people {one.for_each_day:8.1f} a day  peak {one.peak:9,.0f}  "
            f"{needed.gbits:5.1f} Gbit/s{'' if needed.nodes is None else f' {needed.nodes} nodes'}{_room(found.fit(needed))}  "
            + "、".join(names[city] for city in one.window.cities)
            for one, needed in zip(planned.windows, choice.sizes, strict=True)
        ]
    told += ["", *(f"✗ {one}" for one in broken(found))]
    return told


def _peaks(peaks: Mapping[str, Peak]) -> list[str]:
    return [
        f"  {metric.code:13} {peak.median:12,.2f}   95 % {peak.high:12,.2f}  {metric.unit:8} {peak.at:%m-%d %H:%M}"
        for metric in METRICS
        if (peak := peaks[metric.code]).high
    ]


def _room(room: Fit) -> str:
    """Say go or no-go, and how much room is left; nothing where no limit is known."""
    if room.filled is None:
        return ""
    return f"  {'go' if room.go else 'NO-GO'}, {room.filled:.0%} of what there is used"


def _machines(needed: sizing.Sizing, cores: int) -> str:
    if needed.nodes is None or needed.server_cores is None or needed.database_cores is None:
        return f"machines: {NOT_MEASURED}"
    return (
        f"{needed.nodes} nodes of {cores} cores ({needed.server_cores:.1f} cores), database {math.ceil(needed.database_cores)} cores, {needed.gbits:.1f} Gbit/s"
    )


def as_dict(found: Outlook) -> dict[str, object]:
    """Return everything, each curve by quarters of an hour."""
    return {
        "programme": found.programme.code,
        "measured": found.capacity is not None,
        "not_counted": list(found.capacity.missing) if found.capacity else [],
        "node_cores": found.node_cores,
        "limits": {"gbits": found.limits.gbits, "nodes": found.limits.nodes},
        "figures": {
            one.name: {"value": one.value, "low": one.low, "high": one.high, "source": one.source} for one in found.behaviour.figures.values()
        },
        "stretches": [_stretch(one, needed, found) for one, needed in zip(found.forecasts, found.sizes, strict=True)],
        "overlaps": [
            {"codes": [one.code for one in both.stretches], "from": both.opens.isoformat(), "to": both.closes.isoformat(), **_told(both.peaks, needed, found)}
            for both, needed in found.overlaps
        ],
        "nodes_tried": [{"nodes": one.nodes, "filled": one.filled, "codes": [stretch.code for stretch in one.stretches]} for one in found.nodes_tried],
        "sways": [{"figure": one.figure.name, "low": one.low, "high": one.high} for one in found.sways],
        "what_if": [{"code": one.what_if.code, "watching": one.watching, "heartbeats": one.heartbeats, "egress": one.egress} for one in found.alternatives],
        "windows": [
            {
                "choice": choice.code or "as noticed", "peak": choice.plan.peak, "bound": choice.plan.bound, "moved": choice.plan.moved,
                "windows": [
                    {"from": str(one.window.first_day), "to": str(one.window.last_day), "people": one.people, "a_day": one.for_each_day,
                     "peak": one.peak, "cities": one.window.cities, "needs": _needed(needed, found)}
                    for one, needed in zip(choice.plan.windows, choice.sizes, strict=True)
                ],
            }
            for choice in found.choices
        ],
    }  # fmt: skip


def _stretch(one: StretchForecast, needed: sizing.Sizing, found: Outlook) -> dict[str, object]:
    used = [metric.code for metric in METRICS if one.peaks[metric.code].high]
    return _told(one.peaks, needed, found) | {
        "code": one.stretch.code,
        "from": one.stretch.opens.isoformat(),
        "to": one.stretch.closes.isoformat(),
        "people": one.stretch.people,
        "quarters": {code: _curve(one.total[code]) for code in used},
        "cities": {city: {code: _curve(one.city(city, code)) for code in used} for city in one.stretch.seats},
    }  # fmt: skip


def _told(peaks: Mapping[str, Peak], needed: sizing.Sizing, found: Outlook) -> dict[str, object]:
    return {
        "peaks": {code: {"at": one.at.isoformat(), "median": one.median, "high": one.high} for code, one in peaks.items() if one.high},
        "needs": _needed(needed, found),
    }


def _needed(needed: sizing.Sizing, found: Outlook) -> dict[str, object]:
    room = found.fit(needed)
    return {
        "server_cores": needed.server_cores, "database_cores": needed.database_cores, "nodes": needed.nodes, "gbits": needed.gbits,
        "growth_gb": needed.growth_gb, "go": room.go, "filled": room.filled,
    }  # fmt: skip


def _curve(band: Band) -> dict[str, list[float]]:
    return {name: np.round(getattr(band, name), 4).tolist() for name in ("low", "median", "high")}
