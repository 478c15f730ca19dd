"""The archive of an exam: asking for it, agreeing to it, and fetching the file."""

from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from exam.domain.archive import AlreadyAsked, KeysSealed, State, fetchable, may_cancel
from exam.services import archive as service
from exam.services.archive import Archives
from exam.store.archive import ExamArchiveRow
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_

exam_archive = routes("exam_archive", __name__, url_prefix="/admin/exams/<code>/archive")
SECONDS = 5  # after so many the page looks again while a file is being made
WORDS = {
    State.ASKED: N_("等待另一人同意"),
    State.QUEUED: N_("正在生成"),
    State.READY: N_("可以下载"),
    State.FAILED: N_("没有成功"),
    State.EXPIRED: N_("已过期"),
    State.CANCELLED: N_("已撤回"),
}
KINDS = {
    State.ASKED: "warning", State.QUEUED: "accent", State.READY: "success", State.FAILED: "danger", State.EXPIRED: "neutral", State.CANCELLED: "neutral",
}  # fmt: skip


class ReasonForm(Form):
    """What the archive is for."""

    reason = StringField(lazy_gettext("用途"), [InputRequired(), Length(min=2, max=500)])


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """One request, in words."""

    row: ExamArchiveRow
    word: str
    kind: str
    may_fetch: bool
    may_approve: bool
    may_cancel: bool
    refusal: str  # why the file may not be fetched although it is kept


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """What the page shows."""

    found: Archives
    lines: tuple[ArchiveLine, ...]
    form: ReasonForm


@exam_archive.get("")
@requires(Permission.HOLD_KEYS)
def page(code: str) -> ResponseReturnValue:
    """Show the requests for an exam's archive."""
    return _page(code, ReasonForm())


@exam_archive.post("")
@requires(Permission.HOLD_KEYS)
def ask(code: str) -> ResponseReturnValue:
    """Ask for the archive."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(code, form, 422)
    with flash_refusal(), flash_refusal("info", only=AlreadyAsked):
        state = service.ask(code, reason=form.reason.data or "", actor_id=current.person().person_id, now=current.now())
        flash(_("已开始生成归档文件。") if state is State.QUEUED else _("已提交，还需要另一位有权限的同事同意。"), "success")
    return redirect(url_for("exam_archive.page", code=code))


@exam_archive.post("/<int:archive_id>")
@requires(Permission.HOLD_KEYS)
def approve(code: str, archive_id: int) -> ResponseReturnValue:
    """Agree to a colleague's request."""
    with flash_refusal():
        service.approve(code, archive_id, actor_id=current.person().person_id, now=current.now())
        flash(_("已同意，正在生成归档文件。"), "success")
    return redirect(url_for("exam_archive.page", code=code))


@exam_archive.post("/<int:archive_id>/cancel")
@requires(Permission.HOLD_KEYS)
def cancel(code: str, archive_id: int) -> ResponseReturnValue:
    """Give a request up."""
    person = current.person()
    with flash_refusal():
        service.cancel(code, archive_id, actor_id=person.person_id, manages=person.may(Permission.MANAGE_EXAMS), now=current.now())
        flash(_("已撤回归档申请。"), "success")
    return redirect(url_for("exam_archive.page", code=code))


@exam_archive.get("/<int:archive_id>.zip")
@requires(Permission.HOLD_KEYS)
def file(code: str, archive_id: int) -> Response:
    """Send the file."""
    path = service.fetch(code, archive_id, actor_id=current.person().person_id, now=current.now())
    answer = send_file(path, mimetype="application/zip", as_attachment=True, download_name=f"{code}-archive-{archive_id}.zip")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _page(code: str, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    person, now = current.person(), current.now()
    found = service.archives(code, now)
    manages = person.may(Permission.MANAGE_EXAMS)
    lines = []
    for row in found.rows:
        state = State(row.state)
        kept = fetchable(state, row.ready_at, now)
        sealed = kept and row.keys and not found.keys_open
        shown = State.EXPIRED if state is State.READY and not kept else state
        word, kind = (N_("暂不能下载"), "warning") if sealed else (WORDS[shown], KINDS[shown])
        lines.append(
            ArchiveLine(
                row, _(word), kind,
                may_fetch=kept and not sealed,
                may_approve=state is State.ASKED and row.asked_by != person.person_id,
                may_cancel=state.is_waiting and may_cancel(row.asked_by, person.person_id, manages=manages),
                refusal=_(KeysSealed.message) if sealed else "",
            )
        )  # fmt: skip
    answer = Response(render_template("exam/archive/page.html", page=ArchivePage(found, tuple(lines), form)), status)
    if any(line.row.state == State.QUEUED for line in lines):
        answer.headers["Refresh"] = str(SECONDS)
    return answer
