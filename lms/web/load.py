"""The live page: what was expected beside what really happens, by city."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.chart import Chart, both, chart
from lms.domain.load import Alarm
from lms.domain.review import compare
from lms.domain.stretch import SECONDS
from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import load as service

load = routes("load", __name__, url_prefix="/manage/programmes/<code>/load")


@dataclass(frozen=True, slots=True)
class StretchTab:
    """One window (or the exam) to choose."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class ComparisonPart:
    """Plan and reality: rows of (what, expected, seen), and the share of time inside the band by city."""

    over: bool
    recorded: str
    rows: tuple[tuple[str, str, str], ...]
    cities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LoadPage:
    """What the live page shows."""

    code: str
    title: str
    tabs: tuple[StretchTab, ...]
    seen_at: str | None
    seen: str
    expected: str
    room: str | None
    most: str
    sign_ins: str
    sign_ins_expected: str
    alarms: tuple[str, ...]
    stretch: str
    whole: tuple[Chart, Chart]
    cities: tuple[Chart, ...]
    enrolled: int
    compared: ComparisonPart | None


@load.get("", endpoint="page")
@requires(Permission.MANAGE_PROGRAMMES)
def page(code: str) -> ResponseReturnValue:
    """Show how a window runs."""
    live = service.live(code, current.now(), request.args.get("stretch"))
    stretch = live.forecast.stretch
    limit = live.most_people
    names = {row.code: row.name for row in live.outlook.programme.quotas.cities}
    total = live.total
    newest = max((place for place, one in enumerate(total) if one is not None), default=None)
    count = total[newest] if newest is not None else None
    band = live.forecast.total[live.metric]
    bands = {city: live.forecast.city(city, live.metric) for city, people in stretch.seats.items() if people}
    top = max((float(one.high.max()) for one in bands.values()), default=0)
    sign_ins, sign_ins_expected = _sign_ins(live, newest)
    shown = LoadPage(
        code=code,
        title=live.outlook.programme.title,
        tabs=tuple(
            StretchTab(one.stretch.title, url_for("load.page", code=code, stretch=one.stretch.code), one is live.forecast) for one in live.outlook.forecasts
        ),
        seen_at=None if newest is None else format_instant(stretch.at(newest)),
        seen="–" if count is None else f"{count:,}",
        expected="–" if newest is None else f"{band.low[newest]:,.0f} – {band.high[newest]:,.0f}",
        room=None if limit is None else f"{max(0, limit - (count or 0)):,.0f}",
        most="" if limit is None else f"{limit:,.0f}",
        sign_ins=sign_ins,
        sign_ins_expected=sign_ins_expected,
        alarms=tuple(_alarm(one, names) for one in live.alarms),
        stretch=stretch.code,
        whole=both(_("正在考试的人数") if stretch.exam else _("同时观看的人数"), band, stretch.opens, limit=limit, seen=total),
        cities=tuple(chart(names.get(city, city), one, stretch.opens, top=top, seen=live.seen[city], width=480, height=210) for city, one in bands.items()),
        enrolled=stretch.people,
        compared=_compared(live, names),
    )
    return render_template("lms/load/page.html", page=shown)


def _compared(live: service.Live, names: dict[str, str]) -> ComparisonPart | None:
    found = compare(live.forecast, live.seen)
    if found is None or not live.forecast.stretch.people:
        return None
    rows = [(_("考试总时长（小时）") if live.forecast.stretch.exam else _("观看总时长（小时）"), f"{found.hours_expected:,.0f}", f"{found.hours_seen:,.0f}")]
    if live.forecast.stretch.exam:
        starts = [(place, one) for place, one in enumerate(live.exam_starts) if one is not None]
        expected = SECONDS * sum(float(live.forecast.total["exam_starts"].median[place]) for place, _one in starts)
        rows.append((_("开始考试的人次"), f"{expected:,.0f}", f"{sum(one for _place, one in starts):,}"))
    rows.append((_("同时人数的最高值"), f"{found.peak_expected:,.0f}", f"{found.peak_seen:,.0f}"))
    rows.append((_("在预计范围内的时间"), "95%", f"{found.inside:.0%}"))
    cities = sorted(((one, city) for city, one in found.by_city.items() if live.forecast.stretch.seats[city]), reverse=True)
    return ComparisonPart(
        over=live.forecast.stretch.closes <= current.now(),
        recorded=f"{found.recorded:.0%}",
        rows=tuple(rows),
        cities=tuple((names.get(city, city), f"{one:.0%}") for one, city in cities),
    )


def _sign_ins(live: service.Live, newest: int | None) -> tuple[str, str]:
    """Say how many have signed in in the quarter of an hour before the newest look, and how many were expected."""
    if newest is None or live.sign_ins[newest] is None:
        return "–", "–"
    band, quarter = live.forecast.total["sign_ins"].times(SECONDS), max(0, newest - 1)
    return f"{live.sign_ins[newest]:,}", f"{band.low[quarter]:,.0f} – {band.high[quarter]:,.0f}"


def _alarm(one: Alarm, names: dict[str, str]) -> str:
    words = (
        _("%(city)s比预计多：%(seen)s 人，预计至多 %(bound)s 人（%(at)s）。")
        if one.above
        else _("%(city)s比预计少：%(seen)s 人，预计至少 %(bound)s 人（%(at)s）。")
    )
    return words % {"city": names.get(one.city, one.city), "seen": one.seen, "bound": round(one.high if one.above else one.low), "at": format_instant(one.at)}
