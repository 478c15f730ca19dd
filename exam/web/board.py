"""The exam board's pages: exams, blueprint and its feasibility, papers, live counts, release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from exam.domain.exam import Exam, Release
from exam.domain.fairness import BEYOND
from exam.services import analysis, assembly, duty, fairness, posting
from exam.services import board as service
from exam.services import exam as exams
from exam.services import exam_settings as settings
from exam.services.analysis import AnalysisRuns
from exam.services.board import ExamBoard
from exam.services.fairness import FairnessSheet
from exam.web.blueprint import place
from exam.web.exam_settings import labels, settings_words
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.jobs import Standing
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal
from question_bank.domain.item import LEVEL_LABELS, TYPE_LABELS, ItemType, Level

exam_board = routes("exam_board", __name__)
EQUAL_POINTS = 1.0  # standard deviation of expected scores, of 100 points, up to which papers count as equally hard
ALIKE = 0.5  # share of common items from which neighbours' papers are too much alike
MOST = 100_000
SECONDS = 5  # after so many the page looks again while papers are drawn


class PapersForm(Form):
    """How many papers to draw."""

    papers = IntegerField(lazy_gettext("试卷份数"), [InputRequired(), NumberRange(1, MOST)])
    forms = IntegerField(lazy_gettext("平行卷套数"), [Optional(), NumberRange(1, MOST)])


@dataclass(frozen=True, slots=True)
class BoardPage:
    """What the list shows."""

    exams: Sequence[Exam]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of preparing an exam."""

    title: str
    state: str
    text: str
    url: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class ExamPage:
    """What the page of one exam shows."""

    board: ExamBoard
    cells: tuple[tuple[str, ...], ...]
    shortages: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    form: PapersForm
    steps: tuple[Step, ...]
    choices: tuple[tuple[str, str], ...]
    differences: tuple[str, ...]
    frozen: bool
    may_release: bool
    most_alike: str
    analysis: Standing | None  # of its items, while it waits or runs
    drawing: Standing | None  # of its papers
    waiting: Mapping[str, int]  # how many packets, appeals, regrades and archives she could decide on
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class FairnessPage:
    """The fairness sheet with its judgement in words."""

    sheet: FairnessSheet
    cells: tuple[tuple[str, ...], ...]
    judgement: tuple[tuple[str, str], ...]  # kind of notice, sentence
    most_alike: str


@exam_board.get("/admin/exams")
@requires(Permission.MANAGE_EXAMS)
def everything() -> ResponseReturnValue:
    """List every exam."""
    return render_template("exam/board/everything.html", page=BoardPage(exams.all_exams()))


@exam_board.get("/admin/exams/<code>")
@requires(Permission.MANAGE_EXAMS)
def one(code: str) -> ResponseReturnValue:
    """Show one exam."""
    return _show(code, PapersForm())


@exam_board.get("/admin/exams/<code>/fairness")
@requires(Permission.MANAGE_EXAMS)
def fairness_sheet(code: str) -> ResponseReturnValue:
    """Show what the board signs for: whether the papers treat everybody alike."""
    sheet = fairness.sheet(code)
    return render_template("exam/board/fairness.html", page=FairnessPage(sheet, _cells(sheet.board), _judgement(sheet), _most_alike(sheet.board)))


@exam_board.post("/admin/exams/<code>/papers")
@requires(Permission.MANAGE_EXAMS)
def assemble(code: str) -> ResponseReturnValue:
    """Draw papers."""
    form = PapersForm()
    if not form.validate_on_submit():
        return _show(code, form, status=422)
    try:
        made = assembly.request(code, papers=form.papers.data or 0, forms=form.forms.data, now=current.now(), actor_id=current.person().person_id)
    except Refusal as refusal:
        return _show(code, form, refusal=_(refusal.message), status=refusal.status)
    flash(_("已组卷 %(n)s 份。", n=len(made.papers)) if made else _("已开始组卷。"), "success")
    return redirect(url_for("exam_board.one", code=code, _anchor="paper-set"))


