"""Annulling an attempt by two people, and extra attempts, from the page of the attempt."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateTimeLocalField, StringField
from wtforms.validators import InputRequired, Length

from exam.services import annulment as service
from exam.services import extra_attempt as extra_attempts
from exam.web.adjustment import WHEN, ResumeForm
from lms.kernel import request as current
from lms.kernel.flashes import flash_faults, flash_refusal
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext, to_utc
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires

annulment = routes("annulment", __name__, url_prefix="/invigilation/attempt/<int:attempt_id>")
_REASON = [InputRequired(), Length(2, 150)]


class AnnulForm(Form):
    """Why the attempt shall not count."""

    reason = StringField(lazy_gettext("作废原因"), _REASON)


class ExtraForm(Form):
    """When, and why, she may sit once more."""

    opens = DateTimeLocalField(lazy_gettext("补考开放时间"), [InputRequired(), of_our_time], format=WHEN)
    closes = DateTimeLocalField(lazy_gettext("补考结束时间"), [InputRequired(), of_our_time], format=WHEN)
    reason = StringField(lazy_gettext("原因"), _REASON)


class WithdrawForm(Form):
    """Why she may not sit once more after all, or nobody of those who were given it with her."""

    reason = StringField(lazy_gettext("原因"), _REASON)
    all = BooleanField(lazy_gettext("同一次给予其他考生的补考机会，没有使用的也一并撤回"))


@dataclass(frozen=True, slots=True)
class VerdictForms:
    """The forms of one page."""

    annul: AnnulForm
    extra: ExtraForm
    withdraw: WithdrawForm

    @classmethod
    def fresh(cls) -> "VerdictForms":
        """Return empty forms."""
        return cls(AnnulForm(None, prefix="annul"), ExtraForm(None, prefix="extra"), WithdrawForm(None, prefix="withdraw"))


@annulment.post("/annul")
@requires(Permission.INVIGILATE)
def propose(attempt_id: int) -> ResponseReturnValue:
    """Propose to annul an attempt."""
    form, who, now = AnnulForm(prefix="annul"), current.person().person_id, current.now()
    return _done(form, attempt_id, _("已提出作废，等待另一位管理员确认。"), lambda: service.propose(who, attempt_id, reason=form.reason.data or "", now=now))


@annulment.post("/annulment")
@requires(Permission.MANAGE_EXAMS)
def decide(attempt_id: int) -> ResponseReturnValue:
    """Agree to annul an attempt, or drop the proposal."""
    agree = request.form.get("decision") == "annul"
    said = _("这次作答已作废。") if agree else _("作废申请已撤下，作答照常有效。")
    return _done(ResumeForm(), attempt_id, said, lambda: service.decide(current.person().person_id, attempt_id, agree=agree, now=current.now()))


@annulment.post("/extra")
@requires(Permission.MANAGE_EXAMS)
def extra(attempt_id: int) -> ResponseReturnValue:
    """Give the learner one more attempt."""
    form = ExtraForm(prefix="extra")

    def grant() -> None:
        assert form.opens.data
        assert form.closes.data
        opens, closes = to_utc(form.opens.data), to_utc(form.closes.data)
        extra_attempts.grant(current.person().person_id, attempt_id, opens=opens, closes=closes, reason=form.reason.data or "", now=current.now())

    return _done(form, attempt_id, _("已给予一次补考机会，考生在首页和考试页面可以看到时间。"), grant)


@annulment.post("/extra/withdraw")
@requires(Permission.MANAGE_EXAMS)
def withdraw(attempt_id: int) -> ResponseReturnValue:
    """Take an extra attempt back that was not begun."""
    form, who, now = WithdrawForm(prefix="withdraw"), current.person().person_id, current.now()

    def act() -> None:
        extra_attempts.withdraw(who, attempt_id, all_given_with_it=bool(form.all.data), reason=form.reason.data or "", now=now)

    return _done(form, attempt_id, _("补考机会已撤回。"), act)


def _done(form: Form, attempt_id: int, said: str, act: Callable[[], None]) -> ResponseReturnValue:
    if form.validate_on_submit():
        with flash_refusal():
            act()
            flash(said, "success")
    else:
        flash_faults(form)
    return redirect(url_for("timeline.page", attempt_id=attempt_id))
