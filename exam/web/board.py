"""The exam board's pages: exams, blueprint and its feasibility, papers, live counts, release."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, SelectField
from wtforms.fields import Field
from wtforms.validators import InputRequired, NumberRange, Optional

from exam.domain.exam import Counts, Exam, ExamPolicy, Release
from exam.services import analysis, assembly, fairness, result
from exam.services import board as service
from exam.services import exam as exams
from exam.services.board import ExamBoard
from exam.services.fairness import FairnessSheet
from exam.web.exam import MULTIPLE
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal
from question_bank.domain.item import LEVEL_LABELS, TYPE_LABELS, ItemType, Level
from question_bank.domain.scoring import MultiplePolicy

exam_board = routes("exam_board", __name__)
EQUAL_POINTS = 1.0  # standard deviation of expected scores, of 100 points, up to which papers count as equally hard
ALIKE = 0.5  # share of common items from which neighbours' papers are too much alike
COUNTS = {Counts.BEST: N_("取最高分"), Counts.LAST: N_("取最后一次")}
MOST_AT_ONCE = 2_000  # larger sets take longer than a request may: flask exam assemble


class PapersForm(Form):
    """How many papers to draw."""

    papers = IntegerField(lazy_gettext("试卷份数"), [InputRequired(), NumberRange(1, MOST_AT_ONCE)])
    forms = IntegerField(lazy_gettext("平行卷套数"), [Optional(), NumberRange(1, MOST_AT_ONCE)])


class PolicyForm(Form):
    """How the exam is scored, marked and taken again."""

    multiple = SelectField(lazy_gettext("多选题计分"), [InputRequired()])
    attempts = IntegerField(lazy_gettext("考试次数"), [InputRequired(), NumberRange(1, 20)])
    wait_days = IntegerField(lazy_gettext("两次考试至少间隔（天）"), [InputRequired(), NumberRange(0, 365)])
    counts = SelectField(lazy_gettext("多次考试的成绩"), [InputRequired()])
    double_percent = IntegerField(lazy_gettext("简答题双评比例（%）"), [InputRequired(), NumberRange(0, 100)])
    tolerance_percent = IntegerField(lazy_gettext("双评允许相差（占该题分值的 %）"), [InputRequired(), NumberRange(0, 100)])

    @classmethod
    def of(cls, exam: Exam) -> "PolicyForm":
        """Return the form, filled with the exam's choices unless it was sent."""
        form = cls(attempts=exam.attempts, **asdict(exam.policy))
        form.multiple.choices = [(str(policy), _(words)) for policy, words in MULTIPLE.items()]
        form.counts.choices = [(str(rule), _(words)) for rule, words in COUNTS.items()]
        return form


@dataclass(frozen=True, slots=True)
class BoardPage:
    """What the list shows."""

    exams: Sequence[Exam]


@dataclass(frozen=True, slots=True)
class ExamPage:
    """What the page of one exam shows."""

    board: ExamBoard
    cells: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[str, int], ...]
    form: PapersForm
    policy: PolicyForm
    choices: tuple[tuple[str, str], ...]
    frozen: bool
    may_release: bool
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class FairnessPage:
    """The fairness sheet with its judgement in words."""

    sheet: FairnessSheet
    cells: tuple[tuple[str, ...], ...]
    judgement: tuple[tuple[str, str], ...]  # kind of notice, sentence


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
    return render_template("exam/board/fairness.html", page=FairnessPage(sheet, _cells(sheet.board), _judgement(sheet)))


@exam_board.post("/admin/exams/<code>/papers")
@requires(Permission.MANAGE_EXAMS)
def assemble(code: str) -> ResponseReturnValue:
    """Draw papers."""
    form = PapersForm()
    if not form.validate_on_submit():
        return _show(code, form, status=422)
    try:
        made = assembly.assemble(code, papers=form.papers.data or 0, forms=form.forms.data, now=current.now(), actor_id=current.person().person_id)
    except Refusal as refusal:
        return _show(code, form, refusal=_(refusal.message), status=refusal.status)
    flash(_("已组卷 %(n)s 份。", n=len(made.papers)), "success")
    return redirect(url_for("exam_board.one", code=code))


@exam_board.post("/admin/exams/<code>/policy")
@requires(Permission.MANAGE_EXAMS)
def choose(code: str) -> ResponseReturnValue:
    """Choose how the exam is scored, marked and taken again."""
    form = PolicyForm.of(service.board(code).exam)
    if not form.validate_on_submit():
        return _show(code, PapersForm(formdata=None), policy=form, status=422)
    policy = ExamPolicy(
        multiple=MultiplePolicy(form.multiple.data), counts=Counts(form.counts.data), wait_days=form.wait_days.data or 0,
        double_percent=form.double_percent.data or 0, tolerance_percent=form.tolerance_percent.data or 0,
    )  # fmt: skip
    try:
        exams.set_policy(code, attempts=form.attempts.data or 1, policy=policy, actor_id=current.person().person_id, now=current.now())
    except Refusal as refusal:
        return _show(code, PapersForm(formdata=None), refusal=_(refusal.message), status=refusal.status)
    flash(_("已保存。"), "success")
    return redirect(url_for("exam_board.one", code=code))


