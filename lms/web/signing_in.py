"""Signing in and out, first activation, and the text on personal information."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from flask import Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from lms.domain.signing_in import CONSENT_VERSION, Device, device_name, normal_code
from lms.kernel import auth, shedding
from lms.kernel import request as current
from lms.kernel.app import local_path
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.identity import Identity
from lms.kernel.part import routes
from lms.kernel.passwords import ManySignIns
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Refusal
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import signing_in as service

# The templates of the whole package hang on its first group.
signing_in = routes("signing_in", __name__, templates=Path(__file__).parents[1] / "templates")
_MARK = "lms_device"
HALF = "half_signed_in"  # whose password was right, when, and whether she has consented; the session's cookie is signed
_MARK_KEPT = 400 * 24 * 3600


class SignInForm(Form):
    """Account or phone, and password."""

    account = StringField(lazy_gettext("账号或手机号"), [InputRequired(), Length(max=60)])
    password = PasswordField(lazy_gettext("密码"), [InputRequired(), Length(max=128)])


class ActivationForm(Form):
    """A one-time code becomes a password."""

    account = StringField(lazy_gettext("账号或手机号"), [InputRequired(), Length(max=60)])
    code = StringField(lazy_gettext("激活码"), [InputRequired(), Length(max=40)])
    password = PasswordField(lazy_gettext("设置密码"), [InputRequired(), Length(min=8, max=128)])
    again = PasswordField(lazy_gettext("再输入一次密码"), [InputRequired(), EqualTo("password", lazy_gettext("两次输入不一致。"))])
    consent = BooleanField(lazy_gettext("我已阅读并同意《个人信息保护说明》"), [InputRequired(lazy_gettext("请先阅读并同意个人信息保护说明。"))])


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What the sign-in page shows."""

    form: SignInForm
    next: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class ActivationPage:
    """What the activation page shows."""

    form: ActivationForm
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """What the page with the text on personal information shows."""

    version: str
    next: str
    ask: bool


@signing_in.get("/sign-in", endpoint="page")
@requires(Permission.ANYONE)
def page() -> ResponseReturnValue:
    """Show the sign-in form."""
    target = next_path(request.args.get("next", ""))
    if current.person_or_none():
        return redirect(target)
    return render_template("lms/signing_in/page.html", page=SignInPage(form=SignInForm(), next=target))


@signing_in.post("/sign-in")
@requires(Permission.ANYONE)
def sign_in() -> ResponseReturnValue:
    """Check account and password."""
    form, target = SignInForm(), next_path(request.args.get("next", ""))
    if not form.validate_on_submit():
        return render_template("lms/signing_in/page.html", page=SignInPage(form=form, next=target)), 422
    mark = browser_mark()
    try:
        found = service.sign_in(
            claim=form.account.data or "",
            password=form.password.data or "",
            device=device(mark),
            seal=seal(),
            tries=settings().sign_in_tries,
            now=current.now(),
            staff_factor=settings().staff_second_factor,
            inside=request.form.get("inside", ""),
        )
    except Refusal as refusal:
        shown = SignInPage(form=form, next=target, refusal=_(refusal.message))
        return render_template("lms/signing_in/page.html", page=shown), refusal.status, later(refusal)
    return proceed(found, mark, target)


@signing_in.post("/sign-out")
@requires(Permission.ANYONE)  # an ended sign-in may be signed out again without an error page
def sign_out() -> ResponseReturnValue:
    """End the sign-in and have the browser forget what it stored."""
    person = current.person_or_none()
    if person:
        service.sign_out(person, current.now())
    auth.sign_out()
    flash(_("您已退出登录。"), "success")
    answer = redirect(url_for("signing_in.page"))
    # Schools share computers. The device's mark is a random number and stays, so that others' wrong tries cannot lock its owner out.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@signing_in.get("/activate")
@requires(Permission.ANYONE)
def activation() -> ResponseReturnValue:
    """Show the activation form."""
    return render_template("lms/signing_in/activate.html", page=ActivationPage(form=ActivationForm()))


