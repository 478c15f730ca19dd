"""The public check of a certificate: no sign-in, a masked name, nothing that identifies."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.domain.certificate import CertificateMissing, Standing, read_code
from lms.kernel import request as current
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.throttle import throttle
from lms.services import certificate as service
from lms.services import signing_key
from lms.services.certificate import Checked
from lms.web.certificate import STANDING_WORDS

verification = routes("verification", __name__)
CHECKS_IN_A_MINUTE = 60  # from one address; an office checks a folder of certificates, a guesser needs billions


@dataclass(frozen=True, slots=True)
class CheckPage:
    """What a stranger sees: the form, and the answer when a code was given."""

    code: str
    checked: Checked | None
    missing: bool
    kind: str
    words: str


class PublicKeys(msgspec.Struct):
    """The keys that sign certificates, by name, in hexadecimal (Ed25519)."""

    keys: dict[str, str]


@verification.get("/check", endpoint="page")
@requires(Permission.ANYONE, Priority.BROWSING)
def page() -> ResponseReturnValue:
    """Ask for a code."""
    written = request.args.get("code", "")
    if written.strip():
        return redirect(url_for("verification.show", code=read_code(written) or "-"))
    return render_template("lms/verification/page.html", page=CheckPage("", None, missing=False, kind="", words=""))


@verification.get("/check/<code>", endpoint="show")
@requires(Permission.ANYONE, Priority.BROWSING)
def show(code: str) -> ResponseReturnValue:
    """Answer for one code."""
    throttle(f"check:{request.remote_addr}", limit=CHECKS_IN_A_MINUTE, within=timedelta(minutes=1), now=current.now())
    try:
        checked = service.check(code, request.args.get("s"))
    except CertificateMissing:
        return render_template("lms/verification/page.html", page=CheckPage(code, None, missing=True, kind="danger", words="")), 404
    kind = "danger" if not checked.genuine or checked.standing is Standing.REVOKED else "success" if checked.standing is Standing.VALID else "warning"
    found = CheckPage(code, checked, missing=False, kind=kind, words=str(STANDING_WORDS[checked.standing]))
    return render_template("lms/verification/page.html", page=found)


@verification.get("/api/certificates/keys", endpoint="keys")
@requires(Permission.ANYONE, Priority.BROWSING)
@json_route(returns=PublicKeys)
def keys() -> PublicKeys:
    """Publish the keys, so that a certificate can be checked without asking us."""
    return PublicKeys(signing_key.public_keys())