@exam_board.post("/admin/exams/<code>/release")
@requires(Permission.MANAGE_EXAMS)
def release(code: str) -> ResponseReturnValue:
    """Release the results."""
    count = result.release(code, actor_id=current.person().person_id, now=current.now())
    flash(_("已公布 %(n)s 人的成绩。", n=count), "success")
    return redirect(url_for("exam_board.one", code=code))


@exam_board.post("/admin/exams/<code>/analysis")
@requires(Permission.MANAGE_EXAMS)
def analyse(code: str) -> ResponseReturnValue:
    """Have the items analysed."""
    analysis.request(code, actor_id=current.person().person_id, now=current.now())
    flash(_("已开始分析试题，几分钟后可在题库的“试题分析”中查看。"), "success")
    return redirect(url_for("exam_board.one", code=code))


def _show(code: str, form: PapersForm, *, policy: PolicyForm | None = None, refusal: str | None = None, status: int = 200) -> ResponseReturnValue:
    board = service.board(code)
    shown = policy or PolicyForm.of(board.exam)
    words = {"open": _("正在作答"), "submitted": _("已交卷，待评分"), "finalised": _("到时收卷，待评分"), "scored": _("已评分"), "annulled": _("已作废")}
    page = ExamPage(
        board=board,
        cells=_cells(board),
        counts=tuple((word, board.states.get(state, 0)) for state, word in words.items()),
        form=form,
        policy=shown,
        choices=tuple((field.label.text, _chosen(field)) for field in shown if field.type != "CSRFTokenField"),
        frozen=current.now() >= board.exam.opens or board.papers_free < board.papers,
        may_release=board.exam.release is Release.BY_HAND and not board.exam.released,
        refusal=refusal,
    )
    return render_template("exam/board/one.html", page=page), status


def _chosen(field: Field) -> str:
    words = {choice[0]: str(choice[1]) for choice in field.iter_choices()} if isinstance(field, SelectField) else {}
    return words.get(field.data, str(field.data))


def _judgement(sheet: FairnessSheet) -> tuple[tuple[str, str], ...]:
    """Say in plain words what the figures mean."""
    found = sheet.board.statistics
    if found is None:
        return (("info", _("还没有组卷，组卷后这里会说明各卷是否公平。")),)
    said = [
        ("success", _("各卷难度相当：同一位考生换一份试卷，预期得分一般只差 %(sd)s 分。", sd=f"{found.expected_score.sd:.2f}"))
        if found.expected_score.sd <= EQUAL_POINTS
        else ("warning", _("各卷预期得分相差偏大（标准差 %(sd)s 分），请收紧容差后重新组卷。", sd=f"{found.expected_score.sd:.2f}"))
    ]
    if found.exposure_max * 100 > sheet.board.blueprint.exposure_percent:
        said.append(("warning", _("有试题出现在 %(share)s 的试卷中，超过了规定的上限。", share=f"{found.exposure_max:.0%}")))
    if sheet.neighbours and sheet.neighbours.mean > sheet.board.blueprint.items * ALIKE:
        said.append(("warning", _("同校相邻考生的试卷平均有 %(n)s 题相同，偏多，请扩充题库。", n=f"{sheet.neighbours.mean:.1f}")))
    if sheet.hardness:
        kind = "success" if sheet.hardness.sd <= EQUAL_POINTS else "warning"
        said.append((kind, _("考后按实测难度复核，各卷对同一水平考生的预期得分标准差为 %(sd)s 分。", sd=f"{sheet.hardness.sd:.2f}")))
    return tuple(said)


def _cells(board: ExamBoard) -> tuple[tuple[str, ...], ...]:
    found = []
    for line in board.supply:
        cell = line.cell
        level = _(LEVEL_LABELS[Level(cell.level)]) if cell.level else _("不限")
        enough = _("够") if line.found >= cell.count else _("缺 %(n)s 题", n=cell.count - line.found)
        band = f"{cell.hardest:g}–{cell.easiest:g}"
        kind = _(TYPE_LABELS[ItemType(cell.type)])
        found.append((line.section, kind, line.topic or _("不限"), level, band, str(cell.count), str(line.found), enough))
    return tuple(found)
