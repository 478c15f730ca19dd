"""Identity before an exam: the learner's page and the invigilator's page."""

from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.identity import CONSENT, State
from exam.services import identity as service
from exam.services.identity import Faces, Own
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal

exam_identity = routes("exam_identity", __name__)
STATES = {State.NONE: N_("未核对"), State.SENT: N_("等待核对"), State.CONFIRMED: N_("已通过"), State.REFUSED: N_("未通过")}
KINDS = {State.NONE: "neutral", State.SENT: "warning", State.CONFIRMED: "success", State.REFUSED: "danger"}


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What the learner sees."""

    own: Own
    consent: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class FacesPage:
    """What the invigilator sees."""

    faces: Faces
    words: str
    states: dict[str, tuple[str, str]]


@exam_identity.get("/exams/<code>/identity")
@requires(Permission.SIT_EXAM)
def own(code: str) -> ResponseReturnValue:
    """Show where one's own check stands."""
    return _own(code)


@exam_identity.post("/exams/<code>/identity")
@requires(Permission.SIT_EXAM)
def send(code: str) -> ResponseReturnValue:
    """Take a photo in."""
    file = request.files.get("photo")
    try:
        service.send(current.person().person_id, code, file.read() if file else b"", consent=request.form.get("consent", ""), now=current.now())
    except Refusal as refusal:
        return _own(code, refusal)
    flash(_("照片已提交。"), "success")
    return redirect(url_for("exam_identity.own", code=code))


@exam_identity.post("/exams/<code>/identity/withdraw")
@requires(Permission.SIT_EXAM)
def withdraw(code: str) -> ResponseReturnValue:
    """Take one's photo back."""
    try:
        service.withdraw(current.person().person_id, code, current.now())
    except Refusal as refusal:
        return _own(code, refusal)
    flash(_("照片已删除。"), "success")
    return redirect(url_for("exam_identity.own", code=code))


@exam_identity.get("/invigilation/<code>/identity")
@requires(Permission.INVIGILATE)
def faces(code: str) -> ResponseReturnValue:
    """Show who waits, and find people by name."""
    words = request.args.get("words", "").strip()[:60]
    states = {str(state): (_(word), KINDS[state]) for state, word in STATES.items()}
    return render_template("exam/identity/faces.html", page=FacesPage(service.faces(current.person().person_id, code, words), words, states))


@exam_identity.get("/invigilation/<code>/identity/<int:person_id>.jpg")
@requires(Permission.INVIGILATE)
def photo(code: str, person_id: int) -> Response:
    """Send a photo; nothing keeps it."""
    shown = service.photo(current.person().person_id, code, person_id, current.now())
    return Response(shown, mimetype="image/jpeg", headers={"Cache-Control": "private, no-store"})


@exam_identity.post("/invigilation/<code>/identity/<int:person_id>/<any(confirm, refuse):decision>")
@requires(Permission.INVIGILATE)
def decide(code: str, person_id: int, decision: str) -> ResponseReturnValue:
    """Confirm or refuse."""
    reason = request.form.get("reason", "")
    with flash_refusal():
        service.decide(current.person().person_id, code, person_id, passed=decision == "confirm", reason=reason, now=current.now())
        flash(_("身份已核对通过，照片已删除。") if decision == "confirm" else _("已退回，照片已删除，考生会看到原因。"), "success")
    return redirect(url_for("exam_identity.faces", code=code))


def _own(code: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    page = OwnPage(service.own(current.person().person_id, code), CONSENT, _(refusal.message) if refusal else None)
    return render_template("exam/identity/own.html", page=page), refusal.status if refusal else 200
