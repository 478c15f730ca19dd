"""The exam room, its clock, and the receipt."""

from base64 import b64encode
from dataclasses import dataclass

import msgspec
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.exam import Exam
from exam.domain.identity import screen_code
from exam.domain.packet import in_time
from exam.domain.receipt import written
from exam.domain.safe_exam_browser import opening_link
from exam.services import packet as packets
from exam.services import rehearsal as rehearsals
from exam.services import room as service
from exam.services import token as tokens
from exam.services.payload import RehearsedSave, RehearseSave
from exam.services.room import Receipt
from exam.web import safe_exam_browser
from exam.web.receipt import address
from exam.web.safe_exam_browser import Shown
from lms.kernel import qr
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, Priority, requires
from question_bank.domain.item import TYPE_LABELS

exam_room = routes("exam_room", __name__)


@dataclass(frozen=True, slots=True)
class RoomPage:
    """The frame of the room; the paper comes by JSON."""

    exam: Exam
    person_id: int
    screen_code: str
    packet_key: str
    shelf_key: str
    browser_link: str
    words: dict[str, object]
    may_rest: bool = False
    rehearsal: "Rehearsal | None" = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rehearsal brings instead of an attempt."""

    opened: object
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """What the receipt shows."""

    exam: Exam
    receipt: Receipt
    code: str
    address: str
    picture: str
    packets_open: bool


@exam_room.get("/exams/<code>/room")
@requires(Permission.SIT_EXAM, Priority.ANSWERS)
def room(code: str) -> ResponseReturnValue:
    """Show the room while an attempt is open."""
    person = current.person()
    one = service.exam_of(person.person_id, code, current.now())
    if not one.briefing.open_attempt:
        return redirect(url_for("exam_room.receipt" if one.handed_in else "exams.briefing", code=code))
    if safe_exam_browser.shown(one.browser_keys, code, request.environ) in (Shown.WRONG, Shown.NOTHING):
        return safe_exam_browser.refused(one.briefing.exam)
    return render_template("exam/room/room.html", page=_room(one.briefing.exam, person.person_id, may_rest=one.rest_minutes > 0))


@exam_room.get("/exams/<code>/rehearsal")
@requires(Permission.SIT_EXAM)
def rehearsal(code: str) -> ResponseReturnValue:
    """Show the room with practice items and an outage of its own."""
    person, now = current.person(), current.now()
    exam = service.exam_of(person.person_id, code, now).briefing.exam
    practice = Rehearsal(msgspec.to_builtins(msgspec.json.decode(msgspec.json.encode(rehearsals.opened(code, now)))), _rehearsal_words())
    return render_template("exam/room/room.html", page=_room(exam, person.person_id, practice=practice))


def _room(exam: Exam, person_id: int, *, may_rest: bool = False, practice: Rehearsal | None = None) -> RoomPage:
    packet_key, shelf_key = (b64encode(key).decode() for key in (packets.public_key(), tokens.shelf_key(person_id, exam.code)))
    return RoomPage(
        exam,
        person_id,
        screen_code(person_id),
        packet_key,
        shelf_key if exam.keeps_offline else "",
        opening_link(exam.browser_configuration),
        _words(),
        may_rest,
        practice,
    )


@exam_room.post("/api/exam/rehearsal")
@requires(Permission.SIT_EXAM)
@json_route(RehearseSave, RehearsedSave)
def rehearse(payload: RehearseSave) -> RehearsedSave:
    """Answer a rehearsed save: the way to the server and back is the real one, nothing is kept."""
    return RehearsedSave(payload.changes)


@exam_room.get("/exams/<code>/receipt")
@requires(Permission.SIT_EXAM)
def receipt(code: str) -> ResponseReturnValue:
    """Show the receipt of what was handed in: of the attempt asked for by its number, else of the newest."""
    found = service.receipt(current.person().person_id, code, request.args.get("attempt", type=int))
    if found is None:
        return redirect(url_for("exams.briefing", code=code))
    where = address(found.code)
    page = ReceiptPage(found.exam, found, written(found.code), where, qr.picture(where), in_time(found.deadline, current.now()))
    return render_template("exam/room/receipt.html", page=page)


def _rehearsal_words() -> dict[str, str]:
    return {
        "before": _("第一步：回答任意一题，看到“已保存”。"),
        "soon": _("答案已保存。第二步：几秒后本页会自己断网一分钟，请继续作答。"),
        "cut": _("现在是模拟断网（一分钟）。请继续作答：答案先存在本机，题卡显示“等待保存”。"),
        "back": _("网络已恢复。断网时没有作答的，请再答一题，看它立即保存。"),
        "arrived": _("断网时的答案已全部送达。演练完成，可以交卷返回；正式考试时也是这样，断网不必慌。"),
    }


def _words() -> dict[str, object]:
    return {
        "items": {
            "types": {str(kind): _(label) for kind, label in TYPE_LABELS.items()},
            "section": _("共 {n} 题，每题 {points} 分"),
            "number": _("第 {n} 题，共 {of} 题 · {type} · {points} 分"),
            "states": {"open": _("未作答"), "answered": _("已保存"), "waiting": _("等待保存"), "failed": _("需要核对")},
            "link": _("第 {n} 题，{state}"),
            "marked": _("，已标记"),
            "nothing": _("未作答"),
            "clear": _("清除答案"),
            "blank": _("第 {n} 空"),
            "between": _("；"),
            "short_text": _("您的回答"),
            "count": _("已写 {n} / {of} 字"),
            "choose": _("请选择"),
            "up": _("把 {letter} 上移"),
            "down": _("把 {letter} 下移"),
            "keep_order": _("就按这个顺序"),
        },
        "comma": _("、"),
        "left": _("考试还剩 {m} 分钟。"),
        "step": _("{n} / {of} 题卡"),
        "saved": _("已保存"),
        "saving": _("正在保存…"),
        "no_line": _("连不上服务器"),
        "offline_short": _("未保存 {n} 题"),
        "offline": _("连不上服务器，请继续作答。答案已存在本机，连上后自动提交；考试时间照常走。"),
        "offline_memory": _("连不上服务器，请继续作答，但不要关闭页面：答案还没有保存，连上后自动提交。"),
        "offline_over": _("考试时间已到，但连不上服务器，答案还没有全部送达！请保持本页打开并立即检查网络，连上后自动补交。"),
        "packet_made": _("应急包已保存到本机的“下载”文件夹。请先恢复网络；截止后仍没有送达的，4 小时内在考试页面上交这个文件。"),
        "packet_impossible": _("这个浏览器不能生成应急包。请保持本页打开并尽快恢复网络，或联系监考人员。"),
        "packet_file": _("应急包"),
        "opening_offline": _("连不上服务器，正在重试打开试卷。考试时间以服务器为准。"),
        "retry": _("立即重试"),
        "conflicts": _("{n} 题需要核对"),
        "conflict": _("第 {n} 题在另一台设备或另一个页面上也改过。请选择保留哪个答案。"),
        "undecided": _("两台设备上的答案不同、考试结束时还没有选择的题，按服务器上已保存的答案交卷；本机的答案已留在作答记录里。如有异议，请联系监考人员。"),
        "undecided_item": _("第 {n} 题：交卷的是“{theirs}”，本机的是“{mine}”。"),
        "failed": _("保存失败"),
        "not_opened": _("试卷没有打开"),
        "browser_refused": _(
            "没有核对到本场考试的 Safe Exam Browser 配置。已作答的内容都在，考试时间照常走。请重试，或用本场考试的配置重新打开；仍不行请立即联系监考人员。"
        ),
        "failed_long": _("答案暂时不能保存，已存在本机。请重试；仍不行请联系监考人员。"),
        "signed_out": _("需要重新登录"),
        "signed_out_long": _("登录已失效，请在弹出的窗口中重新登录。答案都还在本机。"),
        "sign_in_refused": _("账号或密码不正确，请重试。"),
        "sign_in_busy": _("现在登录的人很多，{n} 秒后自动再试，不用重新输入，也可以现在再点一次。您的答案都在本机。"),
        "still_out": _("还没有登录成功。"),
        "code_refused": _("验证码不正确或已用过，请输入新的验证码。"),
        "code_late": _("等待时间过长，请重新输入密码。"),
        "language_later": _("暂时不能切换语言：须先连上服务器、存好全部答案。已作答的内容都在，请稍后再试。"),
        "other_person": _("登录的不是开始这场考试的账号，请用原来的账号登录。"),
        "elsewhere": _("只能查看"),
        "elsewhere_long": _("本次考试正在另一台设备或另一个页面上进行，这里只能查看。"),
        "elsewhere_unsaved": _("本次考试正在另一台设备或另一个页面上进行，这里只能查看。本机有 {n} 题的修改没有保存，回到这里后请逐题核对。"),
        "takeover": _("在此设备继续"),
        "unanswered": _("还有 {n} 题没有作答：第 {list} 题。"),
        "all_answered": _("所有题目都已作答。"),
        "handing_in": _("正在交卷…"),
        "hand_in_offline": _("连不上服务器，还没有交卷。答案已存在本机，连上后自动交卷，请保持本页打开。"),
        "submitted": _("已交卷"),
        "receipt": _("服务器收到 {answered} / {of} 题的答案。回执编号：{receipt}"),
        "closed": _("本次作答已经结束"),
        "closed_long": _("答案已由服务器收存，不能再修改。"),
        "closed_unsaved": _(
            "有 {n} 题的修改没有在截止前送达，不计入成绩，但仍保存在本机。如因网络故障造成，请保存应急包，4 小时内上交，由考试管理员决定是否计入。"
        ),
        "time_is_up": _("考试时间已到"),
        "settling": _("系统刚刚恢复，正在核算要补回的时间。您的答案都在，请保持本页打开；时间补回后可以继续作答。"),
        "settling_short": _("正在核算补时"),
        "goes_on": _("考试时间已延长，请继续作答。"),
        "rest_left": _("休息时间还剩 {time}"),
        "rest_over": _("休息时间已用完，计时已恢复。"),
        "rest_refused": _("现在不能开始休息，请稍后再试；仍不行请联系监考人员。"),
        "more_time": _("考试时间已延长 {m} 分钟，请继续作答。"),
        "no_shelf": _("这个浏览器不能在本机暂存答案，断网时请不要关闭页面。"),
    }
