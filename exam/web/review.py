"""The review of a paper, the appeal against a result, and the pages where both are decided on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField, validators

from exam.domain.exam import Exam
from exam.domain.packet import Outstanding
from exam.domain.regrade import Effect
from exam.domain.review import REVIEW_LABELS, Review
from exam.services import appeal as appeals
from exam.services import duty
from exam.services import review as service
from exam.services.appeal import AppealView
from exam.services.review import ReviewedItem
from exam.web.picture import sent
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from lms.kernel.templating import format_points
from question_bank.api import with_sources
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemType, Key

exam_review = routes("exam_review", __name__)
CORRECTED = {
    Effect.REPLACE: N_("这道题的答案已更正，这里是更正后的答案；解析可能写在更正之前。"),
    Effect.ACCEPT: N_("这道题更正过：另有一种答案也算对；解析可能写在更正之前。"),
    Effect.FULL: N_("这道题有误，拿到它的人都得满分。"),
    Effect.DROP: N_("这道题有误，不计分，其余题按满分折算。"),
}


class AppealForm(Form):
    """What the learner says."""

    words = TextAreaField(lazy_gettext("复核理由"), [validators.InputRequired(), validators.Length(min=4, max=500)])


class AnswerForm(Form):
    """What is answered."""

    answer = StringField(lazy_gettext("答复"), [validators.InputRequired(), validators.Length(max=500)])


class RuleForm(Form):
    """When papers may be looked through."""

    review = SelectField(lazy_gettext("考后查看试卷和解析"), [validators.InputRequired()])


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One option as it was shown."""

    letter: str
    html: str
    chosen: bool
    is_key: bool
    note_html: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of the review; `given` and `right` say answer and key in words where options alone do not, `corrected` what was corrected since.

    `judged`: whether options are marked as right and wrong; `verdict`: the kind of badge for the points.
    """

    position: int
    kind: str
    stem_html: str
    prompts_html: tuple[str, ...]
    options: tuple[OptionLine, ...]
    given: str
    right: str
    corrected: str
    judged: bool
    points: str
    verdict: str
    explanation_html: str
    model_html: str
    marks: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What the review shows."""

    exam: Exam
    items: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True)
class AppealsPage:
    """The appeals of an exam."""

    exam: Exam
    waiting: tuple[AppealView, ...]
    decided: tuple[AppealView, ...]
    more: int  # that wait and are not shown
    rule: RuleForm
    held_by: tuple[str, str] | None  # code and title of another exam
    packets: Outstanding | None


@exam_review.get("/exams/<code>/review")
@requires(Permission.SIT_EXAM)
def page(code: str) -> ResponseReturnValue:
    """Show the paper with answers, keys and explanations."""
    exam, items = service.review(current.person().person_id, code, current.now())

    def shown(html: str) -> str:
        return with_sources(html, lambda digest: url_for("exam_review.picture", code=code, digest=digest))

    return render_template("exam/review/page.html", page=ReviewPage(exam, tuple(_line(at, one, shown) for at, one in enumerate(items, start=1))))


@exam_review.get("/exams/<code>/review/pictures/<digest>")
@requires(Permission.SIT_EXAM)
def picture(code: str, digest: str) -> Response:
    """Send a picture of the reviewed paper."""
    return sent(service.picture(current.person().person_id, code, digest, current.now()), seconds=60)


@exam_review.post("/exams/<code>/appeal")
@requires(Permission.SIT_EXAM)
def appeal(code: str) -> ResponseReturnValue:
    """Ask for a second look at the result."""
    form = AppealForm()
    if form.validate_on_submit():
        with flash_refusal("warning"):
            appeals.make(current.person().person_id, code, form.words.data or "", current.now())
            flash(_("复核申请已提交，处理后会在本页答复。"), "success")
    else:
        flash(_("请写明复核理由，4 至 500 字。"), "warning")
    return redirect(url_for("exam_result.sheet", code=code))


@exam_review.get("/admin/exams/<code>/appeals")
@requires(Permission.MANAGE_EXAMS)
def everything(code: str) -> ResponseReturnValue:
    """List the appeals of an exam, and choose when papers may be looked through."""
    exam, views = appeals.of_exam(code)
    waiting, answered = (tuple(view for view in views if (view.appeal.decided_at is None) is wanted) for wanted in (True, False))
    others = sum(view.person_id != current.person().person_id for view in waiting)  # one's own is listed, but nothing to decide
    more = max(0, duty.of_exam(code, current.person().person_id, current.now()).get("appeal", 0) - others)
    rule = _offered(RuleForm(formdata=None, review=str(service.current_rule(code))))
    listed = AppealsPage(exam, waiting, answered, more, rule, *service.held_by(code, current.now()))
    return render_template("exam/appeal/list.html", page=listed)


