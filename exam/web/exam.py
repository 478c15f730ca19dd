"""A person's exams, and the page in front of each."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.admission import AttemptsUsed, LearningIncomplete, NotOpenYet, NotReady, TooSoon, WindowClosed
from exam.domain.exam import Counts, Exam
from exam.domain.safe_exam_browser import opening_link
from exam.services import room as service
from exam.services import token as tokens
from exam.services.room import PersonExam
from exam.web.safe_exam_browser import Shown, shown
from lms.kernel import request as current
from lms.kernel.i18n import format_duration, format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from question_bank.domain.scoring import MultiplePolicy

MULTIPLE = {
    MultiplePolicy.ALL_OR_NOTHING: N_("多选题全部选对才得分。"),
    MultiplePolicy.HALF_WHEN_INCOMPLETE: N_("多选题少选得一半分，选错不得分。"),
    MultiplePolicy.SHARE_WHEN_INCOMPLETE: N_("多选题少选按选对的个数得分，选错不得分。"),
    MultiplePolicy.RIGHT_MINUS_WRONG: N_("多选题按选对的个数减去选错的个数得分，最低零分。"),
}
exams = routes("exams", __name__, templates=Path(__file__).parent.parent / "templates")


@dataclass(frozen=True, slots=True)
class ExamLine:
    """One exam in the list."""

    exam: Exam
    url: str
    state: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ExamsPage:
    """What the list shows."""

    lines: tuple[ExamLine, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of admission in plain words."""

    title: str
    state: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class BriefingPage:
    """What stands before the start button."""

    exam: Exam
    person_id: int
    attempts_left: int
    open_attempt: bool
    may_start: bool
    may_wait: bool
    entry: str
    handed_in: bool
    rehearsed: str
    packets_open: bool
    opens_later: bool
    conditions: tuple[Condition, ...]
    time_given: str
    shortened: bool
    rest_minutes: int
    rules: tuple[str, ...]
    words: dict[str, str]


@exams.get("/exams")
@requires(Permission.SIT_EXAM)
def everything() -> ResponseReturnValue:
    """List the person's exams."""
    found = service.exams_of(current.person().person_id, current.now())
    return render_template("exam/exam/everything.html", page=ExamsPage(tuple(_line(one) for one in found)))


@exams.get("/exams/<code>")
@requires(Permission.SIT_EXAM)
def briefing(code: str) -> ResponseReturnValue:
    """Show what, when, on which conditions, and how long."""
    person, now = current.person(), current.now()
    one = service.exam_of(person.person_id, code, now)
    brief = one.briefing
    minutes = _minutes(brief.seconds)
    page = BriefingPage(
        exam=brief.exam,
        person_id=person.person_id,
        attempts_left=brief.attempts_left,
        open_attempt=brief.open_attempt,
        may_start=brief.refusal is None and not brief.open_attempt,
        may_wait=brief.may_wait,
        entry=tokens.entry(
            person.person_id,
            person.login_id,
            code,
            asks_learning=brief.exam.requires_learning,
            asks_identity=not one.identified,
            browser=one.browser_keys,
            now=now,
        ),
        handed_in=one.handed_in,
        rehearsed=request.args.get("rehearsed", ""),
        packets_open=one.packets_open,
        opens_later=now < brief.exam.opens,
        conditions=_conditions(one, now) if not brief.open_attempt else (_browser(one),) if one.browser_keys else (),
        time_given=_("开始后，您将有 %(time)s。", time=minutes) if brief.may_wait else _("现在开始，您将有 %(time)s。", time=minutes),
        shortened=brief.seconds < brief.exam.minutes * 60,
        rest_minutes=one.rest_minutes,
        rules=rules_of(brief.exam),
        words=_start_words(keeps_offline=brief.exam.keeps_offline),
    )
    return render_template("exam/exam/briefing.html", page=page)


def rules_of(exam: Exam) -> tuple[str, ...]:
    """Say how the exam is scored and taken again."""
    scoring = _("单选、判断每题选一项；%(multiple)s答错不扣分。", multiple=_(MULTIPLE[exam.policy.multiple]))
    if exam.attempts == 1:
        return (scoring,)
    counts = _("多次考试取最高分。") if exam.policy.counts is Counts.BEST else _("多次考试以最后一次的成绩为准。")
    waiting = _("两次考试至少间隔 %(n)s 天。", n=exam.policy.wait_days) if exam.policy.wait_days else ""
    return (scoring, counts + waiting)


