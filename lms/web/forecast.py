"""What load the windows of a programme will bring, and better windows to adopt."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import FloatField, IntegerField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lms.domain.chart import Chart, both, chart
from lms.domain.forecast import METRICS, Overlap, Peak, StretchForecast, mean_watching
from lms.domain.limits import Fit, Limits
from lms.domain.outlook import Choice, Outlook
from lms.domain.sizing import SWAYED, Sizing, Swayed, swayed
from lms.domain.stretch import Stretch
from lms.formats import forecast_workbook
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import current_locale, format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Refusal
from lms.services import forecast as service
from lms.services import limits as limits_service

forecast = routes("forecast", __name__, url_prefix="/manage/programmes/<code>/forecast")
SWAYS = 8
LEAST_SHOWN = 0.05  # Gbit/s
_WORST_FIRST = ("danger", "neutral", "accent", "success")


class LimitsForm(Form):
    """What there is."""

    gbits = FloatField(lazy_gettext("出口带宽（Gbit/s）"), [Optional(), NumberRange(min=0.001, max=100_000)])
    nodes = IntegerField(lazy_gettext("应用节点数"), [Optional(), NumberRange(min=1, max=10_000)])


class AdoptForm(Form):
    """Which arrangement becomes the programme's, and why."""

    choice = RadioField(lazy_gettext("采用哪个方案"), [InputRequired()])
    reason = TextAreaField(lazy_gettext("调整理由"), [InputRequired(), Length(min=4, max=300)])


@dataclass(frozen=True, slots=True)
class Room:
    """Whether something holds: what it needs of line and nodes, what there is, how much of the scarcer it uses, and the verdict as (words, kind of badge)."""

    name: str
    line: str
    line_there: str
    nodes: str
    nodes_there: str
    used: str
    verdict: tuple[str, str]


@dataclass(frozen=True, slots=True)
class StretchPart:
    """One window (or the exam) as the page shows it."""

    title: str
    span: str
    people: int
    average: str | None
    whole: tuple[Chart, Chart]
    cities: tuple[Chart, ...]
    peak: str
    peak_at: str
    needs: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class OverlapPart:
    """Stretches that are open at once, as the page shows them."""

    title: str
    span: str
    needs: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ChoicePart:
    """One arrangement of the windows."""

    code: str
    title: str
    peak: str
    saving: int
    moved: int
    moved_cities: str
    verdict: tuple[str, str]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page of a forecast shows."""

    code: str
    title: str
    version: int
    measured: bool
    not_counted: str
    node_cores: int
    rooms: tuple[Room, ...]
    nodes_tried: tuple[tuple[str, str, tuple[str, str]], ...]
    nodes_of: str
    stated: str | None
    limits: LimitsForm
    stretches: tuple[StretchPart, ...]
    overlaps: tuple[OverlapPart, ...]
    choices: tuple[ChoicePart, ...]
    bound: str
    form: AdoptForm
    too_late: bool
    alternatives: tuple[tuple[str, str, str, str], ...]
    fullest: str
    sways: tuple[tuple[str, Swayed], ...]
    figures: tuple[tuple[str, str, str, str], ...]
    refusal: str | None


@forecast.get("", endpoint="page")
@requires(Permission.MANAGE_PROGRAMMES)
def page(code: str) -> ResponseReturnValue:
    """Show the forecast."""
    return _page(code)


@forecast.get("/workbook")
@requires(Permission.MANAGE_PROGRAMMES)
def workbook(code: str) -> Response:
    """Give everything as an Excel file."""
    body = forecast_workbook.write(service.view(code, current.now())[1])
    return Response(body, mimetype=forecast_workbook.MIMETYPE, headers={"Content-Disposition": f'attachment; filename="forecast-{code}.xlsx"'})


@forecast.post("")
@requires(Permission.MANAGE_PROGRAMMES)
def adopt(code: str) -> ResponseReturnValue:
    """Make a better arrangement the programme's windows."""
    form = _adopt_form(service.view(code, current.now())[1])
    if not form.validate_on_submit():
        return _page(code, form=form)
    try:
        service.adopt(code, form.choice.data, (form.reason.data or "").strip(), actor_id=current.person().person_id, now=current.now())
    except service.WindowBegun as refusal:
        return _page(code, form=form, refusal=refusal), refusal.status
    flash(_("时段已经调整，培训项目有了新的一版。请通知有变动的地区。"), "success")
    return redirect(url_for("forecast.page", code=code))