@exam_review.post("/admin/exams/<code>/review")
@requires(Permission.MANAGE_EXAMS)
def choose(code: str) -> ResponseReturnValue:
    """Choose when papers may be looked through."""
    form = _offered(RuleForm())
    if form.validate_on_submit():
        with flash_refusal("warning"):
            service.set_rule(code, Review(form.review.data), actor_id=current.person().person_id, now=current.now())
            flash(_("已保存。"), "success")
    return redirect(url_for("exam_review.everything", code=code))


@exam_review.post("/admin/exams/<code>/appeals/<int:appeal_id>/<any(uphold, refuse):decision>")
@requires(Permission.MANAGE_EXAMS)
def decide(code: str, appeal_id: int, decision: str) -> ResponseReturnValue:
    """Answer an appeal."""
    form = AnswerForm()
    if not form.validate_on_submit():
        flash(_("请写一句答复，考生会看到。"), "warning")
        return redirect(url_for("exam_review.everything", code=code))
    with flash_refusal("warning"):
        actor_id = current.person().person_id
        appeals.decide(appeal_id, exam_code=code, upheld=decision == "uphold", answer=form.answer.data or "", actor_id=actor_id, now=current.now())
        flash(_("已答复，考生可以看到。"), "success")
    return redirect(url_for("exam_review.everything", code=code))


def _offered(form: RuleForm) -> RuleForm:
    form.review.choices = [(str(rule), _(label)) for rule, label in REVIEW_LABELS.items()]
    return form


def _line(position: int, one: ReviewedItem, shown: Callable[[str], str]) -> ItemLine:
    kind, chosen = one.content.type, one.answer.choices if one.answer else ()
    judged = one.effect not in (Effect.FULL, Effect.DROP)
    # Of a choice of several, each right response is one of its own: the first stands at the options, the others in words.
    marked = one.keys[:1] if kind is ItemType.MULTIPLE else one.keys
    keys = {option for key in marked for option in key.options} if kind.chooses and judged else ()
    notes = one.explanation.options_html
    return ItemLine(
        position=position,
        kind=_(TYPE_LABELS[kind]),
        stem_html=shown(one.content.stem_html),
        prompts_html=tuple(map(shown, one.content.prompts_html)),
        options=tuple(
            OptionLine(
                LETTERS[at], shown(one.content.options_html[original]), kind.chooses and at in chosen, original in keys,
                shown(notes[original]) if original < len(notes) else "",
            )
            for at, original in enumerate(one.order)
        ),
        given="" if kind.chooses else _said(kind, chosen, one.answer.texts if one.answer else ()),
        right=_right(one, one.keys[len(marked) :] if kind.chooses else one.keys) if judged else "",
        corrected=_(CORRECTED[one.effect]) if one.effect else "",
        judged=judged,
        points=_("不计分") if one.effect is Effect.DROP else _("%(points)s / %(of)s 分", points=format_points(one.points), of=format_points(one.of_points)),
        verdict="neutral" if one.effect is Effect.DROP else "success" if one.points == one.of_points else "warning" if one.points else "danger",
        explanation_html=shown(one.explanation.overall_html),
        model_html=shown(one.keys[0].model_html),
        marks=tuple(
            _("%(words)s：%(points)s / %(of)s 分", words=criterion.words, points=format_points(given), of=format_points(criterion.points))
            for criterion, given in (one.marked.criteria if one.marked else ())
            if criterion.words
        ),
        remarks=one.marked.remarks if one.marked else (),
    )  # fmt: skip


def _said(kind: ItemType, shown: Sequence[int], texts: Sequence[str]) -> str:
    """Say a response: texts as they are, letters in order, or the letter beside each prompt."""
    letters = [LETTERS[at] if at >= 0 else "—" for at in shown]
    if kind is ItemType.MATCHING:
        letters = [f"{number} → {letter}" for number, letter in enumerate(letters, start=1)]
    return _("；").join(texts or letters) or _("未作答")


def _right(one: ReviewedItem, keys: Sequence[Key]) -> str:
    """Say keys in the letters of the page; what people mark has none."""
    if one.content.type is ItemType.FILL_IN:
        return _("；").join(
            _(" 或 ").join(dict.fromkeys(text for blank in blanks for text in blank.texts())) for blanks in zip(*(key.blanks for key in keys), strict=True)
        )
    return _(" 或 ").join(_said(one.content.type, [one.order.index(option) for option in key.options], ()) for key in keys if key.options)
