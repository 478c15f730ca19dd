"""What load the windows of a programme will bring, and better windows to adopt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DecimalField, IntegerField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lms.domain.chart import Chart, both, chart
from lms.domain.forecast import METRICS, Overlap, Peak, StretchForecast, mean_watching
from lms.domain.outlook import Choice, Outlook
from lms.domain.sizing import Sizing, SwayBar, most_watching, sway_bars
from lms.formats import forecast_workbook
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import current_locale, format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Refusal
from lms.services import forecast as service

forecast = routes("forecast", __name__, url_prefix="/manage/programmes/<code>/forecast")
SWAYS = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """The line and the nodes there are, as far as somebody has said."""

    gbits: float | None
    nodes: int | None


class LimitsForm(Form):
    """What there is; the address carries it, so that a page can be passed on."""

    class Meta(Form.Meta):
        """It changes nothing, so nobody can be made to send it."""

        csrf = False

    gbits = DecimalField(lazy_gettext("出口带宽（Gbit/s）"), [Optional(), NumberRange(min=0, max=100_000)])
    nodes = IntegerField(lazy_gettext("应用节点数"), [Optional(), NumberRange(min=1, max=10_000)])

    def stated(self) -> Limits:
        """Return what was filled in; nothing of a form with faults."""
        if not self.validate():
            return Limits(None, None)
        return Limits(None if self.gbits.data is None else float(self.gbits.data), self.nodes.data)


class AdoptForm(Form):
    """Which arrangement becomes the programme's, and why."""

    choice = RadioField(lazy_gettext("采用哪个方案"), [InputRequired()])
    reason = TextAreaField(lazy_gettext("调整理由"), [InputRequired(), Length(min=4, max=300)])


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
    broken: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class OverlapPart:
    """Stretches that are open at once, as the page shows them."""

    title: str
    span: str
    needs: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ChoicePart:
    """One arrangement of the windows."""

    code: str
    title: str
    peak: str
    saving: int
    moved: int
    moved_cities: str
    rows: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page of a forecast shows."""

    code: str
    title: str
    version: int
    measured: bool
    not_counted: str
    node_cores: int
    limits: LimitsForm
    stretches: tuple[StretchPart, ...]
    overlaps: tuple[OverlapPart, ...]
    choices: tuple[ChoicePart, ...]
    bound: str
    form: AdoptForm
    alternatives: tuple[tuple[str, str, str, str], ...]
    fullest: str
    bars: tuple[SwayBar, ...]
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
    body = forecast_workbook.write(service.view(code)[1])
    return Response(body, mimetype=forecast_workbook.MIMETYPE, headers={"Content-Disposition": f'attachment; filename="forecast-{code}.xlsx"'})


@forecast.post("")
@requires(Permission.MANAGE_PROGRAMMES)
def adopt(code: str) -> ResponseReturnValue:
    """Make a better arrangement the programme's windows."""
    form = _adopt_form(service.view(code)[1])
    if not form.validate_on_submit():
        return _page(code, form=form)
    try:
        service.adopt(code, form.choice.data, (form.reason.data or "").strip(), actor_id=current.person().person_id, now=current.now())
    except service.WindowBegun as refusal:
        return _page(code, form=form, refusal=refusal), refusal.status
    flash(_("时段已经调整，培训项目有了新的一版。请通知有变动的地区。"), "success")
    return redirect(url_for("forecast.page", code=code))


def _adopt_form(found: Outlook) -> AdoptForm:
    form = AdoptForm()
    form.choice.choices = [(one.code, _(one.title)) for one in found.choices if one.code]
    return form


def _page(code: str, *, form: AdoptForm | None = None, refusal: Refusal | None = None) -> str:
    version, found = service.view(code)
    limits = LimitsForm(request.args)
    have = limits.stated()
    names = {row.code: row.name for row in found.programme.quotas.cities}
    shown = ForecastPage(
        code=code,
        title=found.programme.title,
        version=version.number,
        measured=found.capacity is not None,
        not_counted=_("、").join(_(one.title) for one in found.capacity.uncounted) if found.capacity else "",
        node_cores=found.node_cores,
        limits=limits,
        stretches=tuple(_stretch(one, needed, found, names, have) for one, needed in zip(found.forecasts, found.sizes, strict=True)),
        overlaps=tuple(_overlap(both, needed, found, have) for both, needed in found.overlaps),
        choices=tuple(_choice(one, found.choices[0], names) for one in found.choices),
        bound=_number(found.choices[0].plan.bound) if found.choices else "",
        form=form or _adopt_form(found),
        alternatives=tuple(
            (one.what_if.titled(current_locale()) or _("照现在的做法"), _number(one.watching), _number(one.heartbeats), f"{one.egress:.2f}")
            for one in found.alternatives
        ),
        fullest=found.fullest.stretch.title,
        bars=sway_bars(found.sways[:SWAYS], current_locale()),
        figures=tuple(
            (one.titled(current_locale()), f"{one.value:g}", f"{one.low:g} – {one.high:g}", _("假设") if one.assumed else one.source)
            for one in found.behaviour.figures.values()
        ),
        refusal=_(refusal.message) if refusal else None,
    )
    return render_template("lms/forecast/page.html", page=shown)


