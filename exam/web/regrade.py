"""Pages of regrades: propose, preview, approve, take back."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from exam.domain.exam import Exam
from exam.domain.regrade import Effect, Stage
from exam.services import regrade as service
from exam.services.regrade import Regrade
from exam.store.regrade import RegradeRow
from exam.web.preview import lettered
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal
from question_bank.domain.item import LETTERS, ItemType, Key

regrades = routes("regrades", __name__)
SECONDS = 5  # after so many the page looks again while the effect is being worked out
EFFECTS = {
    Effect.ACCEPT: N_("另一种答案也算对"),
    Effect.REPLACE: N_("改正答案"),
    Effect.FULL: N_("拿到这道题的人都给满分"),
    Effect.DROP: N_("这道题不计分，其余题按满分折算"),
}
STAGES = {
    Stage.PROPOSED: (N_("待批准"), "warning"),
    Stage.APPROVED: (N_("正在执行"), "accent"),
    Stage.APPLIED: (N_("已执行"), "success"),
    Stage.WITHDRAWN: (N_("已撤回"), "neutral"),
}


class ProposalForm(Form):
    """One correction."""

    item = StringField(lazy_gettext("试题编号"), [InputRequired(), Length(max=120)])
    effect = SelectField(lazy_gettext("更正方式"), [InputRequired()])
    answer = StringField(lazy_gettext("正确的答案"), [Length(max=500)])
    reason = TextAreaField(lazy_gettext("理由"), [InputRequired(), Length(min=2, max=500)])

    def __init__(self) -> None:
        """Name the ways of correcting."""
        super().__init__()
        self.effect.choices = [(str(effect), _(label)) for effect, label in EFFECTS.items()]


class ReversalForm(Form):
    """Why it is taken back."""

    reason = TextAreaField(lazy_gettext("理由"), [InputRequired(), Length(min=2, max=500)])


class ApprovalForm(Form):
    """The figures that were seen."""

    seen = HiddenField(validators=[InputRequired()])


@dataclass(frozen=True, slots=True)
class RegradeLine:
    """One regrade in words."""

    row: RegradeRow
    words: str
    stage: str
    kind: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the list shows."""

    exam: Exam
    lines: tuple[RegradeLine, ...]
    form: ProposalForm
    refusal: str | None


@dataclass(frozen=True, slots=True)
class RegradePage:
    """What the page of one regrade shows."""

    regrade: Regrade
    line: RegradeLine
    options: tuple[tuple[str, str], ...]
    key: str | None  # as it stands in the bank; None while it is sealed
    form: ApprovalForm
    reversal: ReversalForm
    own: bool
    approved: bool  # by who looks
    may_reverse: bool
    refusal: str | None


@regrades.get("/admin/exams/<code>/regrades")
@requires(Permission.MANAGE_EXAMS)
def everything(code: str) -> ResponseReturnValue:
    """List the regrades of an exam."""
    return _list(code, ProposalForm())


@regrades.post("/admin/exams/<code>/regrades")
@requires(Permission.MANAGE_EXAMS)
def propose(code: str) -> ResponseReturnValue:
    """Propose a correction."""
    form = ProposalForm()
    if not form.validate_on_submit():
        return _list(code, form, status=422)
    try:
        made = service.propose(
            code, item=form.item.data or "", effect=Effect(form.effect.data), written=form.answer.data or "", reason=form.reason.data or "",
            actor_id=current.person().person_id, now=current.now(),
        )  # fmt: skip
    except Refusal as refusal:
        return _list(code, form, refusal=_(refusal.message), status=refusal.status)
    flash(_("已提出。系统正在计算影响。"), "success")
    return redirect(url_for("regrades.one", code=code, regrade_id=made))


@regrades.get("/admin/exams/<code>/regrades/<int:regrade_id>")
@requires(Permission.MANAGE_EXAMS)
def one(code: str, regrade_id: int) -> ResponseReturnValue:
    """Show what a regrade does."""
    return _one(code, regrade_id)


