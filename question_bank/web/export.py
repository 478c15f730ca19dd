"""Giving a bank out: the file at once, or a page that says how far it is and what its format has no place for."""

from dataclasses import dataclass

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Missing
from question_bank.formats.writing import WRITERS
from question_bank.services import export as service
from question_bank.services.bank import Bank
from question_bank.services.exchange import Exported
from question_bank.store.export import Export
from question_bank.web.loss import LossTable, loss_table

export = routes("export", __name__, url_prefix="/bank/<code>/export")


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A file that is being written, or can be fetched."""

    bank: Bank
    export: Export
    label: str
    losses: LossTable


@export.get("")
@requires(Permission.WRITE_ITEMS)
def ask(code: str) -> ResponseReturnValue:
    """Give the bank out in the format asked for; a large one is written by a worker."""
    form = request.args.get("format", "excel")
    if form not in WRITERS:
        raise Missing
    found = service.ask(code, form, person_id=current.person().person_id, now=current.now())
    if isinstance(found, Exported):
        return _download(found.content, form)
    return redirect(url_for("export.page", code=code, export_id=found))


def _download(content: bytes, form: str) -> Response:
    writer = WRITERS[form]
    return Response(content, mimetype=writer.media_type, headers={"Content-Disposition": f'attachment; filename="bank.{writer.extension}"'})


@export.get("/<int:export_id>")
@requires(Permission.WRITE_ITEMS)
def page(code: str, export_id: int) -> ResponseReturnValue:
    """Show how far a file is, and where it is fetched."""
    bank, found = service.view(code, export_id, person_id=current.person().person_id, now=current.now())
    shown = ExportPage(bank, found, _(WRITERS[found.form].label), loss_table(found.losses))
    return render_template("question_bank/export/page.html", page=shown)


@export.get("/<int:export_id>/progress")
@requires(Permission.WRITE_ITEMS)
def progress(code: str, export_id: int) -> ResponseReturnValue:
    """Tell the page how far the worker is."""
    _bank, found = service.view(code, export_id, person_id=current.person().person_id, now=current.now())
    return jsonify(state=found.state, done=found.done, total=found.total)


@export.get("/<int:export_id>/file")
@requires(Permission.WRITE_ITEMS)
def file(code: str, export_id: int) -> ResponseReturnValue:
    """Give the file out."""
    found, content = service.fetch(code, export_id, person_id=current.person().person_id, now=current.now())
    return _download(content, found.form)
