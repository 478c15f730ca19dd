"""The board before the bell, and the rate of the waiting room."""

from dataclasses import dataclass

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import FloatField
from wtforms.validators import NumberRange, Optional

from exam.domain.waiting_room import MOST
from exam.services import preflight as service
from exam.services import waiting_room
from exam.services.preflight import Board, sentence
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Forbidden

preflight = routes("preflight", __name__, url_prefix="/admin/exams/<code>/preflight")

SIGNS = {"green": ("success", "check-circle"), "amber": ("warning", "alert"), "red": ("danger", "stop")}


class RateForm(Form):
    """How many may start in a second."""

    rate = FloatField(lazy_gettext("每秒放行人数"), [Optional(), NumberRange(0, MOST)])


@dataclass(frozen=True, slots=True)
class PreflightPage:
    """What the board shows."""

    board: Board
    lines: tuple[tuple[str, str, str, str], ...]  # title, kind, icon, sentence
    verdict: str
    kind: str
    form: RateForm


@preflight.get("")
@requires(Permission.INVIGILATE)
def page(code: str) -> ResponseReturnValue:
    """Show the board."""
    _require()
    return _show(code, None)


@preflight.post("/rate")
@requires(Permission.INVIGILATE)
def rate(code: str) -> ResponseReturnValue:
    """Set the rate of the waiting room."""
    _require()
    form = RateForm()
    if not form.validate_on_submit():
        return _show(code, form, status=422)
    waiting_room.set_rate(code, form.rate.data, actor_id=current.person().person_id, now=current.now())
    flash(_("已设定候场速度。调快时，正在候场的考生会提前；调慢时，已经排上的考生保留原来的位置。"), "success")
    return redirect(url_for("preflight.page", code=code))


def _require() -> None:
    """Let those in who answer for an exam or for the machine, not everybody who watches a school."""
    person = current.person()
    if not (person.may(Permission.MANAGE_EXAMS) or person.may(Permission.OPERATE)):
        raise Forbidden


def _show(code: str, form: RateForm | None, *, status: int = 200) -> ResponseReturnValue:
    board = service.board(code, current_app.extensions["settings"], current.now())
    is_over = board.exam.closes <= current.now()
    verdicts = {
        "green": _("可以开考：各项检查正常。"),
        "amber": _("可以开考，但有几项需要确认。"),
        "red": _("现在不宜开考：请先处理红色的各项。"),
    }
    shown = PreflightPage(
        board=board,
        lines=tuple((_(one.title), *SIGNS[one.light], sentence(one)) for one in board.checks),
        verdict=_("考试的开放时间已过，下面是现在的情况。") if is_over else verdicts[board.light],
        kind="info" if is_over else SIGNS[board.light][0],
        form=form or RateForm(data={"rate": board.rate}),
    )
    return render_template("exam/preflight/page.html", page=shown), status