def _minutes(seconds: int) -> str:
    """Return whole minutes, cut, so that the words never promise too much; seconds only below two minutes."""
    return _("%(minutes)s 分钟", minutes=seconds // 60) if seconds >= 120 else format_duration(seconds)


def _line(one: PersonExam) -> ExamLine:
    brief, exam = one.briefing, one.briefing.exam
    url = url_for("exams.briefing", code=exam.code)
    if brief.open_attempt:
        return ExamLine(exam, url, _("正在进行"), "warning", _("请尽快回到考场"))
    if one.handed_in:
        again = _("可以查看成绩，也可以再考 %(left)s 次", left=brief.attempts_left) if brief.refusal is None else _("可以查看回执和成绩")
        return ExamLine(exam, url, _("已交卷"), "success", again)
    if brief.refusal is None:
        return ExamLine(exam, url, _("可以参加"), "accent", _("现在开始有 %(time)s", time=_minutes(brief.seconds)))
    if isinstance(brief.refusal, NotOpenYet):
        return ExamLine(exam, url, _("未开始"), "neutral", _("%(opens)s 开放", opens=format_instant(exam.opens)))
    if isinstance(brief.refusal, WindowClosed):
        return ExamLine(exam, url, _("已结束"), "neutral", "")
    return ExamLine(exam, url, _("条件未满足"), "neutral", _(brief.refusal.message))


def _conditions(one: PersonExam, now: datetime) -> tuple[Condition, ...]:
    brief, exam, refusal = one.briefing, one.briefing.exam, one.briefing.refusal
    if one.handed_in and isinstance(refusal, AttemptsUsed):
        return ()  # she has sat it: nothing is to be met any more
    opened = exam.opens <= now
    window = Condition(
        _("在考试时间内"),
        "failed" if isinstance(refusal, WindowClosed) else "done" if opened else "later",
        _("%(opens)s 至 %(closes)s", opens=format_instant(exam.opens), closes=format_instant(exam.closes, "end")),
    )
    found = [window]
    if exam.requires_learning:
        missing = _("；").join(brief.missing)
        done = not missing and not isinstance(refusal, LearningIncomplete)
        found.append(Condition(_("完成必修学习"), "done" if done else "later", missing or _("线上、线下学习均已完成")))
    found.append(
        Condition(
            _("还有考试次数"),
            "failed" if isinstance(refusal, AttemptsUsed) else "done",
            _("共 %(all)s 次，还剩 %(left)s 次", all=exam.attempts, left=brief.attempts_left),
        )
    )
    if isinstance(refusal, TooSoon):
        words = _("%(at)s 起可以再考", at=format_instant(brief.next_at)) if brief.next_at else _("间隔期满时考试已经结束，不能再考")
        found.append(Condition(_("两次考试间隔 %(n)s 天", n=exam.policy.wait_days), "later" if brief.next_at else "failed", words))
    if exam.asks_identity and one.identified:
        found.append(Condition(_("核对身份"), "done", _("监考人员已核对")))
    elif exam.asks_identity:
        found.append(Condition(_("核对身份"), "now", _("提交照片，或请监考人员当面核对"), url_for("exam_identity.own", code=exam.code)))
    if one.browser_keys:
        found.append(_browser(one))
    if isinstance(refusal, NotReady):
        found.append(Condition(_("试卷已准备好"), "later", _(refusal.message)))
    return tuple(found)


def _browser(one: PersonExam) -> Condition:
    """Say how the browser stands that this page was opened with."""
    exam = one.briefing.exam
    words = {
        Shown.RIGHT: ("done", _("配置已核对")),
        Shown.LATER: ("later", _("进入考场时自动核对配置")),
        Shown.WRONG: ("failed", _("载入的不是本场考试的配置，请退出后用本场考试的配置重新打开")),
        Shown.NOTHING: ("now", _("请用 Safe Exam Browser 载入本场考试的配置，再打开本页进入考场")),
    }
    found = shown(one.browser_keys, exam.code, request.environ)
    link = opening_link(exam.browser_configuration) if found in (Shown.WRONG, Shown.NOTHING) else ""
    return Condition(_("用 Safe Exam Browser 打开"), *words[found], link)


def _start_words(*, keeps_offline: bool) -> dict[str, str]:
    kept = _("本机可以暂存答案，断网或关机都不怕。") if keeps_offline else _("本场考试的答案不在本机暂存。断网时可以继续作答，但请不要关闭页面。")
    return {
        "storage_ok": kept,
        "storage_no": _("本机不能暂存答案（可能是无痕模式）。可以考试，但断网时请不要关闭页面。"),
        "browser_ok": _("浏览器可以使用。"),
        "browser_no": _("浏览器版本较旧，建议换用新版浏览器。"),
        "clock_ok": _("本机时间正确。考试计时以服务器为准。"),
        "clock_off": _("本机时间与服务器相差约 {m} 分钟，不影响考试：计时以服务器为准。"),
        "private": _("这可能是无痕窗口，关闭后本机暂存的答案会丢失。建议换用普通窗口。"),
        "line_slow": _("网络较慢（往返 {s} 秒）。可以考试，答案会先存在本机；建议换到信号更好的地方。"),
        "line_ok": _("网络已连接。"),
        "line_no": _("网络未连接，请先恢复网络再开始。"),
        "no_line": _("连不上服务器，还不知道考试是否已经开始。请检查网络后再按一次：如果已经开始，会直接回到考场。"),
        "failed": _("现在不能开始，请刷新页面后重试。"),
        "ahead": _("前面还有 {n} 人"),
        "next": _("马上轮到您"),
        "opens": _("考试还没有开放，您的位置已经保留"),
        "soon": _("预计不到 1 分钟"),
        "minutes": _("预计还要约 {m} 分钟"),
        "starting": _("轮到您了，正在打开试卷…"),
        "your_turn": _("轮到您了"),
        "kept": _("连不上服务器，您的位置仍然保留，正在重试。"),
        "busy": _("系统正忙，您的位置仍然保留，正在重试。"),
    }
