"""The blueprint editor: the table of specifications, measured against a pool while it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from exam.domain import blueprint as rules
from exam.domain.blueprint import Blueprint, BlueprintFaulty, Cell
from exam.domain.feasibility import Alternative, Supply
from exam.services import blueprint as service
from exam.services.blueprint import BlueprintMissing, Sheet
from exam.store.blueprint import BlueprintCard
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.domain.item import LEVEL_LABELS, TYPE_LABELS, ItemType, Level

blueprints = routes("blueprints", __name__)
COLUMNS = ("section", "points", "type", "topic", "level", "hardest", "easiest", "count")
MOST_ROWS = 200
SPARE_ROWS = 3


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the list shows."""

    cards: Sequence[BlueprintCard]


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """What the pool has for one row, in words."""

    place: str
    needed: int
    found: int
    advice: tuple[str, ...]
    thin: str  # what to do about too few items for many papers

    @property
    def lacking(self) -> bool:
        """Tell whether there are too few."""
        return self.found < self.needed


@dataclass(frozen=True, slots=True)
class EditPage:
    """What the editor shows; `rows` are as typed, `supply` is None while the table has faults or no bank is chosen."""

    code: str
    title: str
    tolerance: str
    exposure: str
    rows: tuple[dict[str, str], ...]
    bank: str
    banks: Mapping[str, str]
    topics: Mapping[str, str]
    types: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]
    items: int
    points: int
    supply: tuple[SupplyLine, ...] | None
    sheet: Sheet | None
    changed: tuple[str, ...]


@blueprints.get("/admin/blueprints")
@requires(Permission.MANAGE_EXAMS)
def everything() -> ResponseReturnValue:
    """List every blueprint."""
    return render_template("exam/blueprint/everything.html", page=ListPage(service.cards()))


@blueprints.get("/admin/blueprints/new")
@requires(Permission.MANAGE_EXAMS)
def new() -> ResponseReturnValue:
    """Show an empty table."""
    return _show(MultiDict(), None)


@blueprints.get("/admin/blueprints/<code>")
@requires(Permission.MANAGE_EXAMS)
def edit(code: str) -> ResponseReturnValue:
    """Show a blueprint's newest version, or the one asked for."""
    sheet = service.sheet(code, request.args.get("version", type=int), current.now())
    return _show(_typed(sheet.blueprint, request.args.get("bank", "")), sheet)


@blueprints.post("/admin/blueprints")
@requires(Permission.MANAGE_EXAMS)
def save() -> ResponseReturnValue:
    """Measure what is typed, or store it as the next version."""
    typed = request.form
    if typed.get("action") != "save":
        return _show(typed, None)
    try:
        made = read(typed, {})
    except BlueprintFaulty:
        return _show(typed, None, status=422)
    version = service.save(made, actor_id=current.person().person_id, now=current.now())
    flash(_("已保存为第 %(n)s 版。", n=version), "success")
    return redirect(url_for("blueprints.edit", code=made.code, bank=typed.get("bank", "")))


@blueprints.post("/admin/blueprints/<code>/adopt")
@requires(Permission.MANAGE_EXAMS)
def adopt(code: str) -> ResponseReturnValue:
    """Have an exam use this version."""
    version = request.form.get("version", type=int)
    if version is None:
        raise BlueprintMissing
    exam = request.form.get("exam", "")
    service.adopt(exam, code, version, actor_id=current.person().person_id, now=current.now())
    flash(_("考试已改用第 %(n)s 版细目表，请重新组卷。", n=version), "success")
    return redirect(url_for("exam_board.one", code=exam))


