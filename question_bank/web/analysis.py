"""What was measured: a bank's items by how much there is to look at, and one item with its curves."""

import math
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Missing
from question_bank.domain.analysis import Estimate, ItemReport, Reliability
from question_bank.domain.classical import GROUPS
from question_bank.domain.concern import LEAST_ANSWERS, NOTHING, SENTENCES, Concern
from question_bank.domain.latent_trait import Model
from question_bank.services import analysis as service
from question_bank.services.analysis import AnalysisPage
from question_bank.services.bank import Bank
from question_bank.store.analysis import Measured, Run
from question_bank.web import curve
from question_bank.web.curve import Chart

analysis = routes("analysis", __name__)
ABILITIES = tuple(step / 4 for step in range(-14, 15))
TICKS = (-3, -2, -1, 0, 1, 2, 3)
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence that says what to do."""

    words: str
    kind: str  # of the notice


@dataclass(frozen=True, slots=True)
class MeasuredLine:
    """One line of the list in the reader's words."""

    url: str
    excerpt: str
    name: str
    answers: int
    difficulty: str
    discrimination: str
    advice: Advice
    more: int


@dataclass(frozen=True, slots=True)
class BankPage:
    """A bank's measured items."""

    bank: Bank
    lines: tuple[MeasuredLine, ...]
    grave: int
    some: int
    fine: int
    unjudged: int
    runs: tuple[tuple[str, str, str, str], ...]
    previous: str | None
    next: str | None
    place: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One measured version of an item."""

    bank: Bank
    item_id: int
    name: str
    excerpt: str
    advice: tuple[Advice, ...]
    stats: tuple[tuple[str, str, str], ...]
    run: str
    at: datetime
    is_latest: bool
    others: tuple[tuple[str, str], ...]
    charts: tuple[tuple[Chart, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]
    options: tuple[tuple[str, ...], ...]
    models: tuple[tuple[str, ...], ...]
    differences: tuple[tuple[str, ...], ...]


def figure(value: float, digits: int = 2) -> str:
    """Return a figure in words; a dash where there is none."""
    return "—" if math.isnan(value) else f"{value:.{digits}f}"


def _advice(concern: Concern) -> Advice:
    severity, words = SENTENCES[concern.code]
    direction = _(concern.direction) if concern.direction else ""
    sentence = _(words, option=concern.option, group=concern.group, direction=direction, figure=concern.figure)
    return Advice(sentence, "danger" if severity >= 4 else "warning" if severity >= 2 else "info")


def advised(report: ItemReport) -> tuple[Advice, ...]:
    """Return what to do about an item, sentence by sentence."""
    return tuple(_advice(concern) for concern in report.concerns) or (Advice(_(NOTHING), "success"),)


def trust(reliability: Reliability | None) -> str:
    """Return how far the scores can be trusted."""
    if reliability is None:
        return _("无法估计")
    kind = _("α 系数（KR-20）") if reliability.kind == "alpha" else _("各人试卷不同，按模型估计")
    return _("%(value)s，测量标准误 %(error)s 题（%(kind)s）", value=figure(reliability.value), error=figure(reliability.standard_error), kind=kind)


def _excerpt(found: Measured) -> str:
    return found.plain.split("\n", 1)[0][:90]


@analysis.get("/bank/<code>/analysis")
@requires(Permission.WRITE_ITEMS)
def page(code: str) -> ResponseReturnValue:
    """Show a bank's measured items, the gravest first."""
    written = request.args.get("page", "1")
    found = service.page(code, min(max(int(written), 1), MOST_PAGES) if written.isdecimal() and len(written) < 6 else 1)
    return render_template("question_bank/analysis/bank.html", page=_bank_page(found))


