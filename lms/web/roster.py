"""Rosters: taking a file in, seeing what is wrong with it, undoing an import."""

from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.roster import RosterUnreadable
from lms.domain.unit import Unit
from lms.formats import roster_workbook
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Missing
from lms.services import roster as service
from lms.store.roster import RosterImport
from lms.web.signing_in import seal

roster = routes("roster", __name__)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class RosterPage:
    """What the import page shows."""

    units: tuple[Unit, ...]
    imports: tuple[RosterImport, ...]
    outcome: service.Imported | None = None
    faults: tuple[tuple[str, str, str], ...] = ()
    error: str | None = None


def _show(status: int = 200, **more: object) -> ResponseReturnValue:
    units, imports = service.recent(current.person().person_id)
    return render_template("lms/roster/page.html", page=RosterPage(units=units, imports=imports, **more)), status  # type: ignore[arg-type]


@roster.get("/people/import", endpoint="page")
@requires(Permission.MANAGE_PEOPLE)
def page() -> ResponseReturnValue:
    """Show the import form and the newest imports."""
    return _show()


@roster.get("/people/import/template")
@requires(Permission.MANAGE_PEOPLE)
def template() -> ResponseReturnValue:
    """Give out an empty roster with its headings."""
    headings = ["账号", "姓名", "县区", "学校", "学校代码", "手机号", "身份证号", "岗位"]
    body = roster_workbook.write("名册", headings, [])
    return Response(body, mimetype=roster_workbook.MIMETYPE, headers={"Content-Disposition": 'attachment; filename="roster.xlsx"'})


@roster.post("/people/import")
@requires(Permission.MANAGE_PEOPLE)
def take_in() -> ResponseReturnValue:
    """Take a file in, or say all that is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _show(422, error=_("请选择一个文件。"))
    try:
        outcome = service.take_in(
            current.person().person_id,
            unit_code=request.form.get("unit", ""),
            file_name=file.filename,
            body=file.read(),
            dry_run=request.form.get("dry_run") == "yes",
            seal=seal(),
            now=current.now(),
        )
    except RosterUnreadable as refusal:
        return _show(422, error=_(refusal.message))
    except Missing:
        return _show(404, error=_("没有这个单位，或不在您的管理范围内。"))
    faults = tuple((_("第 %(n)s 行", n=fault.row), fault.heading, _(fault.message)) for fault in outcome.faults[:_SHOWN])
    if outcome.import_id is not None:
        flash(_("导入完成：新增 %(created)d 人，更新 %(changed)d 人。", created=outcome.created, changed=outcome.changed), "success")
        if outcome.created:
            flash(_("新增的人还没有密码：请在“班级”里为他们的单位发放激活码。"), "info")
        return redirect(url_for("roster.page"))
    return _show(422 if faults else 200, outcome=outcome, faults=faults)


@roster.post("/people/import/<int:import_id>/undo")
@requires(Permission.MANAGE_PEOPLE)
def undo(import_id: int) -> ResponseReturnValue:
    """Undo an import."""
    done = service.undo(current.person().person_id, import_id, current.now())
    flash(
        _("已撤销：删除 %(deleted)d 人，恢复 %(restored)d 人，保留已激活的 %(kept)d 人。", deleted=done.deleted, restored=done.restored, kept=done.kept),
        "success",
    )
    return redirect(url_for("roster.page"))
