"""`python -m load_tests plan PROGRAMME`: what a programme will ask of machines and lines, and better windows."""

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from lms.domain import behaviour as behaviours
from lms.domain import sizing
from lms.domain.forecast import DRAWS, GBITS, GROWING, METRICS, PEOPLE, PER_SECOND, SEED, Band, Peak, Spread, StretchForecast, mean_watching
from lms.domain.limits import Fit, Limits
from lms.domain.outlook import Outlook, outlook
from lms.domain.programme import parse
from lms.domain.stretch import SECONDS, Stretch
from load_tests.plan_report import html

BEHAVIOUR = Path(__file__).with_name("behaviour.toml")
MEASURED = Path("var/bench.json")
NOT_MEASURED = "not measured (run `make bench`)"
SWAYS = 6
UNITS = {  # of a curve and its peak, and of its sum over a stretch
    PEOPLE: ("people at once", "person-hours"),
    PER_SECOND: ("a second", "in all"),
    GBITS: ("Gbit/s", "TB (10^12 bytes)"),
    GROWING: ("MB a quarter of an hour", "GB"),
}
UNIT = {one.code: one.unit for one in METRICS}


def read(path: Path, *, behaviour: Path = BEHAVIOUR, capacity: Path = MEASURED, count: int | None = None, limits: Limits = Limits()) -> Outlook:  # noqa: B008 - frozen
    """Reckon the outlook of a programme file with the figures and the measurement at hand."""
    known = sizing.measured(capacity.read_text(encoding="utf-8") if capacity.exists() else None)
    programme = parse(path.read_text(encoding="utf-8"))
    figures = behaviours.parse(behaviour.read_text(encoding="utf-8"))
    return outlook(programme, figures, known, node_cores=os.cpu_count() or 1, count=count or DRAWS, limits=limits)


def plan(path: Path, *, as_json: bool, page: Path | None, limits: Limits, count: int | None) -> int:
    """Print the plan, as JSON if wanted, and write the page; exits 1 when a limit breaks."""
    found = read(path, count=count, limits=limits)
    if page is not None:
        page.write_text(html(found), encoding="utf-8")
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
            form = closed_form(one, found)
            told.append(
                f"  if all of them watch {form['hours_each']:g} h, {form['mean_watching']:,.0f} watch on average over its {form['hours_of_stretch']:g} hours;"
                f" as the figures stand {form['hours_played']:,.0f} h are played, at {form['sittings_a_day']:.1f} sittings a day each"
            )
        told += _peaks(one.peaks)
        grown = f"the database grows by {one.sums['growth'].median:.1f} GB, 95 % {needed.growth_gb:.1f}"
        told.append(f"  {grown}; {_machines(needed, found.node_cores)}{_room(found.fit(needed))}")
        told += _cores(one.peaks, found.capacity)
    for both, needed in found.overlaps:
        told += ["", f"{_codes(both.stretches)} at the same time  {both.opens:%Y-%m-%d %H:%M} – {both.closes:%Y-%m-%d %H:%M}", *_peaks(both.peaks)]
        told.append(f"  together: {_machines(needed, found.node_cores)}{_room(found.fit(needed))}")
    if found.nodes_tried:
        told += ["", f"With one node more or less ({_codes(found.nodes_tried[0].stretches)}, which asks most of them):"]
        told += [f"  {one.nodes} nodes{' (there are)' if one.stated else ''}: {one.filled:.0%} of them used" for one in found.nodes_tried]
    if found.capacity is not None and found.capacity.missing:
        told += ["", f"not measured, so not counted: {', '.join(found.capacity.missing)}"]
    told += _swayed(found)
    told += ["", f"What if ({found.fullest.stretch.code}, at the peak by the figures as they stand: watching, reports/s, Gbit/s):"]
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


def _swayed(found: Outlook) -> list[str]:
    """Say of the fullest window and of every exam which figures move which peak most."""
    told = []
    for one, by_metric in zip(found.forecasts, found.sways, strict=True):
        if one is not found.fullest and not one.stretch.exam:
            continue
        told += ["", f"What moves the peaks of {one.stretch.code} most (figure alone at its low and high end, all else as it stands):"]
        for code in sizing.SWAYED[bool(one.stretch.exam)]:
            rows = by_metric.get(code, ())
            left = f", {len(rows) - SWAYS} others less" if len(rows) > SWAYS else ""
            told.append(f"  {code}, {UNITS[UNIT[code]][0]}, {one.peaks[code].figures:,.2f} as the figures stand{left}")
            told += [f"    {row.figure.name:18} {row.low:9,.2f} – {row.high:9,.2f}{'   assumption' if row.figure.assumed else ''}" for row in rows[:SWAYS]]
    if found.unmoved:
        told.append(f"  No peak moves with {', '.join(found.unmoved)} alone: they are drawn in the cases.")
    return told


def closed_form(one: StretchForecast, found: Outlook) -> dict[str, float]:
    """Return a window by hand: everybody watches what is asked, and what the figures as they stand make of it."""
    stretch, hours = one.stretch, float(found.programme.hours.online_minutes) / 60
    return {
        "hours_each": hours,
        "hours_asked": stretch.people * hours,
        "hours_of_stretch": stretch.days * 24,
        "mean_watching": mean_watching(stretch, found.programme),
        "hours_played": one.sums["watching"].figures,
        "sittings_a_day": one.sums["sign_ins"].figures / ((stretch.people or 1) * stretch.days),
    }