def _bank_page(found: AnalysisPage) -> BankPage:
    counts = found.severities
    code, number = found.bank.code, found.number
    return BankPage(
        bank=found.bank,
        lines=tuple(_line(code, item) for item in found.items),
        grave=sum(count for severity, count in counts.items() if severity >= 4),
        some=sum(count for severity, count in counts.items() if 1 <= severity < 4),
        fine=counts.get(0, 0),
        unjudged=counts.get(-1, 0),
        runs=tuple((run.title, _day(run), str(run.people), trust(run.reliability) + _unsure(run)) for run in found.runs),
        previous=url_for("analysis.page", code=code, page=number - 1) if number > 1 else None,
        next=url_for("analysis.page", code=code, page=number + 1) if number < found.pages else None,
        place=_("第 %(number)d 页，共 %(pages)d 页", number=number, pages=found.pages),
    )


def _day(run: Run) -> str:
    return format_instant(run.at, "day")


def _unsure(run: Run) -> str:
    return "" if all(one.converged for one in run.models) else _("；模型估计未收敛，参数仅供参考")


def _line(code: str, found: Measured) -> MeasuredLine:
    figures, advice = found.report.statistics, advised(found.report)
    return MeasuredLine(
        url=url_for("analysis.item", code=code, item_id=found.item_id, version=found.number),
        excerpt=_excerpt(found),
        name=_("%(name)s · 第 %(number)d 版", name=found.external_id, number=found.number),
        answers=figures.answers,
        difficulty=curve.percent(figures.difficulty),
        discrimination=figure(figures.point_biserial),
        advice=advice[0],
        more=len(advice) - 1,
    )


@analysis.get("/bank/<code>/items/<int:item_id>/analysis")
@requires(Permission.WRITE_ITEMS)
def item(code: str, item_id: int) -> ResponseReturnValue:
    """Show what was measured of an item: curves, figures, and what to do."""
    view, versions = service.of_item(code, item_id, person_id=current.person().person_id, now=current.now())
    asked = request.args.get("version", "")
    found = next((one for one in versions if str(one.number) == asked), versions[0] if versions else None)
    if found is None:
        raise Missing
    report, other = found.report, [one for one in versions if one is not found]
    return render_template(
        "question_bank/analysis/item.html",
        page=ItemPage(
            bank=view.bank,
            item_id=item_id,
            name=found.external_id,
            excerpt=_excerpt(found),
            advice=advised(report),
            stats=_stats(report),
            run=_("%(title)s，%(people)d 人作答；信度 %(trust)s", title=found.run.title, people=found.run.people, trust=trust(found.run.reliability)),
            at=found.run.at,
            is_latest=found.version_id == view.latest.version_id,
            others=tuple((_("第 %(number)d 版", number=one.number), url_for("analysis.item", code=code, item_id=item_id, version=one.number)) for one in other),
            charts=tuple(charts(report)),
            options=tuple(options(report)),
            models=tuple(models(report)),
            differences=tuple(differences(report)),
        ),
    )


def _stats(report: ItemReport) -> tuple[tuple[str, str, str], ...]:
    figures = report.statistics
    used = _("已用于组卷，代替命题人的估计") if figures.answers >= LEAST_ANSWERS else _("满 %(least)d 人后代替命题人的估计", least=LEAST_ANSWERS)
    return (
        (str(figures.answers), _("作答人数"), ""),
        (curve.percent(figures.difficulty), _("得分率"), used),
        (figure(figures.point_biserial), _("区分度（与其余题得分的相关）"), _("0.15 以下偏低，0.3 以上良好")),
        (figure(figures.discrimination), _("高分组与低分组得分率之差"), _("高、低分组各取 27%")),
    )


