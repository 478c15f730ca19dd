"""The result of an exam, when it is released."""

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.admission import Briefing
from exam.domain.exam import Exam, Release
from exam.domain.result import OTHERS, PointsChange, ResultSheet, TopicScore
from exam.services import appeal as appeals
from exam.services import packet as packets
from exam.services import result as service
from exam.services import review as reviews
from exam.services import room as rooms
from exam.store.appeal import ExamAppealRow
from exam.store.packet import PacketDecisionRow, PacketRow
from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from lms.kernel.templating import format_points

exam_result = routes("exam_result", __name__)
CHANGED = {
    "marking": N_("%(at)s 简答题重新评阅，得分由 %(before)s 分改为 %(after)s 分。"),
    "regrade": N_("%(at)s 更正了试题答案，得分由 %(before)s 分改为 %(after)s 分，您的作答没有改动。"),
    "reversal": N_("%(at)s 撤回了先前对试题答案的更正，得分由 %(before)s 分改为 %(after)s 分，您的作答没有改动。"),
    "packet": N_("%(at)s 应急包中的答案计入，得分由 %(before)s 分改为 %(after)s 分。"),
}
WELL, WEAK = 80, 60  # per cent of a topic's points, for the words beside the meter


@dataclass(frozen=True, slots=True)
class TopicLine:
    """One topic of the profile."""

    name: str
    points: int
    of_points: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What the result page shows."""

    sheet: ResultSheet
    items: int
    pass_points: int | None
    changes: tuple[str, ...]
    topics: tuple[TopicLine, ...]
    whole: bool  # every topic is told by itself
    waiting_text: str
    next_text: str
    next_label: str
    next_url: str
    may_review: bool
    appeals: tuple[ExamAppealRow, ...]
    may_appeal: bool
    packets: tuple[tuple[PacketRow, PacketDecisionRow | None], ...]


@exam_result.get("/exams/<code>/result")
@requires(Permission.SIT_EXAM)
def sheet(code: str) -> ResponseReturnValue:
    """Show points, pass and the profile over the topics."""
    person, now = current.person(), current.now()
    one = rooms.exam_of(person.person_id, code, now)
    found = service.sheet(person.person_id, code)
    if found is None:
        return redirect(url_for("exams.briefing", code=code))
    if found.released and request.method == "GET":
        service.note_view(found, now)
    names = {**rooms.topic_names(one.briefing.exam), OTHERS: _("其他专题")}
    topics = service.profile(found, now)
    failed = found.passed is False
    again = failed and one.briefing.next_at is not None
    page = ResultPage(
        sheet=found,
        items=one.briefing.exam.items,
        pass_points=one.briefing.exam.pass_points,
        changes=tuple(_changed(one) for one in found.changes),
        topics=tuple(_line(topic, names) for topic in topics),
        whole=topics == found.topics,
        waiting_text=_waiting_text(one.briefing.exam, found),
        next_text=_next_text(one.briefing, failed=failed, again=again, now=now),
        next_label=_("再考一次") if again else _("查看总评"),
        next_url=url_for("exams.briefing", code=code) if again else "/grades",
        may_review=reviews.is_open(person.person_id, code, now),
        appeals=(made := tuple(appeals.of_person(person.person_id, code))),
        may_appeal=found.released and all(one.decided_at is not None for one in made),
        packets=tuple(packets.of_person(person.person_id, code)),
    )
    return render_template("exam/result/sheet.html", page=page)


def _changed(one: PointsChange) -> str:
    return _(CHANGED[one.kind], at=format_instant(one.at), before=format_points(one.before), after=format_points(one.after))


def _waiting_text(exam: Exam, found: ResultSheet) -> str:
    if found.annulled:
        return _("您的作答已作废，不计成绩。如有疑问，请联系考试管理员。")
    if exam.release is Release.BY_HAND and not exam.released:
        return _("答案已收存。成绩由考试管理员统一公布，公布后可在这里查看。")
    if found.marking:
        return _("选择题等已自动评分，简答题正在由阅卷人评阅，全部评完后成绩会出现在这里。")
    return _("系统正在评分，通常不超过一分钟，请稍后刷新。")


def _next_text(briefing: Briefing, *, failed: bool, again: bool, now: datetime) -> str:
    if again and briefing.next_at is not None and briefing.next_at > now:
        return _(
            "这次没有达到合格线，还可以再考 %(left)s 次，最早 %(at)s 开始。建议先复习得分较低的专题。",
            left=briefing.attempts_left, at=format_instant(briefing.next_at),
        )  # fmt: skip
    if again:
        return _("这次没有达到合格线，还可以再考 %(left)s 次。建议先复习得分较低的专题。", left=briefing.attempts_left)
    if failed and briefing.attempts_left:
        return _("这次没有达到合格线，考试时间内已不能再考。如有疑问，请联系班级管理员。")
    if failed:
        return _("这次没有达到合格线，考试次数已经用完。如有疑问，请联系班级管理员。")
    return _("成绩已计入总评，可以查看还差什么，或领取证书。")


def _line(topic: TopicScore, names: dict[str, str]) -> TopicLine:
    percent = 100 * topic.points // topic.of_points if topic.of_points else 0
    word, kind = (_("掌握较好"), "success") if percent >= WELL else (_("基本掌握"), "accent") if percent >= WEAK else (_("需要加强"), "warning")
    text = _("%(points)s / %(of)s 分，%(word)s", points=format_points(topic.points), of=format_points(topic.of_points), word=word)
    return TopicLine(names.get(topic.topic, topic.topic), topic.points, topic.of_points, text, kind)