def _peaks(peaks: Mapping[str, Peak]) -> list[str]:
    head = f"  {'at the peak':13} {'as figured':>12} {'median':>12} {'95 %':>12}"
    return [head] + [
        f"  {metric.code:13} {peak.figures:12,.2f} {peak.median:12,.2f} {peak.high:12,.2f}  {UNITS[metric.unit][0]:23} {peak.at:%m-%d %H:%M}"
        for metric in METRICS
        if (peak := peaks[metric.code]).high
    ]


def _cores(peaks: Mapping[str, Peak], capacity: sizing.Capacity | None) -> list[str]:
    """Say what each path asks of the cores at its peak, before their sixty per cent."""
    return [
        f"    {one.path:15} {one.median:9,.1f} ({one.high:,.1f}) a second × {one.server_us:,.0f} + {one.database_us:,.0f} µs"
        f" = {one.median * one.server_us / 1e6:.2f} + {one.median * one.database_us / 1e6:.2f}"
        f" ({one.high * one.server_us / 1e6:.2f} + {one.high * one.database_us / 1e6:.2f}) cores"
        for one in (sizing.path_costs(peaks, capacity) if capacity else ())
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
    """Return everything, each curve by quarters of an hour; what its words mean is in docs/forecast.md."""
    return {
        "programme": found.programme.code,
        "title": found.programme.title,
        "source": found.programme.source.number,
        "cities": {row.code: row.name for row in found.programme.quotas.cities},
        "quarter_seconds": SECONDS,
        "draws": found.draws,
        "seed": SEED,
        "units": {one.code: {"title": one.title, "curve": UNITS[one.unit][0], "sum": UNITS[one.unit][1]} for one in METRICS},
        "measured": found.capacity is not None,
        "not_counted": list(found.capacity.missing) if found.capacity else [],
        "microseconds": {path: [us, found.capacity.database[path]] for path, us in found.capacity.server.items()} if found.capacity else {},
        "node_cores": found.node_cores,
        "limits": {"gbits": found.limits.gbits, "nodes": found.limits.nodes},
        "figures": {
            one.name: {
                "title": one.title_en, "unit": one.unit, "value": one.value, "low": one.low, "high": one.high, "source": one.source, "note": one.note,
            }
            for one in found.behaviour.figures.values()
        },
        "curves": {"workday": found.behaviour.workday, "weekend": found.behaviour.weekend, "source": found.behaviour.curves_source},
        "unmoved": found.unmoved,
        "stretches": [
            _stretch(one, needed, found) | {"sways": {code: [_sway(row) for row in rows] for code, rows in sways.items()}}
            for one, needed, sways in zip(found.forecasts, found.sizes, found.sways, strict=True)
        ],
        "overlaps": [
            {"codes": [one.code for one in both.stretches], "from": both.opens.isoformat(), "to": both.closes.isoformat(), **_told(both.peaks, needed, found)}
            for both, needed in found.overlaps
        ],
        "nodes_tried": [{"nodes": one.nodes, "filled": one.filled, "codes": [stretch.code for stretch in one.stretches]} for one in found.nodes_tried],
        "what_if_of": found.fullest.stretch.code,
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
        "title": one.stretch.title,
        "exam": bool(one.stretch.exam),
        "from": one.stretch.opens.isoformat(),
        "to": one.stretch.closes.isoformat(),
        "people": one.stretch.people,
        "people_by_city": dict(one.stretch.seats),
        "closed_form": None if one.stretch.exam else closed_form(one, found),
        "sums": {code: _spread(one.sums[code]) for code in used},
        "quarters": {code: {"figures": np.round(one.figures[code], 4).tolist()} | _curve(one.total[code]) for code in used},
        "cities": {city: {code: _curve(one.city(city, code)) for code in used} for city in one.stretch.seats},
    }  # fmt: skip


def _told(peaks: Mapping[str, Peak], needed: sizing.Sizing, found: Outlook) -> dict[str, object]:
    return {
        "peaks": {code: {"at": one.at.isoformat()} | _spread(one) for code, one in peaks.items() if one.high},
        "needs": _needed(needed, found),
    }


def _needed(needed: sizing.Sizing, found: Outlook) -> dict[str, object]:
    room = found.fit(needed)
    return {
        "server_cores": needed.server_cores, "database_cores": needed.database_cores, "nodes": needed.nodes, "gbits": needed.gbits,
        "growth_gb": needed.growth_gb, "go": room.go, "filled": room.filled,
    }  # fmt: skip


def _spread(one: Spread) -> dict[str, float]:
    return {"figures": one.figures, "low": one.low, "median": one.median, "high": one.high}


def _sway(one: sizing.Sway) -> dict[str, object]:
    return {"figure": one.figure.name, "low": one.low, "high": one.high}


def _curve(band: Band) -> dict[str, list[float]]:
    return {name: np.round(getattr(band, name), 4).tolist() for name in ("low", "median", "high")}
