"""Pages of appeals against seconds that did not count."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField, validators

from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext as _l
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from media.services import appeal as service

appeals = routes("appeals", __name__)


class AppealForm(Form):
    """What the learner says."""

    words = TextAreaField(_l("情况说明"), [validators.InputRequired(), validators.Length(max=500)])


class DecisionForm(Form):
    """What the administrator answers."""

    answer = StringField(_l("答复"), [validators.InputRequired(), validators.Length(max=500)])


@appeals.post("/watching/<int:activity_id>/appeal")
@requires(Permission.LEARN)
def make(activity_id: int) -> Response:
    """Make an appeal."""
    form = AppealForm()
    if form.validate_on_submit():
        service.appeal(person_id=current.person().person_id, activity_id=activity_id, words=form.words.data or "", now=current.now())
        flash(_("申诉已提交，班级管理员会处理并答复。"), "success")
    else:
        flash(_("请填写情况说明，不超过 500 字。"), "warning")
    return redirect(url_for("playback.losses", activity_id=activity_id))


@appeals.get("/appeals")
@requires(Permission.MANAGE_CLASS)
def page() -> str:
    """List the appeals of the administrator's people."""
    return render_template("media/appeal/list.html", page=service.page(current.person().person_id), form=DecisionForm(formdata=None))


@appeals.post("/appeals/<int:appeal_id>/<any(accept, decline):decision>")
@requires(Permission.MANAGE_CLASS)
def decide(appeal_id: int, decision: str) -> Response:
    """Accept or decline an appeal."""
    form = DecisionForm()
    if form.validate_on_submit():
        act = service.accept if decision == "accept" else service.decline
        act(appeal_id=appeal_id, actor_id=current.person().person_id, answer=form.answer.data or "", now=current.now())
        flash(_("已处理，学员可以看到您的答复。"), "success")
    else:
        flash(_("请写一句答复，学员会看到。"), "warning")
    return redirect(url_for("appeals.page"))