def charts(report: ItemReport) -> list[tuple[Chart, tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    """Return the curves of an item with the tables behind them."""
    found = []
    two = report.estimates.get(Model.TWO_PARAMETER)
    if two and not two.at_bound:
        found.append(_characteristic(two))
    if report.statistics.options:
        found.append(_distractors(report))
    return found


def _characteristic(found: Estimate) -> tuple[Chart, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Draw how likely a right response is at each ability, and what was seen there."""

    def chance(ability: float) -> float:
        return 1 / (1 + math.exp(-(found.slope * ability + found.intercept)))

    low, high = ABILITIES[0], ABILITIES[-1]
    chart = Chart(
        label=_("项目特征曲线：能力越高，答对的可能性应越大"),
        x_label=_("能力（0 为平均水平）"),
        levels=curve.levels(),
        ticks=tuple((curve.across(tick, low, high), f"{tick:+d}" if tick else "0") for tick in TICKS),
        lines=(curve.line("", "key", [(curve.across(ability, low, high), chance(ability)) for ability in ABILITIES]),),
        dots=tuple((curve.across(ability, low, high), curve.up(share)) for ability, share in found.observed),
        marker=curve.across(found.difficulty, low, high) if low <= found.difficulty <= high else None,
    )
    rows = tuple((f"{ability:+.1f}", curve.percent(chance(ability)), curve.percent(share)) for ability, share in found.observed)
    return chart, (_("能力"), _("模型预期答对"), _("实际答对")), rows


def _distractors(report: ItemReport) -> tuple[Chart, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Draw who chose what, from the weakest fifth to the best."""
    names = [_("最低"), _("较低"), _("中间"), _("较高"), _("最高")]
    places = [curve.across(at, 0, GROUPS - 1) for at in range(GROUPS)]
    lines, wrong = [], 0
    for option in report.statistics.options:
        style = "key" if option.is_key else f"other-{wrong % 4}"
        wrong += not option.is_key
        lines.append(curve.line(_name(option.label), style, list(zip(places, option.by_group, strict=True)), dotted=True))
    chart = Chart(
        label=_("选项曲线：正确选项应上升，干扰项应下降"),
        x_label=_("按总得分率分成的五组"),
        levels=curve.levels(),
        ticks=tuple(zip(places, names, strict=True)),
        lines=curve.apart(lines),
        dots=(),
    )
    rows = tuple((_label(option.label, is_key=option.is_key), *(curve.percent(share) for share in option.by_group)) for option in report.statistics.options)
    return chart, (_("选项"), *names), rows


def _name(label: str) -> str:
    return label or _("空")


def _label(label: str, *, is_key: bool) -> str:
    return _("%(label)s（正确）", label=label) if is_key else label or _("未作答")


def options(report: ItemReport) -> list[tuple[str, ...]]:
    """Return the rows of the table of options."""
    return [
        (
            _label(option.label, is_key=option.is_key),
            str(option.count),
            curve.percent(option.share),
            curve.percent(option.upper),
            curve.percent(option.lower),
            curve.percent(option.mean_rest),
            figure(option.point_biserial),
        )
        for option in report.statistics.options
    ]


def models(report: ItemReport) -> list[tuple[str, ...]]:
    """Return the rows of the table of models."""
    names = {Model.RASCH: _("Rasch 模型"), Model.TWO_PARAMETER: _("两参数模型")}
    rows: list[tuple[str, ...]] = []
    for model, found in report.estimates.items():
        if found.at_bound:
            rows.append((names[model], _("数据不足以估计"), "—", "—", "—"))
            continue
        slope, difficulty = (_with_error(value, error) for value, error in ((found.slope, found.slope_error), (found.difficulty, found.difficulty_error)))
        fit = found.fit
        square = (
            "—"
            if math.isnan(fit.s_x2)
            else _("%(value)s（自由度 %(degrees)d，p=%(p)s）", value=figure(fit.s_x2, 1), degrees=fit.degrees, p=figure(fit.p_value, 3))
        )
        rows.append((names[model], slope, difficulty, f"{figure(fit.infit)} / {figure(fit.outfit)}", square))
    return rows


def _with_error(value: float, error: float) -> str:
    return f"{figure(value)} ± {figure(error)}"


def differences(report: ItemReport) -> list[tuple[str, ...]]:
    """Return the rows of the table of differences between groups."""
    groupings = {"city": _("设区市"), "sector": _("学段"), "group": _("组别")}
    grades = {"": _("人数较少，不作判断"), "A": _("A 可忽略"), "B": _("B 中等"), "C": _("C 较大")}
    ordered = sorted(report.differential, key=lambda one: -abs(one.delta))
    return [
        (groupings.get(one.grouping, one.grouping), one.group, str(one.answers), f"{one.delta:+.2f} ± {figure(one.standard_error)}", grades[one.grade])
        for one in ordered
    ]
