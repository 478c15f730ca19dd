"""What invigilators do from their pages: messages, time, pauses, notes, accommodations, re-opening."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateTimeLocalField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from exam.domain.safe_exam_browser import BrowserKeys, keys_of
from exam.services import adjustment as service
from exam.services import extra_attempt as extra_attempts
from exam.services import outage as outages
from exam.services.adjustment import Target
from lms.kernel import request as current
from lms.kernel.db import Session, transaction
from lms.kernel.flashes import flash_faults, flash_refusal
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext, to_utc
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires

adjustment = routes("adjustment", __name__, url_prefix="/invigilation")
_REASON = [InputRequired(), Length(2, 150)]
WHEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class MessageForm(Form):
    """What to say."""

    words = TextAreaField(lazy_gettext("通知内容"), [InputRequired(), Length(2, 500)])


class TimeForm(Form):
    """How much time to add."""

    minutes = IntegerField(lazy_gettext("增加分钟"), [Optional(), NumberRange(1, 600)])
    percent = IntegerField(lazy_gettext("增加百分比"), [Optional(), NumberRange(1, 200)])
    reason = StringField(lazy_gettext("原因"), _REASON)


class PauseForm(Form):
    """Why the clock shall stand."""

    reason = StringField(lazy_gettext("原因"), _REASON)


class NoteForm(Form):
    """What happened."""

    words = TextAreaField(lazy_gettext("发生了什么"), [InputRequired(), Length(2, 1000)])


class AccommodationForm(Form):
    """Who gets more time from the start, or rests of her own."""

    account = StringField(lazy_gettext("考生账号"), [InputRequired(), Length(1, 60)])
    percent = IntegerField(lazy_gettext("时长（百分比）"), [InputRequired(), NumberRange(100, 300)])
    rest_minutes = IntegerField(lazy_gettext("自主休息（分钟）"), [Optional(), NumberRange(0, 180)])
    reason = StringField(lazy_gettext("原因"), _REASON)


class BrowserForm(Form):
    """Who may sit in any browser, or no longer."""

    account = StringField(lazy_gettext("考生账号"), [InputRequired(), Length(1, 60)])
    again = BooleanField(lazy_gettext("撤销先前的免除，重新要求"))
    reason = StringField(lazy_gettext("原因"), _REASON)


class KeysForm(Form):
    """Which keys an exam takes besides its own, or that it asks for none any more."""

    config_keys = TextAreaField(lazy_gettext("另外接受的 Config Key"), [Optional()])
    browser_exam_keys = TextAreaField(lazy_gettext("另外接受的 Browser Exam Key"), [Optional()])
    lifted = BooleanField(lazy_gettext("全体免除，任何浏览器都可以（考试开始后不能恢复）"))
    reason = StringField(lazy_gettext("原因"), _REASON)


class ReopenForm(Form):
    """How long the re-opened attempt shall go on."""

    minutes = IntegerField(lazy_gettext("可用分钟"), [InputRequired(), NumberRange(1, 600)])
    reason = StringField(lazy_gettext("原因"), _REASON)


class OutageForm(Form):
    """Why, when those who are not given their time may sit again (both instants or none), and whether who handed in is left as she is."""

    reason = StringField(lazy_gettext("原因"), _REASON)
    leave = BooleanField(lazy_gettext("中断恢复后已自行交卷的考生维持交卷，不补时，也不给补考机会"))
    opens = DateTimeLocalField(lazy_gettext("补考开放时间"), [Optional(), of_our_time], format=WHEN)
    closes = DateTimeLocalField(lazy_gettext("补考结束时间"), [Optional(), of_our_time], format=WHEN)

    def validate(self, extra_validators: object = None) -> bool:
        """Refuse half a window."""
        if not super().validate(extra_validators):
            return False
        if (self.opens.data is None) == (self.closes.data is None):
            return True
        self.closes.errors = [_("请把补考的开放时间和结束时间都填上，或都不填。")]
        return False


class ResumeForm(Form):
    """Nothing but the protection against forged posts."""


@dataclass(frozen=True, slots=True)
class ActForms:
    """The forms of one page; their fields' names begin with the act's."""

    message: MessageForm
    time: TimeForm
    pause: PauseForm
    note: NoteForm
    accommodation: AccommodationForm
    browser: BrowserForm
    keys: KeysForm
    reopen: ReopenForm

    @classmethod
    def fresh(cls) -> "ActForms":
        """Return empty forms."""
        return cls(*(form(None, prefix=name) for name, form in FORMS.items() if name != "resume"))


FORMS: dict[str, type[Form]] = {
    "message": MessageForm,
    "time": TimeForm,
    "pause": PauseForm,
    "note": NoteForm,
    "accommodation": AccommodationForm,
    "browser": BrowserForm,
    "keys": KeysForm,
    "reopen": ReopenForm,
    "resume": ResumeForm,
}


def _message(session: Session, whom: Target, form: Form, actor_id: int, now: datetime) -> str:
    service.send(session, whom, form.words.data, actor_id=actor_id, now=now)
    return _("通知已发出，考生约一分钟内看到。")


def _time(session: Session, whom: Target, form: Form, actor_id: int, now: datetime) -> str:
    count = service.give(
        session, whom, minutes=form.minutes.data or 0, percent=form.percent.data or 0, reason=form.reason.data, actor_id=actor_id, now=now
    )  # fmt: skip
    return _("已为 %(n)s 名正在作答的考生增加时间。", n=count)


def _pause(session: Session, whom: Target, form: Form, actor_id: int, now: datetime) -> str:
    return _("已暂停 %(n)s 名考生的计时。", n=service.pause(session, whom, reason=form.reason.data, actor_id=actor_id, now=now))


def _resume(session: Session, whom: Target, form: Form, actor_id: int, now: datetime) -> str:  # noqa: ARG001 - the shape of every act
    return _("已恢复 %(n)s 名考生的计时，暂停的时间已补回。", n=service.resume(session, whom, actor_id=actor_id, now=now))


def _note(session: Session, whom: Target, form: Form, actor_id: int, now: datetime) -> str:
    service.note(session, whom, form.words.data, actor_id=actor_id, now=now)
    return _("已记入考务记录。")


ACTS: dict[str, Callable[[Session, Target, Form, int, datetime], str]] = {
    "message": _message,
    "time": _time,
    "pause": _pause,
    "resume": _resume,
    "note": _note,
}


@adjustment.post("/<code>/<any(message, time, pause, resume, note):act>")
@requires(Permission.INVIGILATE)
def at_place(code: str, act: str) -> ResponseReturnValue:
    """Do something for all learners at a place."""
    unit_id = request.form.get("unit", type=int)
    _do(act, lambda session: service.target(session, current.person().person_id, code, unit_id))
    return redirect(url_for("invigilation.room", code=code, unit=unit_id))


@adjustment.post("/attempt/<int:attempt_id>/<any(message, time, pause, resume, note):act>")
@requires(Permission.INVIGILATE)
def for_one(attempt_id: int, act: str) -> ResponseReturnValue:
    """Do something for one learner."""
    _do(act, lambda session: service.target_of(session, current.person().person_id, attempt_id))
    return redirect(url_for("timeline.page", attempt_id=attempt_id))


def _do(act: str, whom: Callable[[Session], Target]) -> None:
    form = FORMS[act](prefix=act)
    if not form.validate_on_submit():
        flash_faults(form)
        return
    with flash_refusal(only=(service.NobodyOpen, service.NothingToGive, service.OwnAttempt, service.AllPaused, service.NobodyPaused)):
        with transaction() as session:
            meant, me = whom(session), current.person().person_id
            said = ACTS[act](session, meant, form, me, current.now())
            if act in {"time", "pause"} and service.sits(session, meant, me):
                said += _("您自己的作答不在其中，请由另一位管理员办理。")
        flash(said, "success")


@adjustment.post("/<code>/accommodation")
@requires(Permission.INVIGILATE)
def accommodate(code: str) -> ResponseReturnValue:
    """Give somebody more time from the start, and rests of her own."""
    form = AccommodationForm(prefix="accommodation")
    if form.validate_on_submit():
        with flash_refusal():
            account, percent, rest = form.account.data or "", form.percent.data or 100, form.rest_minutes.data or 0
            kept_back = service.accommodate(
                current.person().person_id, code, account, percent, rest_minutes=rest, reason=form.reason.data or "", now=current.now()
            )  # fmt: skip
            said = _("已设定：%(account)s 的时长为 %(percent)s%%。", account=account, percent=percent)
            flash(said + (_("可自主休息共 %(n)s 分钟。", n=rest) if rest else ""), "success")
            if kept_back:
                said = _(
                    "但这场考试须在开放时间内交卷：即使一开放就开始，也有 %(minutes)s 分钟用不上。请延长开放时间，或改为在开放时间内开始即可；"
                    "设置已冻结时，请在她开考后增加时间。",
                    minutes=-(-kept_back // timedelta(minutes=1)),
                )
                flash(said, "warning")
    else:
        flash_faults(form)
    return redirect(url_for("invigilation.room", code=code))


@adjustment.post("/<code>/browser")
@requires(Permission.MANAGE_EXAMS)
def lift_browser(code: str) -> ResponseReturnValue:
    """Let somebody sit in any browser, or no longer."""
    form = BrowserForm(prefix="browser")
    if form.validate_on_submit():
        account, lifted = form.account.data or "", not form.again.data
        with flash_refusal():
            service.lift_browser(current.person().person_id, code, account, lifted=lifted, reason=form.reason.data or "", now=current.now())
            said = _("已免除 %(account)s 的浏览器要求，请她重新打开考试页面。") if lifted else _("已恢复对 %(account)s 的浏览器要求，她下次进入考场时核对。")
            flash(said % {"account": account}, "success")
    else:
        flash_faults(form)
    return redirect(url_for("invigilation.room", code=code))


@adjustment.post("/<code>/browser-keys")
@requires(Permission.MANAGE_EXAMS)
def widen_browser(code: str) -> ResponseReturnValue:
    """Take further keys of all who sit, or ask nobody for the browser any more."""
    form = KeysForm(prefix="keys")
    if form.validate_on_submit():
        further = BrowserKeys(keys_of(form.config_keys.data or ""), keys_of(form.browser_exam_keys.data or ""))
        with flash_refusal():
            service.widen_browser(current.person().person_id, code, None if form.lifted.data else further, reason=form.reason.data or "", now=current.now())
            said = _("已对全体考生免除浏览器要求。") if form.lifted.data else _("已增加密钥。")
            flash(said + _("正在作答的页面自动接上；停在提示页的考生点“重试”即可。"), "success")
    else:
        flash_faults(form)
    return redirect(url_for("invigilation.room", code=code))


@adjustment.post("/outage/<int:outage_id>")
@requires(Permission.MANAGE_EXAMS)
def decide(outage_id: int) -> ResponseReturnValue:
    """Settle a long outage."""
    form, decision = OutageForm(prefix="outage"), request.form.get("decision")
    if decision not in {"give_back", "reschedule"}:
        flash(_("请选择补回时间或另行安排考试。"), "danger")
    elif form.validate_on_submit():
        act: Callable[..., None] = partial(outages.decide, outage_id)
        if form.opens.data and form.closes.data:
            act = partial(extra_attempts.decide_outage, outage_id, opens=to_utc(form.opens.data), closes=to_utc(form.closes.data))
        who, now, reason = current.person().person_id, current.now(), form.reason.data or ""
        with flash_refusal():
            act(give_back=decision == "give_back", handed_in=not form.leave.data, reason=reason, actor_id=who, now=now)
            flash(_("已处理。"), "success")
    else:
        flash_faults(form)
    return redirect(url_for("invigilation.everything"))


@adjustment.post("/attempt/<int:attempt_id>/reopen")
@requires(Permission.INVIGILATE)
def reopen(attempt_id: int) -> ResponseReturnValue:
    """Open an ended attempt again."""
    form = ReopenForm(prefix="reopen")
    if form.validate_on_submit():
        with flash_refusal():
            service.reopen(current.person().person_id, attempt_id, minutes=form.minutes.data or 0, reason=form.reason.data or "", now=current.now())
            flash(_("已重新开放，考生可以回到考场继续作答。"), "success")
    else:
        flash_faults(form)
    return redirect(url_for("timeline.page", attempt_id=attempt_id))
