"""The control room's pages: exams, live counts by unit, learners, and the incident log."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec
from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.exam import Exam
from exam.domain.fairness import BEYOND
from exam.domain.invigilation import Latency
from exam.formats import workbook
from exam.services import invigilation as service
from exam.services import outage as outages
from exam.services.invigilation import Room
from exam.services.outage import Waiting
from exam.store.incident import Incident
from exam.store.invigilation import LearnerNow
from exam.web.adjustment import ActForms, OutageForm
from lms.domain.unit import Unit, UnitKind
from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.refusal import N_

invigilation = routes("invigilation", __name__, url_prefix="/invigilation")

MOST_INCIDENTS = 500  # on the page; the workbook holds all

COLUMNS = {
    "enrolled": N_("应考"), "not_started": N_("未开始"), "waiting": N_("候场"), "open": N_("作答中"), "saving": N_("两分钟内有保存"), "dropped": N_("失去联系"),
    "paused": N_("暂停中"), "handed_in": N_("已交卷"), "swept": N_("到时收卷"), "takeovers": N_("换设备次数"),
}  # fmt: skip
SHOWN = {
    "": N_("全部"), "open": N_("作答中"), "dropped": N_("失去联系"), "paused": N_("暂停中"), "waiting": N_("候场"), "not_started": N_("未开始"),
    "ended": N_("已结束"), "takeovers": N_("换过设备"),
}  # fmt: skip
KINDS = {
    "note": N_("记录"), "message": N_("通知"), "time": N_("加时"), "pause": N_("暂停"), "resume": N_("恢复"), "reopen": N_("重新开放"),
    "accommodation": N_("合理便利"), "outage": N_("系统中断"), "annul": N_("提出作废"), "annulled": N_("作废"), "annul_dropped": N_("不予作废"),
    "extra": N_("补考机会"), "extra_back": N_("撤回补考机会"), "browser": N_("浏览器要求"), "papers": N_("补充试卷"),
}  # fmt: skip
MINUTES = {"outage": N_("中断 %(n)s 分钟"), "reopen": N_("可用 %(n)s 分钟")}  # of an incident, where they were not added
STATES = {"": N_("未开始"), "open": N_("作答中"), "submitted": N_("已交卷"), "finalised": N_("到时收卷"), "scored": N_("已评分"), "annulled": N_("已作废")}


class RoomNow(msgspec.Struct):
    """The figures as they stand; units by their ids."""

    at: str
    total: dict[str, int]
    units: dict[str, dict[str, int]]
    latency: str


@dataclass(frozen=True, slots=True)
class ExamsPage:
    """The exams one may watch."""

    lines: tuple[tuple[Exam, str, str], ...]  # exam, kind of badge, word
    outages: Sequence[Waiting]
    form: OutageForm


@dataclass(frozen=True, slots=True)
class RoomPage:
    """One exam at one place."""

    room: Room
    columns: dict[str, str]
    total: dict[str, int]
    units: tuple[tuple[Unit, dict[str, int]], ...]
    latency: str
    acts: ActForms
    whom: str
    beyond: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of learners."""

    exam: Exam
    unit: Unit | None
    lines: tuple[tuple[LearnerNow, str], ...]
    shown: str
    words: str
    choices: dict[str, str]
    next: str | None


@dataclass(frozen=True, slots=True)
class IncidentsPage:
    """The log."""

    exam: Exam
    lines: tuple[tuple[Incident, str], ...]
    kinds: dict[str, str]
    more: bool


@invigilation.get("")
@requires(Permission.INVIGILATE)
def everything() -> ResponseReturnValue:
    """List the exams, running ones first."""
    now = current.now()
    page = ExamsPage(
        tuple(_line(one, now) for one in service.watched_exams(now)), outages.waiting(current.person().person_id, now), OutageForm(None, prefix="outage")
    )
    return render_template("exam/invigilation/everything.html", page=page)


def _line(exam: Exam, now: datetime) -> tuple[Exam, str, str]:
    if now < exam.opens:
        return exam, "neutral", _("未开始")
    return (exam, "accent", _("正在进行")) if now < exam.closes else (exam, "neutral", _("已结束"))


@invigilation.get("/<code>")
@requires(Permission.INVIGILATE)
def room(code: str) -> ResponseReturnValue:
    """Show the control room at a place of one's scope."""
    found = _room(code)
    unit = found.place.unit
    page = RoomPage(
        room=found,
        columns={name: _(word) for name, word in COLUMNS.items()},
        total=asdict(found.total),
        units=tuple((one, asdict(counts)) for one, counts in found.units),
        latency=_latency(found.latency),
        acts=ActForms.fresh(),
        whom=unit.name if unit else _("您监考范围内的全部考生"),
        beyond=tuple(_(BEYOND[rule], n=papers) for rule, papers in found.beyond.items()),
    )
    return render_template("exam/invigilation/room.html", page=page)