@signing_in.post("/activate")
@requires(Permission.ANYONE)
def activate() -> ResponseReturnValue:
    """Turn a one-time code into a password."""
    form = ActivationForm()
    if not form.validate_on_submit():
        return render_template("lms/signing_in/activate.html", page=ActivationPage(form=form)), 422
    mark = browser_mark()
    try:
        found = service.activate(
            claim=form.account.data or "",
            code=normal_code(form.code.data or ""),
            password=form.password.data or "",
            consent=bool(form.consent.data),
            device=device(mark),
            seal=seal(),
            tries=settings().sign_in_tries,
            now=current.now(),
            staff_factor=settings().staff_second_factor,
        )
    except Refusal as refusal:
        return render_template("lms/signing_in/activate.html", page=ActivationPage(form=form, refusal=_(refusal.message))), refusal.status, later(refusal)
    answer = proceed(found, mark, "/")
    flash(_("账号已激活，欢迎您！"), "success")
    return answer


@signing_in.get("/privacy")
@requires(Permission.ANYONE)
def privacy() -> ResponseReturnValue:
    """Show the present text on personal information."""
    return render_template("lms/signing_in/consent.html", page=ConsentPage(version=CONSENT_VERSION, next="/", ask=False))


@signing_in.get("/consent")
@requires(Permission.SIGNED_IN)
def consent() -> ResponseReturnValue:
    """Ask for consent to the present text."""
    target = next_path(request.args.get("next", ""))
    return render_template("lms/signing_in/consent.html", page=ConsentPage(version=CONSENT_VERSION, next=target, ask=True))


@signing_in.post("/consent")
@requires(Permission.SIGNED_IN)
def accept() -> ResponseReturnValue:
    """Keep the consent."""
    service.accept_consent(current.person().person_id, current.now())
    return redirect(next_path(request.args.get("next", "")))


def proceed(found: service.SignedIn, mark: str, target: str) -> Response:
    """Go on from a right password: to the second factor where it is asked, else inside."""
    if found.identity is None:
        session[HALF] = [found.person_id, int(current.now().timestamp()), found.consented]
        return current_app.make_response(redirect(url_for("second_factor.asked", next=target)))
    if found.must_set_up:
        target = url_for("second_factor.page")
    answer = enter(found.identity, mark, consented_first(target, consented=found.consented))
    if found.must_set_up:  # said after the session was emptied for the fresh sign-in
        flash(_("工作人员须设置两步验证；设置之前，管理功能暂不可用。"), "warning")
    return answer


def consented_first(target: str, *, consented: bool) -> str:
    """Return where to go: to the text that must still be accepted, else on."""
    return target if consented else url_for("signing_in.consent", next=target)


def enter(identity: Identity, mark: str, target: str) -> Response:
    """Give the browser a fresh sign-in and send it on."""
    auth.sign_in(identity)
    answer = current_app.make_response(redirect(target))
    answer.set_cookie(_MARK, mark, max_age=_MARK_KEPT, httponly=True, secure=settings().https, samesite="Lax")
    return answer


def later(refusal: Refusal) -> dict[str, str]:
    """Say when to come again, where somebody is only put off."""
    return {"Retry-After": shedding.retry_after()} if refusal.status == ManySignIns.status else {}


def next_path(target: str) -> str:
    """Return where to go afterwards: a path of this site, else the start page."""
    return target if local_path(target) and not target.startswith(("/sign-in", "/sign-out", "/activate", "/consent")) else "/"


def browser_mark() -> str:
    """Return the browser's random mark, or a fresh one."""
    known = request.cookies.get(_MARK, "")
    return known if len(known) == 32 and known.isalnum() else secrets.token_hex(16)


def device(mark: str | None = None) -> Device:
    """Return where this request comes from."""
    key = hashlib.sha256((mark or browser_mark()).encode()).digest()
    return Device(key=key, address=request.remote_addr or "-", description=device_name(request.user_agent.string or ""))


def seal() -> Seal:
    """Return the seal of personal numbers."""
    return Seal(settings().field_key)


def settings() -> Settings:
    """Return the settings of the running app."""
    found: Settings = current_app.extensions["settings"]
    return found