def read(typed: "MultiDict[str, str]", topics: Mapping[str, str]) -> Blueprint:
    """Build the blueprint that was typed; rows without a count are left out. Raises BlueprintFaulty with every fault in words."""
    tolerance, exposure = typed.get("tolerance", "").strip() or "1.5", typed.get("exposure", "").strip() or "25"
    rows = [row for row in _rows(typed) if row["count"].strip()]
    faults = [_("第 %(n)s 行：%(what)s", n=number, what=what) for number, row in enumerate(rows, 1) for what in _faults(row)]
    if not typed.get("code", "").strip() or not typed.get("title", "").strip():
        faults.insert(0, _("请填写代码和名称。"))
    if not _is_points(tolerance, 0):
        faults.append(_("各卷预期得分允许相差的分数须是数字，最多两位小数。"))
    if not (exposure.isdecimal() and 1 <= int(exposure) <= 100):
        faults.append(_("单题最多出现在百分之几的试卷中，须填 1 到 100 的整数。"))
    sections = []
    for title, of_title in groupby(sorted(rows, key=lambda row: _first_place(rows, row["section"])), key=lambda row: row["section"].strip()):
        cells = list(of_title)
        if len({row["points"].strip() for row in cells}) > 1:
            faults.append(_("“%(section)s”里各行的每题分值不一致。", section=title))
        sections.append({"title": title, "points": cells[0]["points"].strip(), "cells": [_cell(row) for row in cells]})
    if faults:
        raise BlueprintFaulty(faults=faults)
    made = rules.parsed(
        {
            "code": typed["code"].strip()[:60],
            "title": typed["title"].strip()[:120],
            "tolerance": tolerance,
            "exposure_percent": exposure,
            "sections": sections,
        }
    )
    if meetings := made.meetings():
        raise BlueprintFaulty(
            faults=[
                _("“%(one)s”和“%(other)s”有重叠：同一道题两处都能用。请把它们分开，或合为一行。", one=place(one, topics), other=place(other, topics))
                for one, other in meetings
            ]
        )
    return made


def _first_place(rows: Sequence[Mapping[str, str]], section: str) -> int:
    return next(place for place, row in enumerate(rows) if row["section"].strip() == section.strip())


def _cell(row: Mapping[str, str]) -> dict[str, object]:
    chosen = {name: row[name].strip() for name in ("type", "topic", "level", "hardest", "easiest") if row[name].strip()}
    return {**chosen, "count": row["count"].strip()}


def _faults(row: Mapping[str, str]) -> list[str]:
    found = []
    if not row["section"].strip():
        found.append(_("缺少大题名称"))
    if row["type"] not in set(ItemType):
        found.append(_("请选择题型"))
    if row["level"] and row["level"] not in set(Level):
        found.append(_("认知层次无法识别"))
    if not row["count"].strip().isdecimal() or not 0 < int(row["count"]) <= 500:
        found.append(_("题数须是 1 到 500 的整数"))
    if not _is_points(row["points"].strip(), 1):
        found.append(_("每题分值须大于 0，最多两位小数"))
    try:
        if not 0 <= float(row["hardest"] or 0) < float(row["easiest"] or 1) <= 1:
            raise ValueError
    except ValueError:
        found.append(_("得分率须在 0 到 1 之间，且前者小于后者"))
    return found


def _is_points(written: str, least: int) -> bool:
    """Tell whether it is a number of points, of so many hundredths at least and a hundred points at most."""
    try:
        return least <= rules.hundredths(written) <= 10_000
    except BlueprintFaulty:
        return False


def _rows(typed: "MultiDict[str, str]") -> list[dict[str, str]]:
    columns = [typed.getlist(name)[:MOST_ROWS] for name in COLUMNS]
    return [dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=False)]


def _typed(blueprint: Blueprint, bank: str) -> "MultiDict[str, str]":
    """Return a blueprint as the form would send it."""
    typed: MultiDict[str, str] = MultiDict(
        {
            "code": blueprint.code,
            "title": blueprint.title,
            "bank": bank,
            "tolerance": f"{blueprint.tolerance / 100:g}",
            "exposure": str(blueprint.exposure_percent),
        }
    )
    for section in blueprint.sections:
        for cell in section.cells:
            values = (
                section.title,
                f"{section.points / 100:g}",
                cell.type,
                cell.topic or "",
                cell.level or "",
                f"{cell.hardest:g}",
                f"{cell.easiest:g}",
                str(cell.count),
            )
            for name, value in zip(COLUMNS, values, strict=True):
                typed.add(name, value)
    return typed


