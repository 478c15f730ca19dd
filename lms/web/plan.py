"""A learner's plan in words: shared by her first page and the page of the whole plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain import hours as hours_rules
from lms.domain.lesson import LessonState
from lms.domain.plan import NextAction, Step, StepCode
from lms.domain.programme import Programme
from lms.domain.window import Period
from lms.kernel import request as current
from lms.kernel.i18n import format_hours, format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import plan as service
from lms.services.activity import kind_of
from lms.services.plan import Plan

plan = routes("plan", __name__)
_INSTANT = timedelta(microseconds=1)  # a period ends with the last instant of its last day


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as the `steps` component shows it."""

    title: str
    state: str
    text: str
    url: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class NextView:
    """The one thing to do: what, why, the button, and what counts down."""

    title: str
    text: str
    label: str | None = None
    url: str | None = None
    until: datetime | None = None
    until_label: str | None = None


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
    exam: tuple[tuple[str, str], ...]
    grading: tuple[tuple[str, str], ...]


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
    person_id, now = current.person().person_id, current.now()
    code = request.args.get("programme") or next(iter(service.codes_of(person_id)), None)
    if code is None:
        return render_template("lms/plan/none.html")
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
        exam=exam_words(programme),
        grading=grading_words(programme),
    )
    return render_template("lms/plan/page.html", page=shown)


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
    titles = {
        StepCode.ENROL: _("报名"),
        StepCode.ONLINE: _("线上学习"),
        StepCode.OFFLINE: _("线下培训"),
        StepCode.ASSIGNMENTS: _("提交作业"),
        StepCode.EXAM: _("线上测试"),
        StepCode.CERTIFICATE: _("合格证书"),
    }
    text = days(step.period) if step.code is not StepCode.CERTIFICATE else _("全部要求达到后自动颁发")
    return StepView(titles[step.code], step.state.value, text, hint=_hint(found, step.code))


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


def exam_words(programme: Programme) -> tuple[tuple[str, str], ...]:
    """Write what the exam is like."""
    exam = programme.exam
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
    return (*parts, (_("合格要求"), "，".join(needs)))


def next_view(found: Plan) -> NextView:
    """Write the one thing to do."""
    return _NEXT[found.action](found)


def _learn(found: Plan) -> NextView:
    lesson, state = found.next_lesson or (None, LessonState.NOT_STARTED)
    url = url_for("lesson.page", lesson_id=lesson.id) if lesson else None
    label = _("开始学习") if state is LessonState.NOT_STARTED else _("继续学习")
    if state is LessonState.WATCHED:
        label = _("去做随堂小测")
    return NextView(
        title=_("下一步：%(title)s", title=lesson.title if lesson else ""),
        text="，".join(found.missing),
        label=label,
        url=url,
        until=found.window.closes if found.window else None,
        until_label=_("学习时段还剩") if found.window else None,
    )


def _wait_for_window(found: Plan) -> NextView:
    lesson = found.next_lesson
    return NextView(
        title=_("您的学习时段还没有开始"),
        text=_("时段为%(days)s。现在可以先看课程，时段开始后观看才计入学时。", days=days(found.window)),
        label=_("先看看课程") if lesson else None,
        url=url_for("lesson.page", lesson_id=lesson[0].id) if lesson else None,
        until=found.window.opens if found.window else None,
        until_label=_("距离开始"),
    )


def _window_is_over(found: Plan) -> NextView:
    return NextView(
        title=_("您的学习时段已经结束"),
        text=_("%(missing)s。如因病假、公假或调动未能完成，可请学校申请个人学习时段。", missing="，".join(found.missing)),
        label=_("查看学习计划"),
        url=_plan_url(found),
    )


def _wait_for_lessons(found: Plan) -> NextView:
    return NextView(
        title=_("已发布的课程都学完了"),
        text=_("%(missing)s，请等待新课程发布。", missing="，".join(found.missing)),
        label=_("查看学习计划"),
        url=_plan_url(found),
    )


def _sit_exam(found: Plan) -> NextView:
    exam = found.exams[0] if found.exams else None
    kind = kind_of(exam.kind) if exam else None
    url = kind.address(exam) if exam and kind and kind.address else _plan_url(found)
    return NextView(
        title=_("下一步：参加线上测试"),
        text=_("%(minutes)s 分钟，%(items)s 题。请准备好安静的环境和稳定的网络。", minutes=found.programme.exam.minutes, items=found.programme.exam.items),
        label=_("去参加测试"),
        url=url,
        until=found.programme.exam.closes,
        until_label=_("测试开放还剩"),
    )


def _wait_for_exam(found: Plan) -> NextView:
    return NextView(
        title=_("学习已经完成，等待测试开放"),
        text=_("测试于%(days)s开放。", days=days(found.programme.exam)),
        label=_("查看学习计划"),
        url=_plan_url(found),
        until=found.programme.exam.opens,
        until_label=_("距离开放"),
    )


def _exam_is_over(found: Plan) -> NextView:
    return NextView(_("测试已经结束"), _("没有您的交卷记录。如有疑问，请联系班级管理员。"), _("查看学习计划"), _plan_url(found))


def _offline(found: Plan) -> NextView:
    period = next((stage for stage in found.programme.stages if stage.activity == "offline"), None)
    return NextView(
        _("下一步：参加线下培训"),
        _("时间为%(days)s，由当地教育行政部门通知地点；签到名单录入后，这里显示学时。", days=days(period)),
        _("查看学习计划"),
        _plan_url(found),
    )


def _assignments(found: Plan) -> NextView:
    left = "、".join(f"《{one.title}》" for one in found.programme.assignments if one.code not in found.standing.scored)
    return NextView(_("下一步：完成作业"), _("%(titles)s还没有成绩；评阅完成并录入后，这里自动更新。", titles=left), _("查看作业要求"), _plan_url(found))


def _wait_for_result(found: Plan) -> NextView:
    return NextView(_("全部步骤都完成了"), _("正在汇总成绩；总评合格后，证书自动颁发。"), _("查看学习计划"), _plan_url(found))


def _not_qualified(found: Plan) -> NextView:
    return NextView(_("总评未达到合格要求"), _("请查看成绩单，了解每一项的得分。"), _("查看学习计划"), _plan_url(found))


def _certificate(found: Plan) -> NextView:
    return NextView(_("祝贺您，培训合格"), _("证书已经颁发。"), _("查看学习计划"), _plan_url(found))


def _plan_url(found: Plan) -> str:
    return url_for("plan.page", programme=found.programme.code)


_NEXT: Mapping[NextAction, Callable[[Plan], NextView]] = {
    NextAction.LEARN: _learn,
    NextAction.WAIT_FOR_WINDOW: _wait_for_window,
    NextAction.WAIT_FOR_LESSONS: _wait_for_lessons,
    NextAction.WINDOW_IS_OVER: _window_is_over,
    NextAction.SIT_EXAM: _sit_exam,
    NextAction.WAIT_FOR_EXAM: _wait_for_exam,
    NextAction.EXAM_IS_OVER: _exam_is_over,
    NextAction.OFFLINE: _offline,
    NextAction.ASSIGNMENTS: _assignments,
    NextAction.WAIT_FOR_RESULT: _wait_for_result,
    NextAction.NOT_QUALIFIED: _not_qualified,
    NextAction.CERTIFICATE: _certificate,
}
