"""A learner's plan in words: shared by her first page and the page of the whole plan."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from lms.domain import hours as hours_rules
from lms.domain.exam_terms import ExamTerms
from lms.domain.plan import Step, StepCode
from lms.domain.programme import Exam, Programme
from lms.domain.window import Period
from lms.domain.window_request import LONGEST, RequestFaulty, RequestNeedless, RequestWaiting, may_ask
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import format_hours, format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from lms.services import duty as duty_service
from lms.services import plan as service
from lms.services import window_request as window_requests
from lms.services.duty import Duty
from lms.services.plan import Plan

plan = routes("plan", __name__)
_TITLES = {
    StepCode.ENROL: N_("报名"),
    StepCode.ONLINE: N_("线上学习"),
    StepCode.OFFLINE: N_("线下培训"),
    StepCode.ASSIGNMENTS: N_("提交作业"),
    StepCode.EXAM: N_("线上测试"),
    StepCode.CERTIFICATE: N_("合格证书"),
}
_INSTANT = timedelta(microseconds=1)  # a period ends with the last instant of its last day


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as the `steps` component shows it."""

    title: str
    state: str
    text: str
    url: str | None = None
    hint: str | None = None


class WindowForm(Form):
    """A window of one's own to ask for."""

    first_day = DateField(lazy_gettext("第一天"), [InputRequired(), of_our_time])
    last_day = DateField(lazy_gettext("最后一天"), [InputRequired(), of_our_time])
    reason = TextAreaField(
        lazy_gettext("原因"), [InputRequired(), Length(2, LONGEST)], description=lazy_gettext("例如病假、公假、调动；学校或县会核实，省里批准后生效。")
    )


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """One's own windows, what became of the newest request (kind of notice, sentence), and the form where one may ask."""

    windows: tuple[str, ...]
    answer: tuple[str, str] | None
    form: WindowForm | None


@dataclass(frozen=True, slots=True)
class ExamView:
    """One exam: what it is like, and how she stands with it."""

    title: str
    words: tuple[tuple[str, str], ...]
    state: str


@dataclass(frozen=True, slots=True)
class PlanPage:
    """What the page of the plan shows."""

    plan: Plan
    code: str
    hours: "HoursView"
    steps: tuple[StepView, ...]
    assignments: tuple[tuple[str, str, str, str], ...]
    offline_notes: tuple[str, ...]
    offline_hours: str
    exams: tuple[ExamView, ...]
    grading: tuple[tuple[str, str], ...]
    own_window: OwnWindow | None
    duties: tuple[Duty, ...]  # what she is to hear of her exams


@dataclass(frozen=True, slots=True)
class HoursView:
    """Hours earned of hours asked, in the programme's unit."""

    value: Decimal
    maximum: Decimal
    unit: str


@plan.get("/plan")
@requires(Permission.LEARN)
def page() -> ResponseReturnValue:
    """Show everything the programme asks, with dates."""
    code = request.args.get("programme") or next(iter(service.codes_of(current.person().person_id)), None)
    return render_template("lms/plan/none.html") if code is None else _show(code)


@plan.post("/plan/<code>/window")
@requires(Permission.LEARN)
def ask_window(code: str) -> ResponseReturnValue:
    """Ask for a window of one's own."""
    form = WindowForm()
    if not form.validate_on_submit() or not form.first_day.data or not form.last_day.data:
        return _show(code, form), 422
    try:
        with flash_refusal("info", only=(RequestNeedless, RequestWaiting)):
            window_requests.ask(
                current.person().person_id, code, first_day=form.first_day.data, last_day=form.last_day.data, reason=form.reason.data or "", now=current.now()
            )
            flash(_("申请已提交，等待学校或县核实。"), "success")
    except RequestFaulty as refusal:
        faults: dict[str, str] = refusal.facts["faults"]  # type: ignore[assignment]
        for name, message in faults.items():
            form[name].errors = [_(message)]
        return _show(code, form), refusal.status
    return redirect(url_for("plan.page", programme=code, _anchor="own-window"))


def _show(code: str, form: WindowForm | None = None) -> str:
    person_id, now = current.person().person_id, current.now()
    found = service.plan(person_id, code, now)
    programme = found.programme
    shown = PlanPage(
        plan=found,
        code=code,
        hours=hours_view(found),
        steps=step_views(found),
        assignments=tuple((one.title, one.task, days(one.hand_in), days(one.marking)) for one in programme.assignments),
        offline_notes=tuple(stage.note for stage in programme.stages if stage.activity == "offline" and stage.note),
        offline_hours=format_hours(hours_rules.offline_hours(programme.hours, found.progress.offline)),
        exams=_exam_views(found),
        grading=grading_words(programme),
        own_window=_own_window(found, form),
        duties=duty_service.duties(current.person().person_id, frozenset({Permission.SIT_EXAM}), current.now()),
    )
    return render_template("lms/plan/page.html", page=shown)


