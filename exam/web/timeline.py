"""One attempt for its invigilator: what happened, what can be done, and the whole as a file."""

from dataclasses import asdict, dataclass

import msgspec
from flask import Response, render_template
from flask.typing import ResponseReturnValue

from exam.domain.response import choices_of, texts_of
from exam.domain.timeline import Event
from exam.formats import workbook
from exam.services import timeline as service
from exam.services.timeline import Timeline
from exam.web.adjustment import ActForms
from exam.web.annulment import VerdictForms
from exam.web.packet import said
from lms.kernel import request as current
from lms.kernel.i18n import ZONE, format_duration, format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.refusal import N_

timeline = routes("timeline", __name__, url_prefix="/invigilation/attempt/<int:attempt_id>")

KINDS = {
    "started": N_("开始作答"), "save": N_("保存"), "time": N_("时间调整"), "pause": N_("暂停计时"),
    "rest": N_("考生自主休息"), "ended": N_("交卷"), "scored": N_("评分"),
    "viewed": N_("考生首次查看成绩"),
    "takeover": N_("换设备"), "reopen": N_("重新开放"), "gap": N_("没有动静"), "login": N_("换了登录"), "address": N_("网络地址变化"),
    "annul": N_("提出作废"), "annulled": N_("作废"), "annul_dropped": N_("不予作废"),
    "receive": N_("收到应急包"), "approve": N_("应急包计入"), "refuse": N_("应急包不计入"),
}  # fmt: skip
OUTCOMES = {
    "saved": N_("已保存"), "saved_late": N_("宽限内到达，已保存"), "stale": N_("答案已在别处修改，未保存"), "clear_not_said": N_("未确认清空，未保存"),
    "other_device": N_("来自已让出的设备，未保存"), "closed": N_("已交卷后到达，仅留记录"), "closed_late": N_("已交卷后到达，仅留记录"),
    "time_is_up": N_("超过宽限，仅留记录"), "time_is_up_late": N_("超过宽限，仅留记录"), "staff": N_("监考人员"), "outage": N_("系统中断补时"),
    "queue": N_("候场补时"), "packet": N_("来自应急包，经批准计入"),
    "pause": N_("暂停补时"), "reopen": N_("重新开放"), "learner": N_("考生交卷"), "deadline": N_("到时收卷"),
}  # fmt: skip
REASONS = {"scored": N_("第一次评分"), "marking": N_("阅卷评分"), "regrade": N_("重新评分"), "packet": N_("应急包计入")}  # of a result, before the colon
MOST_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """What the page shows."""

    found: Timeline
    state: str
    lines: tuple[tuple[str, ...], ...]
    hidden: int
    acts: ActForms
    verdicts: VerdictForms
    is_annulled: bool


@timeline.get("")
@requires(Permission.INVIGILATE)
def page(attempt_id: int) -> ResponseReturnValue:
    """Show an attempt, the newest event first."""
    found = service.timeline(current.person().person_id, attempt_id, current.now())
    states = {"open": _("作答中"), "submitted": _("已交卷"), "finalised": _("到时收卷"), "scored": _("已评分"), "annulled": _("已作废")}
    state = str(found.watched.attempt.state)
    newest = list(reversed(found.events))[:MOST_SHOWN]
    shown = TimelinePage(
        found=found,
        state=states[state],
        lines=tuple((format_instant(one.at, "second"), _(KINDS[one.kind]), _facts(one)) for one in newest),
        hidden=len(found.events) - len(newest),
        acts=ActForms.fresh(),
        verdicts=VerdictForms.fresh(),
        is_annulled=state == "annulled",
    )
    return render_template("exam/invigilation/attempt.html", page=shown)


def _facts(event: Event) -> str:
    """Say an event's facts in one line."""
    words = {"ended": N_("已答 %(n)s 题"), "address": N_("换到第 %(n)s 个网络地址")}.get(event.kind)
    digest = {"ended": N_("回执编号 %(code)s"), "started": N_("试卷校验码 %(code)s")}.get(event.kind)
    outcome = REASONS.get(event.outcome.partition(":")[0]) if event.kind == "scored" else OUTCOMES.get(event.outcome)
    facts = [
        _("第 %(n)s 题", n=event.position) if event.position else "",
        _(outcome) if outcome else event.outcome,
        _("作答：%(value)s", value=said(choices_of(event.value), texts_of(event.value))) if event.kind == "save" and event.value is not None else "",
        format_duration(event.seconds) if event.seconds else "",
        _(words, n=event.words) if words and event.words else event.words,
        _("设备 %(code)s", code=event.device[:8]) if event.kind in ("started", "takeover") else "",
        event.device if event.kind == "login" else "",
        _(digest, code=event.digest[:16]) if digest else "",
    ]
    return _("，").join(part for part in facts if part)


@timeline.get("/timeline.<any(xlsx, json):kind>", endpoint="file")
@requires(Permission.INVIGILATE, Priority.REPORTS)
def as_file(attempt_id: int, kind: str) -> ResponseReturnValue:
    """Give the whole timeline as a workbook, to be read, or as JSON with every fact as it is kept."""
    found = service.timeline(current.person().person_id, attempt_id, current.now())
    if kind == "json":
        body, mimetype = msgspec.json.encode([asdict(one) for one in found.events]), "application/json"
    else:
        columns = (_("北京时间"), _("事件"), _("详情"), _("题号"), _("作答的第几次改动"), _("存入数据库"), _("登录编号"), _("设备"), _("校验码"))
        body, mimetype = workbook.write(_("作答记录"), columns, map(_line, found.events)), workbook.MIMETYPE
    return Response(body, mimetype=mimetype, headers={"Content-Disposition": f"attachment; filename=attempt-{attempt_id}.{kind}"})


def _line(event: Event) -> tuple[object, ...]:
    """Return an event as a line of the workbook."""
    at, stored = (one and one.astimezone(ZONE).isoformat(" ", "milliseconds")[:23] for one in (event.at, event.stored_at))
    return at, _(KINDS[event.kind]), _facts(event), event.position, event.revision, stored, event.login_id, event.device, event.digest
