"""Pages of marking: the examiner's desk, one script at a time, and the manager's overview."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional

from exam.domain.exam import Exam
from exam.domain.marking import PointsUnfit, ScriptState, script_code
from exam.domain.regrade import RegradeRuns
from exam.services import backlog as backlogs
from exam.services import marking as service
from exam.services.backlog import Overview
from exam.services.exam import MayStillSit
from exam.services.marking import Desk, Script
from exam.store.marking import ScriptRow
from exam.web.picture import sent
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import ZONE, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal
from question_bank.api import with_sources

marking = routes("marking", __name__)
STATES = {
    ScriptState.WAITING: (N_("待评阅"), "neutral"),
    ScriptState.DISPUTED: (N_("待裁定"), "warning"),
    ScriptState.SETTLED: (N_("已评完"), "success"),
}
_POINTS = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?")


class ReopenForm(Form):
    """Why a script is to be decided anew."""

    reason = StringField(lazy_gettext("理由"), [InputRequired(), Length(min=2, max=500)])


class UntilForm(Form):
    """By when the examiners are asked to have marked."""

    day = DateField(lazy_gettext("请在这一天结束前评完"), [Optional(), of_our_time])


@dataclass(frozen=True, slots=True)
class LateLine:
    """A mark given lately."""

    script_id: int
    code: str
    points: int
    of_points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskPage:
    """What an examiner may do."""

    desks: tuple[tuple[Desk, tuple[LateLine, ...]], ...]
    most: int


@dataclass(frozen=True, slots=True)
class ScriptPage:
    """One script with its form; `points` as written."""

    script: Script
    code: str
    stem_html: str
    model_html: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One script as the manager sees it; points in hundredths, None while nothing counts."""

    id: int
    code: str
    position: int
    state: str
    kind: str
    settled: bool
    points: int | None
    of_points: int
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """How an exam's marking goes."""

    overview: Overview
    loads: tuple[tuple[str, ...], ...]
    disputed: tuple[ScriptLine, ...]
    account: str
    attempt: int | None
    found: tuple[ScriptLine, ...]
    until: UntilForm


@marking.get("/marking")
@requires(Permission.MARK)
def everything() -> ResponseReturnValue:
    """Show what waits for this examiner."""
    found = service.desks(current.person().person_id, current.now())
    return render_template("exam/marking/everything.html", page=DeskPage(tuple((desk, _lately(desk)) for desk in found), service.COUNTED))


@marking.post("/marking/<code>/next")
@requires(Permission.MARK)
def take(code: str) -> ResponseReturnValue:
    """Take the next script."""
    return _next(code)


@marking.get("/marking/scripts/<int:script_id>")
@requires(Permission.MARK)
def page(script_id: int) -> ResponseReturnValue:
    """Show the script one holds."""
    with flash_refusal("warning"):
        return _show(script_id)
    return redirect(url_for("marking.everything"))


@marking.get("/marking/scripts/<int:script_id>/pictures/<digest>")
@requires(Permission.MARK)
def picture(script_id: int, digest: str) -> Response:
    """Send a picture of the item."""
    return sent(service.picture(script_id, current.person().person_id, digest, current.now()), seconds=60)


@marking.post("/marking/scripts/<int:script_id>/<any(draft, release, done, on, decided):act>")
@requires(Permission.MARK)
def give(script_id: int, act: str) -> ResponseReturnValue:
    """Keep the draft, give the script back, or hand the mark in: alone, with the wish for the next script, or as a decision."""
    person_id, now = current.person().person_id, current.now()
    points, remark = _points_of(), request.form.get("remark", "")
    try:
        if act == "draft":
            service.save(script_id, person_id, points, remark, now)
            return "", 204
        if act == "release":
            service.save(script_id, person_id, points, remark, now)
            service.release(script_id, person_id, now)
            flash(_("已交回，草稿仍保留。"), "info")
            return redirect(url_for("marking.everything"))
        exam_code = service.exam_of(script_id)
        service.hand_in(script_id, person_id, points, remark, now)
    except (PointsUnfit, RegradeRuns) as refusal:
        service.save(script_id, person_id, points, remark, now)
        flash(_(refusal.message), "danger")
        return redirect(url_for("marking.page", script_id=script_id))
    except Refusal as refusal:
        if act == "draft":
            raise
        flash(_(refusal.message), "warning")
        return redirect(url_for("marking.everything"))
    flash(_("评分已提交。"), "success")
    if act == "decided":
        return redirect(url_for("marking.overview", code=exam_code))
    return _next(exam_code) if act == "on" else redirect(url_for("marking.everything"))


@marking.post("/marking/scripts/<int:script_id>/retract")
@requires(Permission.MARK)
def retract(script_id: int) -> ResponseReturnValue:
    """Take one's own mark back."""
    with flash_refusal("warning"):
        service.retract(script_id, current.person().person_id, current.now())
        return redirect(url_for("marking.page", script_id=script_id))
    return redirect(url_for("marking.everything"))