def _show(typed: "MultiDict[str, str]", sheet: Sheet | None, *, status: int = 200) -> ResponseReturnValue:
    banks = service.banks(current.person().person_id)
    bank = typed.get("bank", "") if typed.get("bank") in banks else next(iter(banks), "")
    made, faults, supply = None, (), None
    topics: Mapping[str, str] = service.topics(bank)
    if any(row["count"].strip() for row in _rows(typed)):
        try:
            made = read(typed, topics)
        except BlueprintFaulty as refused:
            faults = tuple(map(str, refused.facts["faults"]))  # type: ignore[call-overload]
    if made and bank:
        supply = tuple(_line(one, made, topics) for one in service.supply(made, bank))
    blank = dict.fromkeys(COLUMNS, "")
    rows = tuple(_rows(typed)) + (blank,) * (SPARE_ROWS if typed.get("action") in (None, "more") else 0)
    page = EditPage(
        code=typed.get("code", ""),
        title=typed.get("title", ""),
        tolerance=typed.get("tolerance", "1.5"),
        exposure=typed.get("exposure", "25"),
        rows=rows[:MOST_ROWS],
        bank=bank,
        banks=banks,
        topics=topics,
        types=tuple((str(kind), _(label)) for kind, label in TYPE_LABELS.items()),
        levels=tuple((str(level), _(label)) for level, label in LEVEL_LABELS.items()),
        faults=faults,
        items=made.items if made else 0,
        points=made.points if made else 0,
        supply=supply,
        sheet=sheet,
        changed=_changes(sheet.before, sheet.blueprint, topics) if sheet and sheet.before else (),
    )
    return render_template("exam/blueprint/edit.html", page=page), status


def _changes(before: Blueprint, after: Blueprint, topics: Mapping[str, str]) -> tuple[str, ...]:
    """Say what a version changed, line by line."""
    old, new = _told(before, topics), _told(after, topics)
    lines = {name: (old.get(name, _("无")), new.get(name, _("无"))) for name in (*old, *(name for name in new if name not in old))}
    return tuple(_("%(name)s：%(old)s → %(new)s", name=name, old=was, new=is_now) for name, (was, is_now) in lines.items() if was != is_now)


def _told(blueprint: Blueprint, topics: Mapping[str, str]) -> dict[str, str]:
    """Return everything a blueprint says, in words by where it says it."""
    head = {
        _("名称"): blueprint.title,
        _("各卷预期得分允许相差（分）"): f"{blueprint.tolerance / 100:g}",
        _("单题最多出现在百分之几的试卷中"): str(blueprint.exposure_percent),
    }
    return head | {
        f"{section.title} · {place(cell, topics)}": _("%(n)s 题，每题 %(points)s 分", n=cell.count, points=f"{section.points / 100:g}")
        for section in blueprint.sections
        for cell in section.cells
    }


def _line(supply: Supply, blueprint: Blueprint, topics: Mapping[str, str]) -> SupplyLine:
    advice = tuple(_advice(one, topics) for one in supply.alternatives) if supply.lacking else ()
    if supply.lacking:
        advice += (_("减为 %(n)s 题", n=supply.found),) if supply.found else ()
    where = f"{supply.section} · {place(supply.cell, topics)}"
    return SupplyLine(where, supply.cell.count, supply.found, advice, _thin(supply, where, blueprint.exposure_percent) if supply.is_thin else "")


def _thin(supply: Supply, where: str, cap: int) -> str:
    """Say what would help where a cap on exposure, in per cent, asks for more items."""
    count, fewer = supply.cell.count, supply.fitting * cap // 100
    ways = [_("补充试题"), _("把上限改为 %(n)s%%", n=-(-count * 100 // supply.fitting)), *([_("减为 %(n)s 题", n=fewer)] if fewer else [])]
    said = _("%(place)s：每卷 %(n)s 题，至少要有 %(spread)s 题可用，现有 %(found)s 题。", place=where, n=count, spread=supply.spread, found=supply.fitting)
    return said + _("可以：%(ways)s。", ways=_("；").join(ways))


def _advice(one: Alternative, topics: Mapping[str, str]) -> str:
    if one.wider:
        words = {"level": _("认知层次"), "difficulty": _("得分率"), "topic": _("专题")}
        return _("不限%(what)s，则有 %(n)s 题可用", what=_("和").join(words[demand] for demand in one.wider), n=one.found)
    return _("从“%(place)s”多出，那里还余 %(n)s 题", place=place(one.cell, topics), n=one.found)


def place(cell: Cell, topics: Mapping[str, str]) -> str:
    """Return a cell in words."""
    parts = [_(TYPE_LABELS[ItemType(cell.type)]), topics.get(cell.topic, cell.topic) if cell.topic else _("不限专题")]
    if cell.level:
        parts.append(_(LEVEL_LABELS[Level(cell.level)]))
    if (cell.hardest, cell.easiest) != (0.0, 1.0):
        parts.append(_("得分率 %(low)s–%(high)s", low=f"{cell.hardest:g}", high=f"{cell.easiest:g}"))
    return " · ".join(parts)
