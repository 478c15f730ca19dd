"""Rules about a programme's dates: what must follow, enclose or hold what."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lms.domain.programme_reading import Finding
from lms.domain.programme_rule import Rules, each, whole
from lms.domain.programme_tree import Assignment, Exam, Programme, Stage, Window
from lms.domain.toml_line import join
from lms.domain.window import Period

rules = Rules()


@rules.on(each(Period))
def _period_runs_forward(_: Programme, path: str, period: Period) -> Iterator[Finding]:
    if period.closes <= period.opens:
        yield Finding(join(path, "to"), "period_reversed", "结束不晚于开始")


@rules.on(lambda programme: [("enrolment", programme.enrolment), ("exam", programme.exam)])
@rules.on(each(Stage))
def _lies_in_programme(programme: Programme, path: str, period: Period) -> Iterator[Finding]:
    if not Period(opens=programme.opens, closes=programme.closes).encloses(period):
        yield Finding(path, "outside_programme", "超出了培训的起止日期")


def _in_stage(programme: Programme, activity: str, period: Period) -> bool:
    stages = [stage for stage in programme.stages if stage.activity == activity]
    return any(stage.encloses(period) for stage in stages)


@rules.on(each(Window))
def _window_lies_in_stage(programme: Programme, path: str, window: Window) -> Iterator[Finding]:
    if not _in_stage(programme, "online", window):
        yield Finding(path, "window_outside_stage", '学习时段超出了线上学习阶段（activity = "online"）')


@rules.on(each(Assignment))
def _hand_in_lies_in_stage(programme: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if not _in_stage(programme, "assignments", assignment.hand_in):
        yield Finding(f"{path}.hand_in", "outside_stage", '提交时间超出了作业阶段（activity = "assignments"）')


@rules.on(each(Assignment))
def _marking_lies_in_stage(programme: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if not _in_stage(programme, "assessment", assignment.marking):
        yield Finding(f"{path}.marking", "outside_stage", '评阅时间超出了评阅及测试阶段（activity = "assessment"）')


@rules.on(each(Assignment))
def _marking_follows_hand_in(_: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if assignment.marking.opens < assignment.hand_in.closes:
        yield Finding(f"{path}.marking.from", "marking_before_hand_in_ends", "作业尚可提交，评阅就已开始")


@rules.on(each(Exam))
def _exam_lies_in_stage(programme: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if not _in_stage(programme, "assessment", exam):
        yield Finding(path, "outside_stage", '考试时间超出了评阅及测试阶段（activity = "assessment"）')


@rules.on(each(Exam))
def _exam_follows_learning(programme: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if exam.opens < max(window.closes for window in programme.windows):
        yield Finding(f"{path}.from", "exam_before_learning_ends", "学习尚未结束，考试就已开放")


@rules.on(each(Exam))
def _exam_has_room(_: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if timedelta(0) < exam.closes - exam.opens < exam.minutes * timedelta(minutes=1):
        yield Finding(f"{path}.to", "exam_too_short", f"考试开放的时间不足 {exam.minutes} 分钟")


@rules.on(whole)
def _enrolment_precedes_learning(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    if programme.enrolment.closes > min(window.opens for window in programme.windows):
        yield Finding("enrolment.to", "enrolment_after_learning_starts", "报名尚未结束，学习时段就已开始")


@rules.on(each(Window))
def _window_holds_its_hours(programme: Programme, path: str, window: Window) -> Iterator[Finding]:
    hours = programme.strictest.hours
    if hours.credit == "lesson" or window.closes <= window.opens:
        return  # lessons have no stated length; a reversed period is told as such
    held = Decimal(window.minutes_held(hours.longest_day_minutes)) * hours.rate
    if held < hours.online_minutes:
        yield Finding(
            f"{path}.to",
            "window_too_short",
            f"{hours.online} 学时需要 {hours.online_minutes} 分钟，按每天至多 {hours.longest_day_minutes} 分钟，时段内只有 {held.normalize():f} 分钟",
        )