@regrades.post("/admin/exams/<code>/regrades/<int:regrade_id>/approval")
@requires(Permission.MANAGE_EXAMS)
def approve(code: str, regrade_id: int) -> ResponseReturnValue:
    """Approve the figures that were seen."""
    form = ApprovalForm()
    service.one(code, regrade_id)
    try:
        last = service.approve(regrade_id, seen=form.seen.data or "", actor_id=current.person().person_id, now=current.now())
    except Refusal as refusal:
        return _one(code, regrade_id, refusal=_(refusal.message), status=refusal.status)
    flash(_("已批准，系统正在重新评分。") if last else _("已批准，还需要一人批准。"), "success")
    return redirect(url_for("regrades.one", code=code, regrade_id=regrade_id))


@regrades.post("/admin/exams/<code>/regrades/<int:regrade_id>/withdrawal")
@requires(Permission.MANAGE_EXAMS)
def withdraw(code: str, regrade_id: int) -> ResponseReturnValue:
    """Withdraw a proposal."""
    service.one(code, regrade_id)
    try:
        service.withdraw(regrade_id, actor_id=current.person().person_id, now=current.now())
    except Refusal as refusal:
        return _one(code, regrade_id, refusal=_(refusal.message), status=refusal.status)
    flash(_("已撤回。"), "success")
    return redirect(url_for("regrades.everything", code=code))


@regrades.post("/admin/exams/<code>/regrades/<int:regrade_id>/reversal")
@requires(Permission.MANAGE_EXAMS)
def reverse(code: str, regrade_id: int) -> ResponseReturnValue:
    """Propose to take a regrade back."""
    form = ReversalForm()
    service.one(code, regrade_id)
    if not form.validate_on_submit():
        return _one(code, regrade_id, reversal=form, status=422)
    try:
        made = service.propose_reversal(regrade_id, reason=form.reason.data or "", actor_id=current.person().person_id, now=current.now())
    except Refusal as refusal:
        return _one(code, regrade_id, refusal=_(refusal.message), status=refusal.status)
    flash(_("已提出撤销。系统正在计算影响。"), "success")
    return redirect(url_for("regrades.one", code=code, regrade_id=made))


def _list(code: str, form: ProposalForm, *, refusal: str | None = None, status: int = 200) -> ResponseReturnValue:
    service.admit(code, current.person().person_id, current.now())
    exam, rows = service.of_exam(code)
    return render_template("exam/regrade/everything.html", page=ListPage(exam, _lines(rows), form, refusal)), status


def _one(code: str, regrade_id: int, *, refusal: str | None = None, reversal: ReversalForm | None = None, status: int = 200) -> ResponseReturnValue:
    service.admit(code, current.person().person_id, current.now())
    found = service.one(code, regrade_id)
    key = service.key_in_bank(found, current.person().person_id, current.now())
    page = RegradePage(
        regrade=found,
        line=_lines([found.row])[0],
        options=tuple(zip(LETTERS, found.content.options_html, strict=False)),
        key=_words(found.content.type, key) if key else None,
        form=ApprovalForm(formdata=None, seen=found.row.digest or ""),
        reversal=reversal or ReversalForm(formdata=None),
        own=found.row.proposed_by == current.person().person_id,
        approved=current.person().person_id in found.approvers,
        may_reverse=found.row.state == Stage.APPLIED and found.row.reverses_id is None and not found.reversed,
        refusal=refusal,
    )
    answer = Response(render_template("exam/regrade/one.html", page=page), status)
    if not found.failed and (found.row.state == Stage.APPROVED or (found.row.state == Stage.PROPOSED and found.preview is None)):
        answer.headers["Refresh"] = f"{SECONDS}; url={url_for('regrades.one', code=code, regrade_id=regrade_id)}"
    return answer


def _words(kind: ItemType, key: Key) -> str:
    """Return a key in words; none for short texts, whose marks people give."""
    if kind is ItemType.FILL_IN:
        return _("；").join(" / ".join(blank.accepted) for blank in key.blanks)
    return lettered(kind, key.options)


def _lines(rows: Sequence[RegradeRow]) -> tuple[RegradeLine, ...]:
    lines = []
    for row in rows:
        answer = "".join(LETTERS[option] for option in row.options) or _("；").join(" | ".join(texts) or "—" for texts in row.blanks)
        words = f"{_(EFFECTS[Effect(row.effect)])}{f' {answer}' if answer else ''}"
        stage, kind = STAGES[Stage(row.state)]
        lines.append(RegradeLine(row, _("撤销：%(words)s", words=words) if row.reverses_id else words, _(stage), kind))
    return tuple(lines)
