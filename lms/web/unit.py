"""The tree as class administrators and managers walk it: who is activated, who is behind, new activation codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.person import Person
from lms.domain.signing_in import ACTIVATION_VALID, spaced_code
from lms.domain.unit import Unit
from lms.formats import roster_workbook
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import enrolment as enrolments
from lms.services import person as people
from lms.services import unit as service
from lms.web.signing_in import seal

unit = routes("unit", __name__)
_STATES = {"activated": True, "waiting": False}


@dataclass(frozen=True, slots=True)
class UnitsPage:
    """What the page of one's classes shows."""

    lines: tuple[service.UnitLine, ...]


@dataclass(frozen=True, slots=True)
class UnitPage:
    """What the page of one unit shows."""

    view: service.UnitView
    line: service.UnitLine
    state: str
    members: tuple[Person, ...]
    last: Mapping[int, datetime]
    progress: Mapping[int, service.Progress]
    next: str | None
    enrolling: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CodesPage:
    """What the printable list of activation codes shows, once."""

    unit: Unit
    lines: tuple[tuple[Person, str], ...]
    until: datetime


@unit.get("/classes", endpoint="page")
@requires(Permission.MANAGE_CLASS)
def page() -> ResponseReturnValue:
    """Show the units one looks after; one alone is opened at once."""
    lines = service.tops(current.person().person_id, Permission.MANAGE_CLASS)
    if len(lines) == 1:
        return redirect(url_for("unit.members", unit_id=lines[0].unit.id))
    return render_template("lms/unit/page.html", page=UnitsPage(lines=lines))


@unit.get("/classes/<int:unit_id>")
@requires(Permission.MANAGE_CLASS)
def members(unit_id: int) -> ResponseReturnValue:
    """Show the people of a unit and how far they are."""
    me, state = current.person().person_id, request.args.get("state", "")
    view = service.view(me, Permission.MANAGE_CLASS, unit_id)
    found = service.members(me, unit_id, activated=_STATES.get(state), behind=state == "behind", after=request.args.get("after", type=int))
    shown = UnitPage(
        view=view,
        line=service.UnitLine(view.unit, view.people, view.activated),
        state=state,
        members=found.people,
        last=found.last_sign_ins,
        progress=found.progress,
        next=url_for("unit.members", unit_id=unit_id, state=state or None, after=found.people[-1].id) if found.more else None,
        enrolling=tuple((one.title, url_for("enrolment.page", unit_id=unit_id, code=one.code)) for one in enrolments.open_for_schools(current.now())),
    )
    return render_template("lms/unit/members.html", page=shown)


@unit.post("/classes/<int:unit_id>/codes")
@requires(Permission.MANAGE_CLASS)
def codes(unit_id: int) -> ResponseReturnValue:
    """Make codes for everybody who waits, as a page to print or as a workbook; they are shown once."""
    me, now = current.person().person_id, current.now()
    where = service.view(me, Permission.MANAGE_CLASS, unit_id).unit
    made = people.new_codes(me, Permission.MANAGE_CLASS, unit_id, seal=seal(), now=now)
    lines = tuple((line.person, spaced_code(line.activation_code)) for line in made)
    if request.form.get("as") == "workbook":
        titles = [_("单位"), _("姓名"), _("账号"), _("激活码")]
        body = roster_workbook.write(_("激活码"), titles, [(person.unit_name, person.name, person.account, code) for person, code in lines])
        return Response(body, mimetype=roster_workbook.MIMETYPE, headers={"Content-Disposition": 'attachment; filename="activation-codes.xlsx"'})
    return render_template("lms/unit/codes.html", page=CodesPage(unit=where, lines=lines, until=now + ACTIVATION_VALID))
