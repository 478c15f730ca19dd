"""Certificates: one's own to see and download, and the register of those who issue them."""

from dataclasses import dataclass

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lms.domain.certificate import CORRECTED, Standing, voucher
from lms.formats import certificate as printing
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import certificate as service
from lms.services import grade as grades
from lms.services import lapsed as lapsed_ones
from lms.services.certificate import Held, Register
from lms.services.lapsed import LapsedList

certificate = routes("certificate", __name__)
STANDING_WORDS = {Standing.VALID: lazy_gettext("有效"), Standing.REVOKED: lazy_gettext("已撤销"), Standing.REPLACED: lazy_gettext("已由新证书代替")}
STANDING_KINDS = {Standing.VALID: "success", Standing.REVOKED: "danger", Standing.REPLACED: "warning"}


class ReasonForm(Form):
    """Why a certificate is revoked or issued anew."""

    reason = StringField(lazy_gettext("理由"), validators=[InputRequired(), Length(min=2, max=300)])


@dataclass(frozen=True, slots=True)
class HeldView:
    """One certificate with its standing in words; `lapsed` says what the grade lacks where it stands without a pass."""

    held: Held
    words: str
    kind: str
    code: str
    reason: str
    lapsed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificatesPage:
    """What the holder sees; `missing` says what is lacking where there is none yet."""

    held: tuple[HeldView, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterTab:
    """One of the register's pages."""

    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """What who issues certificates sees."""

    register: Register
    held: tuple[HeldView, ...]
    tabs: tuple[RegisterTab, ...]


@dataclass(frozen=True, slots=True)
class LapsedPage:
    """What stands without a pass, for who may revoke it."""

    list: LapsedList
    tabs: tuple[RegisterTab, ...]


def _tabs(current_one: str, lapsed: int) -> tuple[RegisterTab, ...]:
    return (
        RegisterTab(_("全部记录"), url_for("certificate.register"), current_one == "register"),
        RegisterTab(_("成绩已不合格"), url_for("certificate.lapsed"), current_one == "lapsed", lapsed),
    )


def view(held: Held, lapsed: tuple[str, ...] = ()) -> HeldView:
    """Put a certificate's standing into words."""
    code = held.certificate.code
    spaced = "-".join(code[place : place + 4] for place in range(0, len(code), 4))
    return HeldView(held, str(STANDING_WORDS[held.standing]), STANDING_KINDS[held.standing], spaced, _reason(held.certificate.reason or ""), lapsed)


def _reason(written: str) -> str:
    """Return why it was revoked; what the product itself wrote, in the page's language."""
    rest = written.removeprefix(CORRECTED)
    said = _(rest) if rest else ""
    return said if rest == written else _("成绩更正：%(reason)s", reason=said)


@certificate.get("/certificates", endpoint="page")
@requires(Permission.LEARN)
def page() -> ResponseReturnValue:
    """Show one's certificates, or what is still missing."""
    person_id = current.person().person_id
    held = service.held_by(person_id)
    lacking = {sheet.enrolment.id: sheet.missing for sheet in grades.sheets(person_id) if not sheet.grade.qualified}
    missing = () if held else tuple(sentence for sentences in lacking.values() for sentence in sentences)
    shown = tuple(view(one, lacking.get(one.certificate.enrolment_id, ()) if one.standing is Standing.VALID else ()) for one in held)
    return render_template("lms/certificate/page.html", page=CertificatesPage(shown, missing))


@certificate.get("/certificates/<int:certificate_id>.pdf", endpoint="pdf")
@requires(Permission.LEARN)
def pdf(certificate_id: int) -> ResponseReturnValue:
    """Print one's certificate."""
    held = service.one_of(current.person().person_id, certificate_id)
    base: str = current_app.extensions["settings"].base_url
    signed = voucher(held.certificate.statement, held.certificate.signature)
    sheet = printing.Sheet(
        statement=held.statement,
        code=held.certificate.code,
        address=f"{base.split('://', 1)[-1]}/check",
        link=f"{base}/check/{held.certificate.code}?s={signed}",
    )
    way = "attachment" if "download" in request.args else "inline"
    return Response(
        printing.pdf(sheet),
        mimetype="application/pdf",
        headers={"Content-Disposition": f"{way}; filename=certificate-{held.certificate.id}.pdf", "Cache-Control": "private, no-store"},
    )


@certificate.get("/register", endpoint="register")
@requires(Permission.ISSUE_CERTIFICATES)
def register() -> ResponseReturnValue:
    """Show the issue log inside one's scope."""
    person_id = current.person().person_id
    found = service.register(person_id, before=request.args.get("before", type=int))
    shown = RegisterPage(found, tuple(view(one) for one in found.held), _tabs("register", lapsed_ones.count(person_id)))
    return render_template("lms/certificate/register.html", page=shown)


@certificate.get("/register/lapsed", endpoint="lapsed")
@requires(Permission.ISSUE_CERTIFICATES)
def lapsed() -> ResponseReturnValue:
    """Show the certificates that stand though their holders qualify no longer."""
    found = lapsed_ones.listed(current.person().person_id, before=request.args.get("before", type=int))
    return render_template("lms/certificate/lapsed.html", page=LapsedPage(found, _tabs("lapsed", found.count)))


@certificate.post("/register/lapsed", endpoint="revoke_lapsed")
@requires(Permission.ISSUE_CERTIFICATES)
def revoke_lapsed() -> ResponseReturnValue:
    """Revoke those that were chosen."""
    chosen = {int(one) for one in request.form.getlist("certificate") if one.isdecimal()}
    form = ReasonForm()
    if not chosen or not form.validate():
        flash(_("请选择要撤销的证书，并写明理由。"), "warning")
    else:
        number = lapsed_ones.revoke(current.person().person_id, chosen, reason=form.reason.data or "", now=current.now())
        flash(_("已撤销 %(n)s 张证书，查验页立即生效。", n=number), "success")
    return redirect(url_for("certificate.lapsed"))


@certificate.post("/register/<int:certificate_id>/revoke", endpoint="revoke")
@requires(Permission.ISSUE_CERTIFICATES)
def revoke(certificate_id: int) -> ResponseReturnValue:
    """Revoke a certificate."""
    service.revoke_as(current.person().person_id, certificate_id, reason=ReasonForm().reason.data or "", now=current.now())
    flash(_("证书已撤销，查验页立即生效。"), "success")
    return redirect(url_for("certificate.register"))


@certificate.post("/register/<int:certificate_id>/reissue", endpoint="reissue")
@requires(Permission.ISSUE_CERTIFICATES)
def reissue(certificate_id: int) -> ResponseReturnValue:
    """Replace a certificate by a new edition."""
    service.reissue_as(current.person().person_id, certificate_id, reason=ReasonForm().reason.data or "", now=current.now())
    flash(_("已发新证书，原证书不再有效。"), "success")
    return redirect(url_for("certificate.register"))