@forecast.post("/limits")
@requires(Permission.MANAGE_PROGRAMMES)
def state_limits(code: str) -> ResponseReturnValue:
    """Keep what there is."""
    form = LimitsForm()
    if not form.validate_on_submit():
        return _page(code, limits=form)
    limits_service.state(Limits(form.gbits.data, form.nodes.data), actor_id=current.person().person_id, now=current.now())
    flash(_("现有条件已保存，对所有培训项目有效。"), "success")
    return redirect(url_for("forecast.page", code=code))


def _adopt_form(found: Outlook) -> AdoptForm:
    """Return the form with every arrangement: of one that came too late it is said why."""
    form = AdoptForm()
    form.choice.choices = _titled(found.choices)
    return form


def _titled(choices: Iterable[Choice]) -> list[tuple[str, str]]:
    return [(one.code, _(one.title)) for one in choices if one.code]


def _page(code: str, *, form: AdoptForm | None = None, limits: LimitsForm | None = None, refusal: Refusal | None = None) -> str:
    version, found = service.view(code, current.now())
    stated = limits_service.stated()
    names = {row.code: row.name for row in found.programme.quotas.cities}
    form = form or _adopt_form(found)
    form.choice.choices = _titled(one for one in found.choices if service.may_adopt(one, found.programme, current.now()))
    shown = ForecastPage(
        code=code,
        title=found.programme.title,
        version=version.number,
        measured=found.capacity is not None,
        not_counted=_("、").join(_(one.title) for one in found.capacity.uncounted) if found.capacity else "",
        node_cores=found.node_cores,
        rooms=_rooms(found),
        nodes_tried=_nodes_tried(found),
        nodes_of=_titles(found.nodes_tried[0].stretches) if found.nodes_tried else "",
        stated=_("现有条件由%(name)s于 %(at)s 填写。", name=stated.by, at=format_instant(stated.at)) if stated else None,
        limits=limits or LimitsForm(data={"gbits": found.limits.gbits, "nodes": found.limits.nodes}),
        stretches=tuple(_stretch(one, needed, found, names) for one, needed in zip(found.forecasts, found.sizes, strict=True)),
        overlaps=tuple(_overlap(both, needed, found) for both, needed in found.overlaps),
        choices=tuple(_choice(one, found, names) for one in found.choices),
        bound=_number(found.choices[0].plan.bound) if found.choices else "",
        form=form,
        too_late=not form.choice.choices and any(service.moved(one, found.programme) for one in found.choices),
        alternatives=tuple(
            (one.what_if.titled(current_locale()) or _("照现在的做法"), _number(one.watching), _number(one.heartbeats), f"{one.egress:.2f}")
            for one in found.alternatives
        ),
        fullest=found.fullest.stretch.title,
        sways=tuple(_sways(found)),
        figures=tuple(
            (one.titled(current_locale()), f"{one.value:g}", f"{one.low:g} – {one.high:g}", _("假设") if one.assumed else one.source)
            for one in found.behaviour.figures.values()
        ),
        refusal=_(refusal.message) if refusal else None,
    )
    return render_template("lms/forecast/page.html", page=shown)


def _sways(found: Outlook) -> Iterator[tuple[str, Swayed]]:
    """Say of the fullest window and of every exam which figures move which peak."""
    for one, rows in zip(found.forecasts, found.sways, strict=True):
        if one is found.fullest or one.stretch.exam:
            for metric in swayed(rows, SWAYED[bool(one.stretch.exam)], current_locale(), most=SWAYS):
                yield f"{one.stretch.title} · {_(metric.metric.title)} · {_(metric.metric.unit)}", metric


def _rooms(found: Outlook) -> tuple[Room, ...]:
    return tuple(_room(_titles(stretches), needed, found) for stretches, needed in found.needs)


def _titles(stretches: Iterable[Stretch]) -> str:
    return " + ".join(one.title for one in stretches)


def _nodes_tried(found: Outlook) -> tuple[tuple[str, str, tuple[str, str]], ...]:
    """Say of each number of nodes how much of them would be used, and whether that holds."""
    return tuple(
        (
            _("%(count)s 个（现有）", count=one.nodes) if one.stated else _("%(count)s 个", count=one.nodes),
            f"{one.filled:,.0%}",
            (_("够用"), "success") if one.filled <= 1 else (_("不够"), "danger"),
        )
        for one in found.nodes_tried
    )


def _room(name: str, needed: Sizing, found: Outlook) -> Room:
    room, have = found.fit(needed), found.limits
    return Room(
        name=name,
        line=_line(needed),
        line_there=_there(f"{have.gbits:g} Gbit/s" if have.gbits is not None else None),
        nodes=_nodes(needed),
        nodes_there=_there(None if have.nodes is None else _("%(count)s 个", count=have.nodes)),
        used="–" if room.filled is None else f"{room.filled:,.0%}",
        verdict=_verdict(room, found),
    )


