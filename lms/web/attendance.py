"""Signed lists: download the template, upload, look through, commit, undo."""

from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, Optional

from lms.domain.attendance import FAULTS, DayPart, Held, ListKind, ListStage
from lms.domain.programme import Programme
from lms.kernel import request as current
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Forbidden, Refusal
from lms.services import attendance as service
from lms.services import programme as programmes
from lms.store.attendance import AttendanceList

attendance = routes("attendance", __name__, url_prefix="/manage/attendance")
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


PARTS = {
    DayPart.DAY: lazy_gettext("全天"),
    DayPart.MORNING: lazy_gettext("上午"),
    DayPart.AFTERNOON: lazy_gettext("下午"),
    DayPart.EVENING: lazy_gettext("晚上"),
}


class ListForm(Form):
    """One signed list."""

    what = SelectField(lazy_gettext("导入内容"), [InputRequired()])
    held_on = DateField(lazy_gettext("培训日期"), [Optional(), of_our_time])
    held_part = SelectField(lazy_gettext("场次"), [InputRequired()], default=DayPart.DAY.value)
    file = FileField(lazy_gettext("名单文件"), [FileRequired(lazy_gettext("请选择文件。"))])


@dataclass(frozen=True, slots=True)
class ListRow:
    """One list among those brought in."""

    file_name: str
    url: str
    what: str
    rows: str
    stage: str
    kind: str
    entered: str


