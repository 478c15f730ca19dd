"""The one thing to do next, in words: what, why, the button, and what counts down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from lms.domain.lesson import LessonState
from lms.domain.plan import NextAction
from lms.domain.window_request import may_ask
from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.services.activity import kind_of
from lms.services.plan import Plan
from lms.web.plan import days


@dataclass(frozen=True, slots=True)
class NextView:
    """The one thing to do: what, why, the button, and what counts down."""

    title: str
    text: str
    label: str | None = None
    url: str | None = None
    until: datetime | None = None
    until_label: str | None = None
    eyebrow: str | None = None


def next_view(found: Plan) -> NextView:
    """Write the one thing to do."""
    return _NEXT[found.action](found)


def _learn(found: Plan) -> NextView:
    lesson, state = found.next_lesson or (None, LessonState.NOT_STARTED)
    url = url_for("lesson.page", lesson_id=lesson.id) if lesson else None
    label = _("开始学习") if state is LessonState.NOT_STARTED else _("继续学习")
    if state is LessonState.WATCHED:
        label = _("去做课后小测")
    return NextView(
        eyebrow=_("下一步"),
        title=lesson.title if lesson else "",
        text=_("，").join(found.missing),
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
    if not may_ask(found.programme, online_complete=found.standing.online_complete, now=current.now()):
        return NextView(
            _("您的学习时段已经结束"), _("%(missing)s。如有疑问，请联系班级管理员。", missing=_("，").join(found.missing)), _("查看学习计划"), _plan_url(found)
        )
    return NextView(
        title=_("您的学习时段已经结束"),
        text=_("%(missing)s。如因病假、公假或调动未能完成，可以申请个人学习时段。", missing=_("，").join(found.missing)),
        label=_("申请个人学习时段"),
        url=url_for("plan.page", programme=found.programme.code, _anchor="own-window"),
    )


def _wait_for_lessons(found: Plan) -> NextView:
    return NextView(
        title=_("已发布的课程都学完了"),
        text=_("%(missing)s，请等待新课程发布。", missing=_("，").join(found.missing)),
        label=_("查看学习计划"),
        url=_plan_url(found),
    )


def _exam_url(found: Plan) -> str:
    kind = kind_of(found.exam.kind) if found.exam else None
    return kind.address(found.exam) if found.exam and kind and kind.address else _plan_url(found)


def _room_url(found: Plan) -> str:
    kind = kind_of(found.exam.kind) if found.exam else None
    return kind.inside(found.exam) if found.exam and kind and kind.inside else _exam_url(found)


def _sit_exam(found: Plan) -> NextView:
    return NextView(
        eyebrow=_("下一步"),
        title=_("参加线上测试"),
        text=_("%(minutes)s 分钟，%(items)s 题。请准备好安静的环境和稳定的网络。", minutes=found.programme.exam.minutes, items=found.programme.exam.items),
        label=_("去参加测试"),
        url=_exam_url(found),
        until=found.programme.exam.closes,
        until_label=_("测试开放还剩"),
    )


def _back_to_exam(found: Plan) -> NextView:
    return NextView(title=_("考试正在进行"), text=_("您已经开始作答，请尽快回到考场。"), label=_("回到考场"), url=_room_url(found))


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
    return NextView(_("测试已经结束"), _("没有您的有效交卷记录。如有疑问，请联系班级管理员。"), _("查看学习计划"), _plan_url(found))


def _offline(found: Plan) -> NextView:
    period = next((stage for stage in found.programme.stages if stage.activity == "offline"), None)
    return NextView(
        _("参加线下培训"),
        _("时间为%(days)s，由当地教育行政部门通知地点；签到名单录入后，这里显示学时。", days=days(period)),
        _("查看学习计划"),
        _plan_url(found),
        eyebrow=_("下一步"),
    )


def _assignments(found: Plan) -> NextView:
    left = _("、").join(f"《{one.title}》" for one in found.programme.assignments if one.code not in found.standing.scored)
    words = _("%(titles)s还没有成绩；评阅完成并录入后，这里自动更新。", titles=left)
    return NextView(_("完成作业"), words, _("查看作业要求"), _plan_url(found), eyebrow=_("下一步"))


def _wait_for_result(_found: Plan) -> NextView:
    return NextView(_("全部步骤都完成了"), _("正在汇总成绩；总评合格后，证书自动颁发。"), _("查看成绩单"), url_for("grade.page"))


def _not_qualified(_found: Plan) -> NextView:
    return NextView(_("总评未达到合格要求"), _("请查看成绩单，了解每一项的得分。"), _("查看成绩单"), url_for("grade.page"))


def _sit_again(found: Plan) -> NextView:
    at = found.standing.again_at
    later = at if at and at > current.now() else None
    return NextView(
        _("总评还没有达到合格要求，可以再考一次"),
        _("%(at)s 起可以再次参加测试。", at=format_instant(later)) if later else _("测试还有机会，怎样计分见测试页面。"),
        _("查看测试") if later else _("去再考一次"),
        _exam_url(found),
        until=later or found.programme.exam.closes,
        until_label=_("距离可以再考") if later else _("测试开放还剩"),
        eyebrow=_("下一步"),
    )


def _certificate_revoked(_found: Plan) -> NextView:
    return NextView(_("您的证书已被撤销"), _("原因见证书页。如有疑问，请联系班级管理员。"), _("查看我的证书"), url_for("certificate.page"))


def _certificate_lapsed(_found: Plan) -> NextView:
    return NextView(
        _("成绩有更正，目前没有达到合格要求"),
        _("证书现在仍然有效，由省级管理员核实后决定是否撤销。还差什么，见成绩单。"),
        _("查看成绩单"),
        url_for("grade.page"),
    )


def _certificate(_found: Plan) -> NextView:
    return NextView(_("祝贺您，培训合格"), _("证书已经颁发。"), _("查看我的证书"), url_for("certificate.page"))


def _plan_url(found: Plan) -> str:
    return url_for("plan.page", programme=found.programme.code)


_NEXT: Mapping[NextAction, Callable[[Plan], NextView]] = {
    NextAction.LEARN: _learn,
    NextAction.WAIT_FOR_WINDOW: _wait_for_window,
    NextAction.WAIT_FOR_LESSONS: _wait_for_lessons,
    NextAction.WINDOW_IS_OVER: _window_is_over,
    NextAction.BACK_TO_EXAM: _back_to_exam,
    NextAction.SIT_EXAM: _sit_exam,
    NextAction.WAIT_FOR_EXAM: _wait_for_exam,
    NextAction.EXAM_IS_OVER: _exam_is_over,
    NextAction.OFFLINE: _offline,
    NextAction.ASSIGNMENTS: _assignments,
    NextAction.WAIT_FOR_RESULT: _wait_for_result,
    NextAction.SIT_AGAIN: _sit_again,
    NextAction.NOT_QUALIFIED: _not_qualified,
    NextAction.CERTIFICATE_LAPSED: _certificate_lapsed,
    NextAction.CERTIFICATE_REVOKED: _certificate_revoked,
    NextAction.CERTIFICATE: _certificate,
}