@exam_board.post("/admin/exams/<code>/papers/cancel")
@requires(Permission.MANAGE_EXAMS)
def cancel_assembly(code: str) -> ResponseReturnValue:
    """Give papers up that wait to be drawn."""
    flash(_("已取消，原有的试卷不变。") if assembly.cancel(code) else _("已经开始组卷，不能取消；完成后可以重新组卷。"), "info")
    return redirect(url_for("exam_board.one", code=code, _anchor="paper-set"))


@exam_board.post("/admin/exams/<code>/release")
@requires(Permission.MANAGE_EXAMS)
def release(code: str) -> ResponseReturnValue:
    """Release the results."""
    count = posting.release(code, actor_id=current.person().person_id, now=current.now())
    flash(_("已公布 %(n)s 人的成绩。", n=count), "success")
    return redirect(url_for("exam_board.one", code=code))


@exam_board.post("/admin/exams/<code>/analysis")
@requires(Permission.MANAGE_EXAMS)
def analyse(code: str) -> ResponseReturnValue:
    """Have the items analysed."""
    with flash_refusal("info", only=AnalysisRuns):
        analysis.request(code, actor_id=current.person().person_id, now=current.now())
        flash(_("已开始分析试题，几分钟后可在题库的“试题分析”中查看。"), "success")
    return redirect(url_for("exam_board.one", code=code))


@exam_board.post("/admin/exams/<code>/analysis/cancel")
@requires(Permission.MANAGE_EXAMS)
def cancel_analysis(code: str) -> ResponseReturnValue:
    """Have the items no longer analysed."""
    analysis.cancel(code, actor_id=current.person().person_id, now=current.now())
    flash(_("分析已停止，已有的结果不变。"), "success")
    return redirect(url_for("exam_board.one", code=code))


def _show(code: str, form: PapersForm, *, refusal: str | None = None, status: int = 200) -> ResponseReturnValue:
    board, (draft, frozen) = service.board(code), settings.chosen(code, current.now())
    words = {"open": _("正在作答"), "submitted": _("已交卷，待评分"), "finalised": _("到时收卷，待评分"), "scored": _("已评分"), "annulled": _("已作废")}
    states = {**board.states, "scored": board.states.get("scored", 0) - board.marking}
    page = ExamPage(
        board=board,
        cells=_cells(board),
        shortages=_shortages(board),
        counts=(*((word, states.get(state, 0)) for state, word in words.items()), *([(_("待人工评阅"), board.marking)] if board.marking else [])),
        form=form,
        steps=_next(board),
        choices=settings_words(draft, current.person().person_id),
        differences=labels(settings.differences(draft)),
        frozen=frozen,
        may_release=board.exam.release is Release.BY_HAND and not board.exam.released,
        most_alike=_most_alike(board),
        analysis=analysis.standing(code),
        drawing=assembly.standing(code),
        waiting=duty.of_exam(code, current.person().person_id, current.now()),
        refusal=refusal,
    )
    answer = Response(render_template("exam/board/one.html", page=page), status)
    if page.drawing and not page.drawing.failed:
        answer.headers["Refresh"] = f"{SECONDS}; url={url_for('exam_board.one', code=code)}"
    return answer


def _next(board: ExamBoard) -> tuple[Step, ...]:
    """Say what is to be done, from the papers to the release."""
    exam, now = board.exam, current.now()
    here = url_for("exam_board.one", code=exam.code)
    released = exam.release is Release.AT_ONCE or exam.released
    over = now >= exam.closes
    return (
        Step(_("组卷"), "done" if board.papers else "now", _("按细目表从题库抽题，每人一卷或若干平行卷"), f"{here}#paper-set"),
        Step(
            _("考前检查"),
            "done" if over else "now" if board.papers else "later",
            _("试卷、机器、备份、候场速度，逐项确认"),
            url_for("preflight.page", code=exam.code),
        ),
        Step(
            _("公布成绩"),
            "done" if over and released else "now" if over else "later",
            _("评分后立即公布") if exam.release is Release.AT_ONCE else _("考完、评完后由您在这里公布"),
            f"{here}#now",
        ),
    )


