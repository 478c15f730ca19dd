"""The second factor: the code after the password, and setting it up on one's account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lms.domain.second_factor import HALF_OPEN, Factor, HalfSignInOver
from lms.domain.signing_in import spaced_code
from lms.kernel import qr
from lms.kernel import request as current
from lms.kernel.clock import Clock
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Refusal
from lms.kernel.security import Seal
from lms.services import second_factor as service
from lms.web.signing_in import HALF, browser_mark, consented_first, device, enter, next_path, seal, settings

second_factor = routes("second_factor", __name__)


class CheckArguments(TypedDict):
    """What every check of a code needs."""

    seal: Seal
    tries: int
    now: datetime
    real: datetime


class CodeForm(Form):
    """One code."""

    code = StringField(lazy_gettext("验证码或恢复码"), [InputRequired(), Length(max=40)])


@dataclass(frozen=True, slots=True)
class AskedPage:
    """What stands between the password and the first page."""

    form: CodeForm
    next: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class FactorPage:
    """What the page of one's second factor shows: how it stands, what a phone needs to set it up, or fresh recovery codes, once."""

    factor: Factor | None
    form: CodeForm
    secret: str = ""
    picture: str = ""
    recovery: tuple[str, ...] = ()
    refusal: str | None = None


@second_factor.get("/sign-in/second")
@requires(Permission.ANYONE)
def asked() -> ResponseReturnValue:
    """Ask for the code."""
    _half()
    return render_template("lms/second_factor/asked.html", page=AskedPage(CodeForm(), next_path(request.args.get("next", ""))))


@second_factor.post("/sign-in/second")
@requires(Permission.ANYONE)
def answer() -> ResponseReturnValue:
    """Check the code and sign in."""
    person_id, consented = _half()
    form, target, mark = CodeForm(), next_path(request.args.get("next", "")), browser_mark()
    try:
        identity = service.sign_in(person_id, form.code.data or "", device=device(mark), **_check())
    except Refusal as refusal:
        return render_template("lms/second_factor/asked.html", page=AskedPage(form, target, _(refusal.message))), refusal.status
    return enter(identity, mark, consented_first(target, consented=consented))


@second_factor.get("/account/second-factor", endpoint="page")
@requires(Permission.SIGNED_IN)
def page() -> ResponseReturnValue:
    """Show how one's second factor stands."""
    return _page()


@second_factor.post("/account/second-factor")
@requires(Permission.SIGNED_IN)
def begin() -> ResponseReturnValue:
    """Make a fresh secret for a phone."""
    service.begin(current.person().person_id, seal())
    return redirect(url_for("second_factor.page"))


@second_factor.post("/account/second-factor/confirm")
@requires(Permission.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    """Confirm with the phone's first code; the recovery codes are shown once."""
    return _with_code(lambda code: service.confirm(current.person(), code, **_check()))


@second_factor.post("/account/second-factor/recovery")
@requires(Permission.SIGNED_IN)
def renew() -> ResponseReturnValue:
    """Show new recovery codes, once."""
    return _with_code(lambda code: service.renew_recovery(current.person().person_id, code, **_check()))


@second_factor.post("/account/second-factor/off")
@requires(Permission.SIGNED_IN)
def turn_off() -> ResponseReturnValue:
    """Turn one's own second factor off."""

    def off(code: str) -> tuple[str, ...]:
        service.turn_off(current.person().person_id, code, **_check())
        flash(_("两步验证已关闭。"), "success")
        return ()

    return _with_code(off)


def _with_code(act: Callable[[str], tuple[str, ...]]) -> ResponseReturnValue:
    form = CodeForm()
    try:
        recovery = act(form.code.data or "")
    except Refusal as refusal:
        return _page(form, refusal=_(refusal.message)), refusal.status
    return _page(recovery=recovery) if recovery else redirect(url_for("second_factor.page"))


def _page(form: CodeForm | None = None, *, recovery: tuple[str, ...] = (), refusal: str | None = None) -> str:
    person_id = current.person().person_id
    found = service.factor(person_id)
    secret = picture = ""
    if found and not found.confirmed:
        setup = service.setup(person_id, issuer=_("教师研修平台"), seal=seal())
        secret, picture = setup.secret, qr.picture(setup.address)
    shown = FactorPage(
        factor=found,
        form=form or CodeForm(formdata=None),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=picture,
        recovery=tuple(spaced_code(code) for code in recovery),
        refusal=refusal,
    )
    return render_template("lms/second_factor/page.html", page=shown)


def _half() -> tuple[int, bool]:
    """Return whose password was right a moment ago, and whether she has consented."""
    person_id, at, consented = session.get(HALF, (0, 0, False))
    if not person_id or current.now() - datetime.fromtimestamp(at, UTC) > HALF_OPEN:
        raise HalfSignInOver
    return person_id, consented


def _check() -> CheckArguments:
    clock: Clock = current_app.extensions["clock"]
    return {"seal": seal(), "tries": settings().sign_in_tries, "now": current.now(), "real": current.now() - clock.offset}