def _stretch(one: StretchForecast, needed: Sizing, found: Outlook, names: dict[str, str], have: Limits) -> StretchPart:
    stretch = one.stretch
    metric = "in_exam" if stretch.exam else "watching"
    limit = None if stretch.exam else most_watching(one, found.capacity, node_cores=found.node_cores, nodes=have.nodes, gbits=have.gbits)
    bands = {city: one.city(city, metric) for city in stretch.seats}
    top = max((float(band.high.max()) for band in bands.values()), default=0)
    return StretchPart(
        title=stretch.title,
        span=f"{format_instant(stretch.opens, 'day')} – {format_instant(stretch.at(stretch.quarters - 1), 'day')}",
        people=stretch.people,
        average=None if stretch.exam else _number(mean_watching(stretch, found.programme)),
        whole=both(_("正在考试的人数") if stretch.exam else _("同时观看的人数"), one.total[metric], stretch.opens, limit=limit),
        cities=tuple(chart(names.get(city, city), band, stretch.opens, top=top, width=480, height=210) for city, band in bands.items()),
        peak=_number(one.peaks[metric].median),
        peak_at=format_instant(one.peaks[metric].at),
        needs=_needs(needed, found),
        broken=_broken(needed, have),
        rows=_rows(one.peaks),
    )


def _overlap(both: Overlap, needed: Sizing, found: Outlook, have: Limits) -> OverlapPart:
    return OverlapPart(
        title=" + ".join(one.title for one in both.stretches),
        span=f"{format_instant(both.opens)} – {format_instant(both.closes)}",
        needs=_needs(needed, found)[:3],
        broken=_broken(needed, have),
        rows=_rows(both.peaks),
    )


def _broken(needed: Sizing, have: Limits) -> tuple[str, ...]:
    told = []
    if have.gbits is not None and needed.gbits > have.gbits:
        told.append(_("出口带宽不够：需要 %(need)s Gbit/s，现有 %(have)s Gbit/s。", need=f"{needed.gbits:.1f}", have=f"{have.gbits:g}"))
    if have.nodes is not None and needed.nodes is not None and needed.nodes > have.nodes:
        told.append(_("应用节点不够：需要 %(need)s 个，现有 %(have)s 个。", need=needed.nodes, have=have.nodes))
    return tuple(told)


def _rows(peaks: Mapping[str, Peak]) -> tuple[tuple[str, str, str, str, str], ...]:
    return tuple(
        (_(of.title), _(of.unit), _figure(peak.median), _figure(peak.high), format_instant(peak.at)) for of in METRICS if (peak := peaks[of.code]).high
    )


def _needs(needed: Sizing, found: Outlook) -> tuple[tuple[str, str], ...]:
    unknown = _("尚未测量")
    return (
        (_("应用节点"), unknown if needed.nodes is None else _("%(count)s 个，每个 %(cores)s 核", count=needed.nodes, cores=found.node_cores)),
        (_("数据库"), unknown if needed.database_cores is None else _("%(cores)s 核", cores=f"{needed.database_cores:.1f}")),
        (_("出口带宽"), f"{needed.gbits:.1f} Gbit/s"),
        (_("数据库增长"), f"{needed.growth_gb:.1f} GB"),
    )


def _choice(one: Choice, noticed: Choice, names: dict[str, str]) -> ChoicePart:
    plan = one.plan
    return ChoicePart(
        code=one.code,
        title=_(one.title),
        peak=_number(plan.peak),
        saving=round(100 * (1 - plan.peak / noticed.plan.peak)),
        moved=plan.moved,
        moved_cities=_("、").join(names[city] for city in plan.cities_moved),
        rows=tuple(
            (
                f"{format_instant(row.window.opens, 'day')} – {row.window.last_day:%m-%d}",
                _("、").join(names[city] for city in row.window.cities),
                f"{row.people:,}",
                f"{row.for_each_day:,.0f}",
                _number(row.peak),
            )
            for row in plan.windows
        ),
    )


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _figure(value: Any) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
