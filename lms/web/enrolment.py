"""Enrolment by the school: its teachers are chosen from a list inside the notice's period."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired

from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import enrolment as service
from lms.web.plan import days

enrolment = routes("enrolment", __name__)
MOST_NAMED = 5


class EnrolForm(Form):
    """Who is enrolled, and as what."""

    participants = SelectMultipleField(
        lazy_gettext("参训身份"),
        [InputRequired(lazy_gettext("请选择参训身份。"))],
        description=lazy_gettext("对下面选中的教师一起生效；身份不同的分几次报名。"),
    )
    people = SelectMultipleField(lazy_gettext("教师"), [InputRequired(lazy_gettext("请选择要报名的教师。"))], coerce=int)


@dataclass(frozen=True, slots=True)
class EnrolmentPage:
    """What the page shows: the period, and the form while there is somebody to enrol."""

    title: str
    unit_id: int
    unit_name: str
    code: str
    period: str
    is_open: bool
    words: str
    address: str
    next: str | None
    form: EnrolForm | None


@enrolment.get("/classes/<int:unit_id>/enrol/<code>", endpoint="page")
@requires(Permission.MANAGE_CLASS)
def page(unit_id: int, code: str) -> ResponseReturnValue:
    """Show the teachers who do not take part yet."""
    found = _found(unit_id, code)
    return _page(found, _form(found))


@enrolment.post("/classes/<int:unit_id>/enrol/<code>")
@requires(Permission.MANAGE_CLASS)
def enrol(unit_id: int, code: str) -> ResponseReturnValue:
    """Enrol the chosen teachers."""
    me, found = current.person().person_id, _found(unit_id, code)
    form = _form(found)
    if not form.validate_on_submit():
        return _page(found, form)
    outcome = service.enrol_people(
        me, unit_id, code, person_ids=set(form.people.data or ()), participants=tuple(form.participants.data or ()), now=current.now()
    )
    if outcome.done:
        flash(_("已报名 %(number)d 位教师。", number=outcome.done), "success")
    for one, refusal in outcome.refused[:MOST_NAMED]:
        flash(_("%(name)s 未能报名：%(reason)s", name=one.name, reason=_(refusal.message)), "danger")
    if len(outcome.refused) > MOST_NAMED:
        flash(_("另有 %(number)d 位教师未能报名，原因相同或类似。", number=len(outcome.refused) - MOST_NAMED), "danger")
    return redirect(url_for("enrolment.page", unit_id=unit_id, code=code, q=_words() or None))


def _words() -> str:
    return request.args.get("q", "")[:60].strip()


def _found(unit_id: int, code: str) -> service.EnrolmentView:
    return service.enrollable(current.person().person_id, unit_id, code, words=_words(), after=request.args.get("after", type=int))


def _form(found: service.EnrolmentView) -> EnrolForm:
    form = EnrolForm()
    form.participants.choices = [(one.code, one.title) for one in found.programme.participants]
    form.people.choices = [(one.person_id, f"{one.name}（{one.account}，{one.unit_name}）") for one in found.people]
    return form


def _page(found: service.EnrolmentView, form: EnrolForm) -> str:
    here: dict[str, Any] = {"unit_id": found.unit.id, "code": found.programme.code, "q": _words() or None}
    shown = EnrolmentPage(
        title=found.programme.title,
        unit_id=found.unit.id,
        unit_name=found.unit.name,
        code=found.programme.code,
        period=days(found.programme.enrolment),
        is_open=found.programme.enrolment.contains(current.now()),
        words=_words(),
        address=url_for("enrolment.enrol", **here, after=request.args.get("after", type=int)),
        next=url_for("enrolment.page", **here, after=found.people[-1].person_id) if found.more else None,
        form=form if found.people else None,
    )
    return render_template("lms/enrolment/page.html", page=shown)
