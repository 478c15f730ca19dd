"""Roles of the province: who holds which, granting and taking back."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Role, requires
from lms.kernel.refusal import Refusal
from lms.services import role_grant as service

role_grant = routes("role_grant", __name__)
MOST_NAMED = 5  # of units of one name

NAMES = {
    Role.AUTHOR: lazy_gettext("命题教师"),
    Role.REVIEWER: lazy_gettext("审题专家"),
    Role.EXAMINER: lazy_gettext("阅卷教师"),
    Role.INVIGILATOR: lazy_gettext("监考员"),
    Role.CLASS_ADMINISTRATOR: lazy_gettext("班级管理员"),
    Role.SCHOOL_MANAGER: lazy_gettext("学校管理员"),
    Role.COUNTY_MANAGER: lazy_gettext("县级管理员"),
    Role.CITY_MANAGER: lazy_gettext("市级管理员"),
    Role.COURSE_EDITOR: lazy_gettext("课程编辑"),
    Role.OPERATOR: lazy_gettext("运维人员"),
    Role.AUDITOR: lazy_gettext("审计员"),
}


class GrantForm(Form):
    """Who gets which role for which unit."""

    account = StringField(lazy_gettext("账号"), [InputRequired(), Length(max=40)])
    role = SelectField(lazy_gettext("角色"), [InputRequired()])
    unit = StringField(lazy_gettext("单位名称或代码"), [InputRequired(), Length(max=120)])


@dataclass(frozen=True, slots=True)
class StaffPage:
    """What the page of roles shows."""

    form: GrantForm
    staff: service.Staff
    refusal: str | None = None


def _form(staff: service.Staff) -> GrantForm:
    form = GrantForm()
    form.role.choices = [(role.value, NAMES[role]) for role in staff.roles]
    return form


@role_grant.get("/roles", endpoint="page")
@requires(Permission.GRANT_ROLES)
def page() -> ResponseReturnValue:
    """Show who holds which role."""
    staff = service.staff(current.person().person_id)
    return render_template("lms/role_grant/page.html", page=StaffPage(form=_form(staff), staff=staff))


@role_grant.post("/roles")
@requires(Permission.GRANT_ROLES)
def grant() -> ResponseReturnValue:
    """Grant a role."""
    me = current.person().person_id
    staff = service.staff(me)
    form = _form(staff)
    if not form.validate_on_submit():
        return render_template("lms/role_grant/page.html", page=StaffPage(form=form, staff=staff)), 422
    try:
        person = service.grant(me, account=form.account.data or "", role=Role(form.role.data), unit=form.unit.data or "", now=current.now())
    except Refusal as refusal:
        text = _(refusal.message) + (_several(refusal) if isinstance(refusal, service.SeveralUnits) else "")
        return render_template("lms/role_grant/page.html", page=StaffPage(form=form, staff=staff, refusal=text)), refusal.status
    flash(_("已授予 %(name)s 新角色；对方需要重新登录。", name=person.name), "success")
    return redirect(url_for("role_grant.page"))


def _several(found: service.SeveralUnits) -> str:
    """Name some of the units of one name by what stands above them, and say where the codes of the others are."""
    some = _("、").join(f"{above} {code}".strip() for above, code in found.places[:MOST_NAMED])
    others = len(found.places) - MOST_NAMED
    return some + (_("；另外还有 %(n)s 个，代码写在“班级”中各单位的页面上。", n=others) if others > 0 else "")


@role_grant.post("/roles/<int:person_id>/<int:grant_id>/take-back")
@requires(Permission.GRANT_ROLES)
def take_back(person_id: int, grant_id: int) -> ResponseReturnValue:
    """Take a role back."""
    service.take_back(current.person().person_id, person_id=person_id, grant_id=grant_id, now=current.now())
    flash(_("角色已收回；对方需要重新登录。"), "success")
    return redirect(url_for("role_grant.page"))