@dataclass(frozen=True, slots=True)
class ProgrammesPage:
    """The programmes that lists can be brought in for."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListsPage:
    """What the page of a programme's lists shows."""

    title: str
    code: str
    form: ListForm
    refusal: str | None
    templates: tuple[tuple[str, str], ...]
    rows: tuple[ListRow, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the page of one list shows."""

    id: int
    title: str
    back: str
    what: str
    good: int
    faulty: int
    may_commit: bool
    may_undo: bool
    stage: str
    standing: str
    rows: tuple[tuple[str, str, str, str, str, str, str], ...]


@attendance.get("", endpoint="programmes")
@requires(Permission.MANAGE_PEOPLE)
def programmes_page() -> ResponseReturnValue:
    """Choose a programme; with only one, go there."""
    found = programmes.views()
    if len(found) == 1:
        return redirect(url_for("attendance.lists", code=found[0].programme.code))
    rows = tuple((one.programme.title, url_for("attendance.lists", code=one.programme.code)) for one in found)
    return render_template("lms/attendance/programmes.html", page=ProgrammesPage(rows))


@attendance.get("/<code>", endpoint="lists")
@requires(Permission.MANAGE_PEOPLE)
def lists(code: str) -> ResponseReturnValue:
    """Show the lists brought in, and the way to bring in another."""
    told = programmes.view(code).programme
    return _lists(told, _form(told), None)


@attendance.post("/<code>", endpoint="upload")
@requires(Permission.MANAGE_PEOPLE)
def upload(code: str) -> ResponseReturnValue:
    """Read a file; nothing counts before it is committed."""
    told = programmes.view(code).programme
    form = _form(told)
    if not form.validate_on_submit():
        return _lists(told, form, None)
    kind, component = _chosen(form.what.data)
    try:
        list_id = service.stage(
            form.file.data.read(),
            file_name=form.file.data.filename or "",
            programme_code=code,
            kind=kind,
            component=component,
            held=Held(form.held_on.data, DayPart(form.held_part.data)) if kind is ListKind.OFFLINE and form.held_on.data else None,
            actor_id=current.person().person_id,
            now=current.now(),
        )
    except Refusal as refusal:
        page = _lists(told, form, _(refusal.message))
        return page, refusal.status
    return redirect(url_for("attendance.page", list_id=list_id))


@attendance.get("/<code>/template")
@requires(Permission.MANAGE_PEOPLE)
def template(code: str) -> ResponseReturnValue:
    """Give out the workbook to fill in."""
    kind, _component = _chosen(request.args.get("what", "offline"))
    content = service.template(code, kind, actor_id=current.person().person_id)
    return Response(content, mimetype=_WORKBOOK, headers={"Content-Disposition": f"attachment; filename={kind.value}.xlsx"})


@attendance.get("/lists/<int:list_id>", endpoint="page")
@requires(Permission.MANAGE_PEOPLE)
def page(list_id: int) -> ResponseReturnValue:
    """Show one list row by row, the faulty rows first."""
    found = service.view(list_id, actor_id=current.person().person_id)
    head = found.head
    lines = sorted(found.lines, key=lambda line: (line.is_good, line.number))
    shown = ListPage(
        id=list_id,
        title=head.file_name,
        back=url_for("attendance.lists", code=head.programme_code),
        what=_what(head, programmes.view(head.programme_code).programme),
        good=head.good,
        faulty=head.faulty,
        may_commit=head.stage is ListStage.STAGED and head.good > 0,
        may_undo=head.stage is ListStage.COMMITTED,
        stage=_stages()[head.stage][0],
        standing=_("已有学时") if head.kind is ListKind.OFFLINE else _("已有成绩"),
        rows=tuple(
            (
                line.name or line.account or _("第 %(number)s 行", number=line.number),
                line.account,
                line.school,
                str(line.number),
                _amount(found.standing.get(line.enrolment_id or 0)),
                _amount(line.amount),
                _(FAULTS[line.fault]) if line.fault else "",
            )
            for line in lines
        ),
    )
    return render_template("lms/attendance/page.html", page=shown)


@attendance.post("/lists/<int:list_id>/commit")
@requires(Permission.MANAGE_PEOPLE)
def commit(list_id: int) -> ResponseReturnValue:
    """Let the good rows count."""
    number = service.commit(list_id, actor_id=current.person().person_id, now=current.now())
    flash(_("已导入 %(number)s 行。", number=number), "success")
    return redirect(url_for("attendance.page", list_id=list_id))


@attendance.post("/lists/<int:list_id>/undo")
@requires(Permission.MANAGE_PEOPLE)
def undo(list_id: int) -> ResponseReturnValue:
    """Take back what a list brought."""
    service.undo(list_id, actor_id=current.person().person_id, now=current.now())
    flash(_("已撤销这次导入，相应的学时和成绩已收回。"), "success")
    return redirect(url_for("attendance.page", list_id=list_id))


def _form(told: Programme) -> ListForm:
    form = ListForm()
    choices = [(ListKind.OFFLINE.value, _("线下培训学时"))] if told.strictest.hours.offline else []
    if current.person().may(Permission.MANAGE_PROGRAMMES):
        choices += [(f"{ListKind.ASSIGNMENT.value}:{one.code}", _("作业成绩：%(title)s", title=one.title)) for one in told.assignments]
    form.what.choices = choices
    form.held_part.choices = [(part.value, label) for part, label in PARTS.items()]
    form.held_on.flags.required = True  # of attendance; the page itself does not insist, since marks have no session
    return form


def _chosen(what: str) -> tuple[ListKind, str | None]:
    kind, _colon, component = what.partition(":")
    if kind == ListKind.OFFLINE.value:
        return ListKind.OFFLINE, None
    if not current.person().may(service.permission_for(ListKind.ASSIGNMENT)):
        raise Forbidden
    return ListKind.ASSIGNMENT, component


def _lists(told: Programme, form: ListForm, refusal: str | None) -> str:
    person = current.person()
    found = service.lists(told.code, actor_id=person.person_id, of_everybody=person.may(Permission.MANAGE_PROGRAMMES))
    templates = [(_("线下培训学时模板"), url_for("attendance.template", code=told.code, what="offline"))]
    if person.may(Permission.MANAGE_PROGRAMMES) and told.assignments:
        templates.append((_("作业成绩模板"), url_for("attendance.template", code=told.code, what="assignment")))
    shown = ListsPage(
        title=told.title,
        code=told.code,
        form=form,
        refusal=refusal,
        templates=tuple(templates),
        rows=tuple(_row(one, told) for one in found),
    )
    return render_template("lms/attendance/lists.html", page=shown)


def _row(one: AttendanceList, told: Programme) -> ListRow:
    words, kind = _stages()[one.stage]
    return ListRow(
        file_name=one.file_name or _("未命名"),
        url=url_for("attendance.page", list_id=one.id),
        what=_what(one, told),
        rows=_("%(good)s 行，%(faulty)s 行有误", good=one.good, faulty=one.faulty),
        stage=words,
        kind=kind,
        entered=format_instant(one.entered_at),
    )


def _what(one: AttendanceList, told: Programme) -> str:
    if one.held:
        return _("线下培训学时：%(day)s %(part)s", day=one.held.on.isoformat(), part=PARTS[one.held.part])
    titles = {assignment.code: assignment.title for assignment in told.assignments}
    return _("作业成绩：%(title)s", title=titles.get(one.component or "", one.component or ""))


def _stages() -> dict[ListStage, tuple[str, str]]:
    return {
        ListStage.STAGED: (_("待确认"), "warning"),
        ListStage.COMMITTED: (_("已导入"), "success"),
        ListStage.UNDONE: (_("已撤销"), "neutral"),
    }


def _amount(hundredths: int | None) -> str:
    if hundredths is None:
        return ""
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