@marking.get("/admin/exams/<code>/marking")
@requires(Permission.MANAGE_EXAMS)
def overview(code: str) -> ResponseReturnValue:
    """Show how the marking of an exam goes."""
    found = backlogs.overview(code, current.person().person_id, current.now())
    account = request.args.get("account", "").strip()
    attempt_id = request.args.get("attempt", type=int)
    try:
        rows = backlogs.of_account(code, account) if account else backlogs.of_attempt(code, attempt_id) if attempt_id else []
    except Refusal:
        rows = []
    lines = tuple(_line(row) for row in rows)
    disputed = tuple(_line(row, tuple(mark.total for mark in marks)) for row, marks in found.disputed)
    loads = tuple(
        (
            found.names.get(one.examiner_id, "—"), str(one.marked), str(one.leased), "—" if one.share is None else f"{one.share:.0%}",
            "—" if one.minutes is None else f"{one.minutes:.1f}",
        )
        for one in found.loads
    )  # fmt: skip
    return render_template("exam/marking/overview.html", page=OverviewPage(found, loads, disputed, account, attempt_id, lines, _until(found.exam)))


@marking.post("/admin/exams/<code>/marking/until")
@requires(Permission.MANAGE_EXAMS)
def ask_until(code: str) -> ResponseReturnValue:
    """Choose by when the examiners are asked to have marked."""
    form = UntilForm()
    if form.validate_on_submit():
        backlogs.ask_until(code, form.day.data, actor_id=current.person().person_id, now=current.now())
        flash(_("已保存，阅卷人在首页和阅卷页都能看到。"), "success")
    else:
        flash(_("请选择日期。"), "warning")
    return redirect(url_for("marking.overview", code=code))


@marking.post("/admin/exams/<code>/marking/<int:script_id>/decide")
@requires(Permission.MANAGE_EXAMS)
def decide(code: str, script_id: int) -> ResponseReturnValue:
    """Take a disputed script to decide it."""
    with flash_refusal("warning"):
        return redirect(url_for("marking.page", script_id=service.take_disputed(code, script_id, current.person().person_id, current.now())))
    return redirect(url_for("marking.overview", code=code))


@marking.post("/admin/exams/<code>/marking/<int:script_id>/reopen")
@requires(Permission.MANAGE_EXAMS)
def reopen(code: str, script_id: int) -> ResponseReturnValue:
    """Have a settled script decided anew by another person."""
    form = ReopenForm()
    if not form.validate_on_submit():
        flash(_("请写明重评的理由。"), "warning")
    else:
        with flash_refusal("warning"):
            service.reopen(code, script_id, reason=form.reason.data or "", actor_id=current.person().person_id, now=current.now())
            flash(_("已转为待裁定，由另一位考试管理员裁定。"), "success")
    return redirect(url_for("marking.overview", code=code, account=request.args.get("account") or None, attempt=request.args.get("attempt") or None))


def _until(exam: Exam) -> UntilForm:
    """Return the form with the day on whose end the exam's date lies."""
    return UntilForm(day=exam.marking_until and (exam.marking_until - timedelta(microseconds=1)).astimezone(ZONE).date())


def _next(code: str) -> ResponseReturnValue:
    with flash_refusal("warning", only=MayStillSit):
        script_id = service.take(code, current.person().person_id, current.now())
        if script_id is not None:
            return redirect(url_for("marking.page", script_id=script_id))
        flash(_("现在没有等待您评阅的答卷。"), "info")
    return redirect(url_for("marking.everything"))


def _show(script_id: int) -> str:
    found = service.script(script_id, current.person().person_id, current.now())

    def shown(html: str) -> str:
        return with_sources(html, lambda digest: url_for("marking.picture", script_id=script_id, digest=digest))

    written = tuple("" if one is None else f"{one / 100:g}" for one in found.draft.points)
    page = ScriptPage(found, script_code(script_id), shown(found.content.stem_html), shown(found.model_html), written)
    return render_template("exam/marking/script.html", page=page)


def _points_of() -> list[int | None]:
    count = sum(name.startswith("points-") for name in request.form)
    return [_hundredths(request.form.get(f"points-{at}", "")) for at in range(min(count, 50))]


def _hundredths(words: str) -> int | None:
    """Read points as an examiner types them, full-width digits too."""
    found = _POINTS.fullmatch(unicodedata.normalize("NFKC", words).strip().replace("。", "."))
    return None if found is None else int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def _lately(desk: Desk) -> tuple[LateLine, ...]:
    return tuple(
        LateLine(row.id, script_code(row.id), sum(one or 0 for one in mark.points), row.worth, mark.handed_in_at)
        for row, mark in desk.lately
        if mark.handed_in_at is not None
    )


def _line(row: ScriptRow, marks: Sequence[int] = ()) -> ScriptLine:
    words, kind = STATES[ScriptState(row.state)]
    points = None if row.points is None else sum(row.points)
    return ScriptLine(row.id, script_code(row.id), row.position, _(words), kind, row.state == ScriptState.SETTLED, points, row.worth, tuple(marks))