@invigilation.get("/<code>/now")
@requires(Permission.INVIGILATE)
def figures(code: str) -> ResponseReturnValue:
    """Give the figures to the page that asks every few seconds."""
    found = _room(code)
    answer = RoomNow(
        format_instant(found.at, "second"), asdict(found.total), {str(unit.id): asdict(counts) for unit, counts in found.units}, _latency(found.latency)
    )
    return Response(msgspec.json.encode(answer), mimetype="application/json")


def _room(code: str) -> Room:
    return service.room(current.person().person_id, code, request.args.get("unit", type=int), current.now())


def _latency(found: Latency | None) -> str:
    if found is None:
        return _("最近两分钟没有保存")
    return _("一半在 %(median)s 毫秒内，95%% 在 %(p95)s 毫秒内，99%% 在 %(p99)s 毫秒内；每秒 %(rate)s 次",
             median=found.median, p95=found.p95, p99=found.p99, rate=found.per_second)  # fmt: skip


@invigilation.get("/<code>/people")
@requires(Permission.INVIGILATE)
def people(code: str) -> ResponseReturnValue:
    """List the learners at a place by what they do."""
    asked = request.args
    unit_id, shown = asked.get("unit", type=int), asked.get("shown", "")
    shown = shown if shown in SHOWN else ""
    words = asked.get("words", "")[:60]
    exam, place, lines = service.sittings(
        current.person().person_id, code, unit_id, current.now(), shown=shown, words=words, after=asked.get("after", 0, type=int)
    )
    more = len(lines) > service.PAGE
    last = lines[service.PAGE - 1].person_id if more else 0
    page = PeoplePage(
        exam=exam,
        unit=place.unit if place.unit and place.unit.kind is not UnitKind.PROVINCE else None,
        lines=tuple((one, _(STATES[one.state])) for one in lines[: service.PAGE]),
        shown=shown,
        words=words,
        choices={name: _(word) for name, word in SHOWN.items()},
        next=url_for("invigilation.people", code=code, unit=unit_id, shown=shown, words=words, after=last) if more else None,
    )
    return render_template("exam/invigilation/people.html", page=page)


@invigilation.get("/<code>/incidents")
@requires(Permission.INVIGILATE)
def incidents(code: str) -> ResponseReturnValue:
    """Show the incident log."""
    exam, lines = service.incident_log(current.person().person_id, code, MOST_INCIDENTS + 1)
    shown = tuple((one, _said(one)) for one in lines[:MOST_INCIDENTS])
    page = IncidentsPage(exam, shown, {kind: _(word) for kind, word in KINDS.items()}, more=len(lines) > MOST_INCIDENTS)
    return render_template("exam/invigilation/incidents.html", page=page)


def _said(one: Incident) -> str:
    """Word a line's figures, before what was written with it."""
    facts = one.facts
    beyond = BEYOND.get(facts.get("beyond", ""))
    said = [
        _(MINUTES.get(one.kind, N_("增加 %(n)s 分钟")), n=facts["minutes"]) if facts.get("minutes") else "",
        (_("时长 %(n)s%%", n=facts["percent"]) if one.kind == "accommodation" else _("增加 %(n)s%%", n=facts["percent"])) if facts.get("percent") else "",
        _("可自主休息 %(n)s 分钟", n=facts["rest_minutes"]) if facts.get("rest_minutes") else "",
        {True: _("决定补回时间"), False: _("决定不补时，另行安排考试"), None: ""}[facts.get("give_back")],
        {True: _("免除，可用任何浏览器") if one.person else _("全体免除，可用任何浏览器"), False: _("恢复要求"), None: ""}[facts.get("lifted")],
        _("增加密钥 %(keys)s", keys=facts["keys"]) if "keys" in facts else "",
        _("%(opens)s 至 %(closes)s", opens=_instant(facts["opens"]), closes=_instant(facts["closes"])) if "opens" in facts else "",
        _("%(n)s 人", n=facts["attempts"]) if "attempts" in facts else "",
        _("另有 %(n)s 人成绩已公布，没有补回", n=facts["out"]) if "out" in facts else "",
        _("其中 %(n)s 人在决定前已自行交卷", n=facts["handed_in"]) if "handed_in" in facts else "",
        _(beyond, n=facts["papers"]) if beyond else "",
        one.text,
    ]
    return _("，").join(part for part in said if part)


def _instant(text: str) -> str:
    return format_instant(datetime.fromisoformat(text))


@invigilation.get("/<code>/incidents.xlsx")
@requires(Permission.INVIGILATE, Priority.REPORTS)
def incidents_workbook(code: str) -> ResponseReturnValue:
    """Give the whole incident log as a workbook."""
    _exam, lines = service.incident_log(current.person().person_id, code)
    columns = [_("时间"), _("类别"), _("内容"), _("考生"), _("单位"), _("记录人"), _("作答记录")]
    rows = ([format_instant(one.at, "second"), _(KINDS[one.kind]), _said(one), one.person, one.unit, one.recorder, one.attempt_id] for one in lines)
    body = workbook.write(_("考务记录"), columns, rows)
    return Response(body, mimetype=workbook.MIMETYPE, headers={"Content-Disposition": "attachment; filename=incidents.xlsx"})
