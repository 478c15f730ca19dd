"""One's own account: what it holds, its sign-ins, its password, and everything in one file."""

from dataclasses import dataclass

import msgspec
from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from lms.domain.signing_in import SignInRefused
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.refusal import Refusal
from lms.services import account as service
from lms.services import erasure as erasures
from lms.services import person as people
from lms.services import signing_in as signing_in_service
from lms.store.erasure import Erasure
from lms.web.signing_in import browser_mark, device, enter, seal, settings

account = routes("account", __name__)


class PasswordForm(Form):
    """The old password and the new one, twice."""

    old = PasswordField(lazy_gettext("当前密码"), [InputRequired(), Length(max=128)])
    new = PasswordField(lazy_gettext("新密码"), [InputRequired(), Length(min=8, max=128)])
    again = PasswordField(lazy_gettext("再输入一次新密码"), [InputRequired(), EqualTo("new", lazy_gettext("两次输入不一致。"))])


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What the account page shows; numbers in plain only right after they were asked for."""

    account: service.Account
    numbers: people.Numbers
    revealed: bool
    login_id: int
    erasure: Erasure | None


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """What the password page shows."""

    form: PasswordForm
    refusal: str | None = None


@account.get("/account", endpoint="page")
@requires(Permission.SIGNED_IN)
def page() -> ResponseReturnValue:
    """Show one's own account."""
    return _page(None)


@account.post("/account/reveal")
@requires(Permission.SIGNED_IN)
def reveal() -> ResponseReturnValue:
    """Show one's own numbers in plain; the audit keeps it."""
    me = current.person()
    found = people.reveal(me.person_id, Permission.SIGNED_IN, me.person_id, reason="本人查看", seal=seal(), now=current.now())
    return _page(found)


def _page(numbers: people.Numbers | None) -> ResponseReturnValue:
    me = current.person()
    own = service.account(me.person_id, seal(), current.now())
    shown = AccountPage(account=own, numbers=numbers or own.masked, revealed=numbers is not None, login_id=me.login_id, erasure=erasures.newest(me.person_id))
    return render_template("lms/account/page.html", page=shown)


@account.post("/account/export")
@requires(Permission.SIGNED_IN, Priority.REPORTS)
def export() -> ResponseReturnValue:
    """Give out everything held of oneself as a JSON file."""
    found = service.export(current.person().person_id, seal(), current.now())
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Response(body, mimetype="application/json", headers={"Content-Disposition": 'attachment; filename="my-account.json"'})


@account.post("/account/erasure")
@requires(Permission.SIGNED_IN)
def ask_erasure() -> ResponseReturnValue:
    """Ask for one's own data to be erased."""
    erasures.ask(current.person().person_id, current.now())
    flash(_("删除申请已提交，由上级管理员处理。"), "success")
    return redirect(url_for("account.page"))


@account.post("/account/sign-out-elsewhere")
@requires(Permission.SIGNED_IN)
def sign_out_elsewhere() -> ResponseReturnValue:
    """End one's sign-ins on all other devices."""
    ended = signing_in_service.sign_out_elsewhere(current.person(), current.now())
    flash(_("已在其他 %(number)d 台设备上退出登录。", number=ended), "success")
    return redirect(url_for("account.page"))


@account.get("/account/password")
@requires(Permission.SIGNED_IN)
def password() -> ResponseReturnValue:
    """Show the password form."""
    return render_template("lms/account/password.html", page=PasswordPage(form=PasswordForm()))


@account.post("/account/password")
@requires(Permission.SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Change one's own password."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("lms/account/password.html", page=PasswordPage(form=form)), 422
    mark = browser_mark()
    try:
        identity = signing_in_service.change_password(
            identity=current.person(),
            old=form.old.data or "",
            new=form.new.data or "",
            device=device(mark),
            seal=seal(),
            tries=settings().sign_in_tries,
            now=current.now(),
        )
    except SignInRefused:
        return _refused(form, _("当前密码不正确。"), 422)
    except Refusal as refusal:
        return _refused(form, _(refusal.message), refusal.status)
    answer = enter(identity, mark, url_for("account.page"))
    flash(_("密码已修改，其他设备已全部退出。"), "success")  # after the session was emptied for the fresh sign-in
    return answer


def _refused(form: PasswordForm, text: str, status: int) -> ResponseReturnValue:
    return render_template("lms/account/password.html", page=PasswordPage(form=form, refusal=text)), status