def _judgement(sheet: FairnessSheet) -> tuple[tuple[str, str], ...]:
    """Say in plain words what the figures mean."""
    found = sheet.board.statistics
    if found is None:
        return (("info", _("还没有组卷，组卷后这里会说明各卷是否公平。")),)
    again, late = (
        N_("各卷预期得分相差偏大（标准差 %(sd)s 分），请收紧容差后重新组卷。"),
        N_("各卷预期得分相差偏大（标准差 %(sd)s 分）；已有人作答，不能重新组卷，请对照考后复核。"),
    )
    wide = late if sheet.taken else again
    said = [
        ("success", _("各卷难度相当：同一位考生换一份试卷，预期得分一般只差 %(sd)s 分。", sd=f"{found.expected_score.sd:.2f}"))
        if found.expected_score.sd <= EQUAL_POINTS
        else ("warning", _(wide, sd=f"{found.expected_score.sd:.2f}"))
    ]
    said += [("warning", _(BEYOND[rule], n=papers)) for rule, papers in found.beyond.items()]
    if found.exposure_max * 100 > sheet.board.blueprint.exposure_percent:
        said.append(("warning", _("有试题出现在 %(share)s 的试卷中，超过了规定的上限。", share=f"{found.exposure_max:.0%}")))
    if sheet.neighbours and sheet.neighbours.mean > sheet.board.blueprint.items * ALIKE:
        said.append(("warning", _("同校相邻考生的试卷平均有 %(n)s 题相同，偏多，请扩充题库。", n=f"{sheet.neighbours.mean:.1f}")))
    if sheet.hardness:
        kind = "success" if sheet.hardness.sd <= EQUAL_POINTS else "warning"
        said.append((kind, _("考后按实测难度复核，各卷对同一水平考生的预期得分标准差为 %(sd)s 分。", sd=f"{sheet.hardness.sd:.2f}")))
    return tuple(said)


def _most_alike(board: ExamBoard) -> str:
    """Say how many items the two papers most alike share, and what share of the pairs that was looked for in."""
    found = board.statistics
    if found is None or found.overlap_compared == 1:
        return _("最多 %(n)s", n=found.overlap_max) if found else ""
    share = max(found.overlap_compared * 100, 0.01)
    return _("比较过的 %(share)s%% 的卷对中最多 %(n)s，不排除更多", n=found.overlap_max, share=f"{share:.3g}")


def _shortages(board: ExamBoard) -> tuple[str, ...]:
    said = N_("%(section)s（%(cell)s）需要 %(needed)s 题，可用 %(found)s 题")
    lacking = (one for one in board.supply if one.lacking)
    return tuple(_(said, section=one.section, cell=place(one.cell, board.topics), needed=one.cell.count, found=one.found) for one in lacking)


def _cells(board: ExamBoard) -> tuple[tuple[str, ...], ...]:
    found = []
    for line in board.supply:
        cell = line.cell
        topic = board.topics.get(cell.topic, cell.topic) if cell.topic else _("不限")
        level = _(LEVEL_LABELS[Level(cell.level)]) if cell.level else _("不限")
        enough = _("份数多时缺 %(n)s 题", n=line.spread - line.fitting) if line.is_thin else _("够")
        enough = _("缺 %(n)s 题", n=line.lacking) if line.lacking else enough
        band = f"{cell.hardest:g}–{cell.easiest:g}"
        kind = _(TYPE_LABELS[ItemType(cell.type)])
        found.append((line.section, kind, topic, level, band, str(cell.count), str(line.found), enough))
    return tuple(found)
