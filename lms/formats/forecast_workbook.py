"""A forecast as an Excel workbook: peaks, windows, figures, and every hour with its fullest quarter."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from lms.domain.behaviour import Array
from lms.domain.forecast import METRICS, Metric, Peak, StretchForecast
from lms.domain.outlook import Outlook
from lms.domain.sizing import Sizing
from lms.kernel.i18n import current_locale
from lms.kernel.i18n import gettext as _

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | float | datetime


def write(found: Outlook) -> bytes:
    """Return the workbook."""
    target = BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "yyyy-mm-dd hh:mm"}
    ) as book:
        _sheet(book, _("峰值"), (_("时段"), _("指标"), _("单位"), _("峰值（按取值）"), _("峰值（中位数）"), _("峰值（95% 上界）"), _("时刻")), _peaks(found))
        _sheet(
            book,
            _("机器与线路"),
            (_("时段"), _("应用节点"), _("应用（核）"), _("数据库（核）"), "Gbit/s", _("数据库增长（GB，95% 上界）"), _("没有计入"), _("现有条件已用 %")),
            _needs(found),
        )
        if found.nodes_tried:
            _sheet(book, _("节点增减"), (_("应用节点"), _("节点已用 %"), _("时段")), _nodes(found))
        _sheet(
            book,
            _("时段方案"),
            (_("方案"), _("开始"), _("结束"), _("人数"), _("每天人数"), _("峰值"), _("地区"), "Gbit/s", _("应用节点"), _("现有条件已用 %")),
            _windows(found),
        )
        _sheet(book, _("假设"), (_("数字"), _("单位"), _("取值"), _("下限"), _("上限"), _("来源"), _("说明")), _figures(found))
        for one in found.forecasts:
            used = [metric for metric in METRICS if one.peaks[metric.code].high]
            columns = [f"{_(metric.title)} {words}" for metric in used for words in (_("中位数"), _("95% 上界"))]
            _sheet(book, one.stretch.code, (_("小时"), *columns), _hours(one, [metric.code for metric in used]))
            names = {row.code: row.name for row in found.programme.quotas.cities}
            cities = [f"{names.get(city, city)} {words}" for city in one.stretch.seats for words in (_("中位数"), _("95% 上界"))]
            _sheet(book, f"{one.stretch.code} {_('各市')}", (_("小时"), *cities), _cities(one))
    return target.getvalue()


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    taken = {one.lower() for one in book.sheetnames}  # thirty-one signs are a sheet's longest name, and Excel tells no case apart
    sheet = book.add_worksheet(next(one for one in (name[:31], *(f"{name[:27]} {number}" for number in range(2, 999))) if one.lower() not in taken))
    head = book.add_format({"bold": True, "text_wrap": True})
    sheet.set_column(0, len(columns) - 1, 16)
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, columns, head)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(line, place, value.replace(tzinfo=None))  # local time: Excel knows no zones
            elif isinstance(value, str):
                sheet.write_string(line, place, value)
            else:
                sheet.write_number(line, place, float(value))


def _peaks(found: Outlook) -> Iterable[Sequence[Cell]]:
    for one in found.forecasts:
        for metric in METRICS:
            peak = one.peaks[metric.code]
            if peak.high:
                yield one.stretch.title, *_peak(metric, peak)
    for both, _needed in found.overlaps:
        for metric in METRICS:
            peak = both.peaks[metric.code]
            if peak.high:
                name = " + ".join(one.title for one in both.stretches)
                yield name, *_peak(metric, peak)


def _peak(metric: Metric, peak: Peak) -> Sequence[Cell]:
    return _(metric.title), _(metric.unit), *(round(one, 3) for one in (peak.figures, peak.median, peak.high)), peak.at


def _needs(found: Outlook) -> Iterable[Sequence[Cell]]:
    unknown = _("尚未测量")
    left_out = _("、").join(_(one.title) for one in found.capacity.uncounted) if found.capacity else ""
    for stretches, needed in found.needs:
        name = " + ".join(one.title for one in stretches)
        machines = (needed.nodes, needed.server_cores, needed.database_cores)
        told = (unknown if value is None else round(value, 1) for value in machines)
        yield name, *told, round(needed.gbits, 2), round(needed.growth_gb, 2), left_out, _filled(found, needed)


def _filled(found: Outlook, needed: Sizing) -> Cell:
    """Say in per cent how much of what there is would be used; nothing where that is not known."""
    share = found.fit(needed).filled
    return "" if share is None else round(100 * share)


def _nodes(found: Outlook) -> Iterable[Sequence[Cell]]:
    for one in found.nodes_tried:
        yield one.nodes, round(100 * one.filled), " + ".join(stretch.title for stretch in one.stretches)


def _windows(found: Outlook) -> Iterable[Sequence[Cell]]:
    names = {row.code: row.name for row in found.programme.quotas.cities}
    for choice in found.choices:
        for one, needed in zip(choice.plan.windows, choice.sizes, strict=True):
            cities = "、".join(names[city] for city in one.window.cities)
            days = str(one.window.first_day), str(one.window.last_day)
            nodes = _("尚未测量") if needed.nodes is None else needed.nodes
            yield _(choice.title), *days, one.people, round(one.for_each_day, 1), round(one.peak), cities, round(needed.gbits, 2), nodes, _filled(found, needed)


def _figures(found: Outlook) -> Iterable[Sequence[Cell]]:
    for one in found.behaviour.figures.values():
        yield f"{one.titled(current_locale())} {one.name}", one.unit, one.value, one.low, one.high, one.source, one.note


def _hours(one: StretchForecast, metrics: Sequence[str]) -> Iterable[Sequence[Cell]]:
    return _rows(one, [curve for code in metrics for curve in (one.total[code].median, one.total[code].high)])


def _cities(one: StretchForecast) -> Iterable[Sequence[Cell]]:
    bands = [one.city(city, one.metric) for city in one.stretch.seats]
    return _rows(one, [curve for band in bands for curve in (band.median, band.high)])


def _rows(one: StretchForecast, curves: Sequence[Array]) -> Iterable[Sequence[Cell]]:
    """Give each hour its fullest quarter: four times the cells would make a file that takes ten seconds and nobody reads."""
    for quarter in range(0, one.stretch.quarters, 4):
        yield one.stretch.at(quarter), *(float(f"{curve[quarter : quarter + 4].max():.4g}") for curve in curves)
