"""The door of every bank, and the page on which its owner shares it."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Malformed
from question_bank.domain.share import RIGHT_LABELS, Right, allows
from question_bank.services import share as service
from question_bank.services.share import Sharing

share = routes("share", __name__, url_prefix="/bank/<code>/shares")
_FORMS = {"item.new", "item.edit", "staging.upload"}  # what is written there could not be sent by whoever may only read
_GIVEN_UP = "staging.discard"  # writes nothing to the bank: whoever lost the right to write may still give her file up


def guarded(*groups: Blueprint) -> tuple[Blueprint, ...]:
    """Return groups of routes, each of whose pages of a bank asks first whether the bank is open to the person, and offers what she may do."""
    for group in groups:
        group.before_request(_admit)
        group.context_processor(lambda: {"bank_allows": lambda right: allows(g.bank_rights, Right(right))})
    return groups


def _admit() -> None:
    code, person = (request.view_args or {}).get("code"), current.person_or_none()
    if code is not None and person is not None:
        is_read = request.endpoint == _GIVEN_UP or (request.method in {"GET", "HEAD"} and request.endpoint not in _FORMS)
        g.bank_rights = service.admit(code, person.person_id, Right.READ if is_read else Right.WRITE)


@dataclass(frozen=True, slots=True)
class SharesPage:
    """With whom a bank is shared."""

    sharing: Sharing
    rights: tuple[tuple[str, str], ...]
    labels: dict[Right, str]


@share.get("")
@requires(Permission.REVIEW_ITEMS)
def page(code: str) -> ResponseReturnValue:
    """Show with whom the bank is shared."""
    labels = {right: _(label) for right, label in RIGHT_LABELS.items()}
    found = service.view(code, person_id=current.person().person_id)
    return render_template("question_bank/share/page.html", page=SharesPage(found, tuple(labels.items()), labels))


@share.post("")
@requires(Permission.REVIEW_ITEMS)
def grant(code: str) -> ResponseReturnValue:
    """Give a unit a right."""
    right = request.form.get("right")
    if right not in set(Right):
        raise Malformed
    service.grant(code, request.form.get("unit", ""), Right(right), person_id=current.person().person_id, now=current.now())
    flash(_("已共享。"), "success")
    return redirect(url_for("share.page", code=code))


@share.post("/<int:unit_id>/withdraw")
@requires(Permission.REVIEW_ITEMS)
def withdraw(code: str, unit_id: int) -> ResponseReturnValue:
    """Take a unit's right away."""
    service.withdraw(code, unit_id, person_id=current.person().person_id, now=current.now())
    flash(_("已撤销共享。已经组好的试卷不受影响。"), "success")
    return redirect(url_for("share.page", code=code))