def _own_window(found: Plan, form: WindowForm | None) -> OwnWindow | None:
    """Show what concerns windows of one's own; nothing where the programme has none, or nothing is left to learn."""
    windows = own_windows(found)
    asked = window_requests.newest(found.enrolment.person_id, found.enrolment.id)
    open_to_her = may_ask(found.programme, online_complete=found.standing.online_complete, now=current.now())
    answer = None
    if asked and asked.granted is None:
        period = days(Period(opens=asked.opens, closes=asked.closes))
        words = _("已申请%(days)s，学校或县已核实，等待省里批准。", days=period) if asked.verified_by else _("已申请%(days)s，等待学校或县核实。", days=period)
        answer, open_to_her = ("info", words), False
    elif asked and not asked.granted:
        answer = ("warning", _("上一次申请没有同意：%(answer)s", answer=asked.answer))
    return OwnWindow(windows, answer, (form or WindowForm()) if open_to_her else None) if windows or answer or open_to_her else None


def own_windows(found: Plan) -> tuple[str, ...]:
    """Write the windows granted to a learner."""
    return tuple(days(one) for one in found.enrolment.personal_windows)


def days(period: Period | None) -> str:
    """Write a period as its first and last day."""
    if period is None:
        return _("不限时间")
    return _("%(first)s至%(last)s", first=format_instant(period.opens, "day"), last=format_instant(period.closes - _INSTANT, "day"))


def hours_view(found: Plan) -> HoursView:
    """Write the online hours."""
    rule = found.programme.hours
    earned = Decimal(format_hours(hours_rules.online_hours(rule, found.progress.online)))
    return HoursView(earned, Decimal(format_hours(rule.online)), _("节") if rule.credit == "lesson" else _("学时"))


def step_views(found: Plan) -> tuple[StepView, ...]:
    """Write the steps of a plan."""
    return tuple(_step_view(found, step) for step in found.steps)


def _step_view(found: Plan, step: Step) -> StepView:
    text = days(step.period) if step.code is not StepCode.CERTIFICATE else _("全部要求达到后自动颁发")
    return StepView(_(_TITLES[step.code]), step.state.value, text, hint=_hint(found, step.code))


def _hint(found: Plan, code: StepCode) -> str | None:
    rule, progress = found.programme.hours, found.progress
    if code is StepCode.ONLINE:
        shown = hours_view(found)
        return _("已得 %(value)s / %(maximum)s %(unit)s", value=shown.value, maximum=shown.maximum, unit=shown.unit)
    if code is StepCode.OFFLINE:
        earned = format_hours(hours_rules.offline_hours(rule, progress.offline))
        return _("已得 %(value)s / %(maximum)s 学时，由签到名单录入", value=earned, maximum=format_hours(rule.offline))
    if code is StepCode.ASSIGNMENTS:
        done = sum(one.code in found.standing.scored for one in found.programme.assignments)
        return _("已有成绩 %(done)s / %(all)s 份", done=done, all=len(found.programme.assignments))
    return None


def _exam_views(found: Plan) -> tuple[ExamView, ...]:
    """Show every exam that was set up, or the one that the programme's file announces."""
    told = [(one.title, state) for one in found.exams if (state := found.exam_states.get(one.id))]
    exam = found.programme.exam
    return tuple(ExamView(title, exam_words(state.terms or exam), state.text) for title, state in told) or (ExamView(exam.title, exam_words(exam), ""),)


def exam_words(exam: Exam | ExamTerms) -> tuple[tuple[str, str], ...]:
    """Write what an exam is like."""
    return (
        (_("开放时间"), days(exam)),
        (_("时长"), _("%(minutes)s 分钟", minutes=exam.minutes)),
        (_("题量与满分"), _("%(items)s 题，满分 %(points)s 分", items=exam.items, points=exam.points)),
        (_("次数"), _("%(number)s 次", number=exam.attempts)),
        (_("参加条件"), _("线上、线下学时达到要求后参加") if exam.requires_learning else _("开放时间内即可参加")),
    )


def grading_words(programme: Programme) -> tuple[tuple[str, str], ...]:
    """Write how the total is made and what qualifies."""
    parts = tuple((one.title, _("占 %(weight)s%%", weight=one.weight)) for one in programme.assessment.components)
    asked = programme.requirements
    needs = [_("总评不低于 %(points)s 分", points=format_hours(asked.total))]
    if asked.online_complete:
        needs.insert(0, _("线上学时完成"))
    if asked.offline_complete and programme.hours.offline:
        needs.insert(-1, _("线下学时完成"))
    return (*parts, (_("合格要求"), _("，").join(needs)))
