"""Reminders: sent with one click by who looks after a unit, dismissed by the learner."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import reminder as service

reminder = routes("reminder", __name__)


@reminder.post("/classes/<int:unit_id>/reminders")
@requires(Permission.MANAGE_CLASS)
def send(unit_id: int) -> ResponseReturnValue:
    """Remind those of a unit who are behind."""
    done = service.remind(current.person().person_id, unit_id, current.now())
    if done.sent:
        flash(_("已提醒 %(number)d 位教师，提醒会显示在她们的首页。", number=done.sent), "success")
    if done.already:
        flash(_("%(number)d 位教师今天已经提醒过，没有重复提醒。", number=done.already), "info")
    if not done.sent and not done.already:
        flash(_("这里没有学时未完成的教师。"), "info")
    return redirect(url_for("unit.members", unit_id=unit_id, state="behind"))


@reminder.post("/reminders/dismiss")
@requires(Permission.LEARN)
def dismiss() -> ResponseReturnValue:
    """Put one's own reminders away."""
    service.dismiss(current.person().person_id, current.now())
    return redirect(url_for("home.page"))
