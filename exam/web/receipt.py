"""The public check of a receipt: no sign-in, a masked name, nothing of what was answered."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.receipt import ReceiptMissing, written
from exam.services import receipt as service
from exam.services.receipt import CheckedReceipt
from lms.domain.certificate import read_code
from lms.kernel import request as current
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.throttle import throttle

exam_receipt = routes("exam_receipt", __name__, url_prefix="/receipts")
CHECKS_IN_A_MINUTE = 60  # from one address, as for certificates


@dataclass(frozen=True, slots=True)
class ReceiptCheckPage:
    """What a stranger sees: the form, and the answer when a code was given."""

    code: str
    checked: CheckedReceipt | None
    missing: bool = False


def address(code: str) -> str:
    """Return where anybody may check a receipt."""
    base: str = current_app.extensions["settings"].base_url
    return base + url_for("exam_receipt.show", code=code)


@exam_receipt.get("")
@requires(Permission.ANYONE, Priority.BROWSING)
def page() -> ResponseReturnValue:
    """Ask for a code."""
    asked = read_code(request.args.get("code", ""))
    if asked:
        return redirect(url_for("exam_receipt.show", code=asked))
    return render_template("exam/receipt/page.html", page=ReceiptCheckPage("", None))


@exam_receipt.get("/<code>")
@requires(Permission.ANYONE, Priority.BROWSING)
def show(code: str) -> ResponseReturnValue:
    """Answer for one code."""
    throttle(f"receipt:{request.remote_addr}", limit=CHECKS_IN_A_MINUTE, within=timedelta(minutes=1), now=current.now())
    try:
        found = service.check(code)
    except ReceiptMissing:
        return render_template("exam/receipt/page.html", page=ReceiptCheckPage(code, None, missing=True)), 404
    return render_template("exam/receipt/page.html", page=ReceiptCheckPage(written(found.found.receipt), found))
