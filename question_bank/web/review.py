"""Submitting, the queue of the reviewers, decisions, retiring."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Malformed
from question_bank.domain.review import CommentNeeded, Decision
from question_bank.services import author as authors
from question_bank.services import review as service
from question_bank.services.bank import Bank
from question_bank.web.version import VersionView, shown

review = routes("review", __name__, url_prefix="/bank/<code>")


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One item in review; one's own cannot be chosen."""

    shown: VersionView
    is_own: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """What waits for a reviewer."""

    bank: Bank
    entries: tuple[QueueEntry, ...]
    total: int


def _back(code: str, item_id: int, words: str) -> ResponseReturnValue:
    flash(words, "success")
    return redirect(url_for("item.page", code=code, item_id=item_id))


@review.post("/items/<int:item_id>/submit")
@requires(Permission.WRITE_ITEMS)
def submit(code: str, item_id: int) -> ResponseReturnValue:
    """Hand a draft to the reviewers."""
    service.submit(code, item_id, person_id=current.person().person_id, now=current.now())
    return _back(code, item_id, _("已提交审核。"))


@review.post("/items/<int:item_id>/retire")
@requires(Permission.REVIEW_ITEMS)
def retire(code: str, item_id: int) -> ResponseReturnValue:
    """Take an item out of use."""
    service.retire(code, item_id, person_id=current.person().person_id, now=current.now())
    return _back(code, item_id, _("试题已停用。已经组好的试卷不受影响。"))


@review.post("/items/<int:item_id>/restore")
@requires(Permission.REVIEW_ITEMS)
def restore(code: str, item_id: int) -> ResponseReturnValue:
    """Bring a retired item back as a draft."""
    service.restore(code, item_id, person_id=current.person().person_id, now=current.now())
    return _back(code, item_id, _("试题已恢复为草稿。"))


@review.post("/items/<int:item_id>/decision")
@requires(Permission.REVIEW_ITEMS)
def decide(code: str, item_id: int) -> ResponseReturnValue:
    """Approve or send back the version that was shown."""
    form = request.form
    if form.get("decision") not in set(Decision) or not form.get("seen_version", "").isdecimal():
        raise Malformed
    decision = Decision(form["decision"])
    try:
        service.decide(
            code,
            item_id,
            decision,
            reviewer_id=current.person().person_id,
            comment=form.get("comment", "")[:2_000],
            now=current.now(),
            seen_version=int(form["seen_version"]),
        )
    except CommentNeeded as refusal:
        flash(_(refusal.message), "danger")
        return redirect(url_for("item.page", code=code, item_id=item_id, _anchor="decision-comment"))
    return _back(code, item_id, _("试题已通过。") if decision is Decision.APPROVE else _("试题已退回给作者。"))


@review.get("/review")
@requires(Permission.REVIEW_ITEMS)
def queue(code: str) -> ResponseReturnValue:
    """Show what waits, keys and explanations included."""
    person_id = current.person().person_id
    bank, versions, total = service.waiting(code, person_id=person_id, now=current.now())
    names = authors.names(version.author_id for version in versions)
    entries = tuple(QueueEntry(shown(bank, version, names), person_id in version.authors) for version in versions)
    return render_template("question_bank/review/queue.html", page=QueuePage(bank, entries, total))


@review.post("/review")
@requires(Permission.REVIEW_ITEMS)
def approve_chosen(code: str) -> ResponseReturnValue:
    """Approve the chosen versions as they were shown, each by a review of its own."""
    chosen = [int(written) for written in request.form.getlist("version") if written.isdecimal() and len(written) < 19]
    outcome = service.approve_all(code, reviewer_id=current.person().person_id, now=current.now(), version_ids=chosen)
    flash(_("已通过 %(number)d 题。", number=outcome.done), "success" if outcome.done else "info")
    if outcome.refused:
        flash(_("%(number)d 题是您自己编写的，须由另一位审题人审核。", number=len(outcome.refused)), "warning")
    if changed := len(set(chosen)) - outcome.done - len(outcome.refused):
        flash(_("%(number)d 题在您查看之后又有改动，没有通过，请重新查看。", number=changed), "warning")
    return redirect(url_for("review.queue", code=code))


@review.post("/submit")
@requires(Permission.WRITE_ITEMS)
def submit_all(code: str) -> ResponseReturnValue:
    """Hand every draft of the bank to the reviewers, but for what they sent back and nobody changed since."""
    outcome = service.submit_all(code, person_id=current.person().person_id, now=current.now())
    flash(_("已提交 %(number)d 题，等待审核。", number=outcome.done), "success" if outcome.done else "info")
    if outcome.sent_back:
        flash(_("%(number)d 题被退回后没有改动，没有提交；请按修改意见改好后再提交。", number=outcome.sent_back), "warning")
    return redirect(url_for("bank.page", code=code, status="in_review"))