def _line(needed: Sizing) -> str:
    return f"{needed.gbits:.{1 if needed.gbits >= 1 else 2}f} Gbit/s" if needed.gbits >= LEAST_SHOWN else _("不到 %(least)s Gbit/s", least=LEAST_SHOWN)


def _nodes(needed: Sizing) -> str:
    return _("尚未测量") if needed.nodes is None else _("%(count)s 个", count=needed.nodes)


def _there(stated: str | None) -> str:
    return _("现有 %(there)s", there=stated) if stated else _("现有未填")


def _verdict(room: Fit, found: Outlook) -> tuple[str, str]:
    """Say go, no-go or neither in a word, and of which kind its badge is."""
    if room.go is None:
        return _("条件未知"), "neutral"
    if not room.go:
        return _("不够"), "danger"
    whole = None not in (room.line, room.nodes) and found.capacity and not found.capacity.missing
    return (_("够用"), "success") if whole else (_("已知的够用"), "accent")


def _stretch(one: StretchForecast, needed: Sizing, found: Outlook, names: dict[str, str]) -> StretchPart:
    stretch = one.stretch
    bands = {city: one.city(city, one.metric) for city in stretch.seats}
    top = max((float(band.high.max()) for band in bands.values()), default=0)
    grown = _("%(middle)s GB（95%% 上界 %(most)s GB）", middle=f"{one.sums['growth'].median:.1f}", most=f"{needed.growth_gb:.1f}")
    return StretchPart(
        title=stretch.title,
        span=f"{format_instant(stretch.opens, 'day')} – {format_instant(stretch.at(stretch.quarters - 1), 'day')}",
        people=stretch.people,
        average=None if stretch.exam else _number(mean_watching(stretch, found.programme)),
        whole=both(_("正在考试的人数") if stretch.exam else _("同时观看的人数"), one.total[one.metric], stretch.opens, limit=found.taken(one).most_people),
        cities=tuple(chart(names.get(city, city), band, stretch.opens, top=top, width=480, height=210) for city, band in bands.items()),
        peak=_number(one.peaks[one.metric].median),
        peak_at=format_instant(one.peaks[one.metric].at),
        needs=(*_needs(needed, found), (_("数据库增长"), grown)),
        rows=_rows(one.peaks),
    )


def _overlap(both: Overlap, needed: Sizing, found: Outlook) -> OverlapPart:
    return OverlapPart(
        title=_titles(both.stretches),
        span=f"{format_instant(both.opens)} – {format_instant(both.closes)}",
        needs=_needs(needed, found),
        rows=_rows(both.peaks),
    )


def _rows(peaks: Mapping[str, Peak]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (_(of.title), _(of.unit), *map(_figure, (peak.figures, peak.median, peak.high)), format_instant(peak.at))
        for of in METRICS
        if (peak := peaks[of.code]).high
    )


def _needs(needed: Sizing, found: Outlook) -> tuple[tuple[str, str], ...]:
    unknown = _("尚未测量")
    return (
        (_("应用节点"), unknown if needed.nodes is None else _("%(count)s 个，每个 %(cores)s 核", count=needed.nodes, cores=found.node_cores)),
        (_("数据库"), unknown if needed.database_cores is None else _("%(cores)s 核", cores=f"{needed.database_cores:.1f}")),
        (_("出口带宽"), _line(needed)),
    )


def _choice(one: Choice, found: Outlook, names: dict[str, str]) -> ChoicePart:
    plan = one.plan
    rooms = [_room("", needed, found) for needed in one.sizes]
    return ChoicePart(
        code=one.code,
        title=_(one.title),
        peak=_number(plan.peak),
        saving=round(100 * (1 - plan.peak / found.choices[0].plan.peak)),
        moved=plan.moved,
        moved_cities=_("、").join(names[city] for city in plan.cities_moved),
        verdict=min((room.verdict for room in rooms), key=lambda told: _WORST_FIRST.index(told[1])),
        rows=tuple(
            (
                f"{format_instant(row.window.opens, 'day')} – {row.window.last_day:%m-%d}",
                _("、").join(names[city] for city in row.window.cities),
                f"{row.people:,}",
                f"{row.for_each_day:,.0f}",
                _number(row.peak),
                room.line,
                room.nodes,
            )
            for row, room in zip(plan.windows, rooms, strict=True)
        ),
    )


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _figure(value: Any) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
