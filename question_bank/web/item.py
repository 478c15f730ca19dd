"""Writing an item, looking at it, its history, its comments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.domain.draft import MAX_OPTION, MAX_STEM, Draft
from question_bank.domain.fault import Fault
from question_bank.domain.item import ItemContent
from question_bank.domain.review import STATUS_LABELS, Decision, Status
from question_bank.services import analysis as analyses
from question_bank.services import author as authors
from question_bank.services import bank as banks
from question_bank.services import item as service
from question_bank.services import review
from question_bank.services.bank import Bank
from question_bank.services.drafting import drafted
from question_bank.services.item import ItemFaulty, ItemView
from question_bank.store.review import Remark
from question_bank.web import item_form
from question_bank.web.bank import STATUS_KINDS
from question_bank.web.item_form import ItemForm
from question_bank.web.picture import shown_in
from question_bank.web.version import Changes, VersionView, changes, shown

item = routes("item", __name__)


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form of a new or an old item."""

    bank: Bank
    title: str
    form: ItemForm
    item_id: int | None
    seen_version: int | None
    back: str
    remarks: tuple[Remark, ...]  # what was said of the newest version
    authors: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item with all that is known of it."""

    view: ItemView
    shown: VersionView
    measured: tuple[tuple[str, str], ...]
    status: str
    status_kind: str
    flaws: tuple[str, ...]
    preview: ItemContent
    authors: Mapping[int, str]
    changes: Changes
    compared_number: int | None
    may_submit: bool
    may_edit: bool
    may_decide: bool
    is_own: bool
    sent_back: Remark | None  # why, where nobody changed it since


@item.get("/bank/<code>/items/<int:item_id>")
@requires(Permission.WRITE_ITEMS)
def page(code: str, item_id: int) -> ResponseReturnValue:
    """Show an item with its key, explanations, versions and remarks."""
    person = current.person()
    view = service.view(code, item_id, person_id=person.person_id, now=current.now())
    names = authors.names([*(version.author_id for version in view.versions), *(remark.person_id for remark in view.remarks)])
    latest = view.latest
    compared = max((version for version in view.versions if version.number < latest.number), key=lambda version: version.number, default=None)
    decided = [remark for remark in view.remarks if remark.version_id == latest.version_id and remark.decision]
    sent_back = decided[-1] if decided and decided[-1].decision == Decision.SEND_BACK and latest.status is Status.DRAFT else None
    return render_template(
        "question_bank/item/page.html",
        page=ItemPage(
            view=view,
            shown=shown(view.bank, latest, names),
            measured=_measured(view),
            status=_("退回") if sent_back else _(STATUS_LABELS[latest.status]),
            status_kind="warning" if sent_back else STATUS_KINDS[latest.status],
            flaws=item_form.flaw_words(drafted(latest)),
            preview=item_form.previewed(drafted(latest), shown_in(code)),
            authors=names,
            changes=changes(view.bank, drafted(compared), drafted(latest)) if compared else (),
            compared_number=compared.number if compared else None,
            may_submit=latest.status is Status.DRAFT,
            may_edit=latest.status is not Status.RETIRED,
            may_decide=latest.status is Status.IN_REVIEW and person.may(Permission.REVIEW_ITEMS) and person.person_id not in latest.authors,
            is_own=person.person_id in latest.authors,
            sent_back=sent_back,
        ),
    )


def _measured(view: ItemView) -> tuple[tuple[str, str], ...]:
    """Return what answers have shown of the newest measured version: share right, of how many, when."""
    for found in analyses.measured(view.bank.id, view.latest.item_id):
        figures, day = found.report.statistics, format_instant(found.run.at, "day")
        share, answers, number = f"{figures.difficulty:.2f}", figures.answers, found.number
        return ((_("实测得分率"), _("%(share)s（%(answers)d 人作答，%(day)s，第 %(number)d 版）", share=share, answers=answers, day=day, number=number)),)
    return ()


def _edit(
    code: str,
    draft: Draft,
    *,
    item_id: int | None,
    seen: int | None,
    faults: tuple[Fault, ...] = (),
    status: int = 200,
) -> ResponseReturnValue:
    bank, topics = banks.topics(code)
    back = url_for("item.page", code=code, item_id=item_id) if item_id else url_for("bank.page", code=code)
    form = item_form.filled(draft, topics, faults, key_counts=service.key_counts(bank.id), shown=shown_in(code))
    title = _("修改试题") if item_id else _("编写试题")
    remarks = service.remarks(bank.id, item_id) if item_id else ()
    said_by = authors.names(remark.person_id for remark in remarks)
    return render_template("question_bank/item/edit.html", page=EditPage(bank, title, form, item_id, seen, back, remarks, said_by)), status


@item.get("/bank/<code>/items/new")
@requires(Permission.WRITE_ITEMS)
def new(code: str) -> ResponseReturnValue:
    """Show an empty form; topic, type and pool of the last item are kept."""
    asked = request.args
    return _edit(code, Draft(type=asked.get("type", "single"), topic=asked.get("topic", ""), pool=asked.get("pool", "exam")), item_id=None, seen=None)


@item.post("/bank/<code>/items/new")
@requires(Permission.WRITE_ITEMS)
def write(code: str) -> ResponseReturnValue:
    """Save a new item, or show its faults."""
    return _save(code, None)


@item.get("/bank/<code>/items/<int:item_id>/edit")
@requires(Permission.WRITE_ITEMS)
def edit(code: str, item_id: int) -> ResponseReturnValue:
    """Show an item's newest version in the form."""
    found = service.draft_of(code, item_id, person_id=current.person().person_id, now=current.now())
    return _edit(code, found.draft, item_id=item_id, seen=found.version.version_id)


@item.post("/bank/<code>/items/<int:item_id>/edit")
@requires(Permission.WRITE_ITEMS)
def rewrite(code: str, item_id: int) -> ResponseReturnValue:
    """Save a new version, or show its faults."""
    return _save(code, item_id)


def _save(code: str, item_id: int | None) -> ResponseReturnValue:
    draft = item_form.read(request.form, request.form.getlist("key"))
    written = request.form.get("seen_version", "")
    seen = int(written) if written.isdecimal() and len(written) < 19 else None
    if request.form.get("action") == "preview":
        return _edit(code, draft, item_id=item_id, seen=seen)
    person = current.person()
    try:
        saved = service.save(code, draft, author_id=person.person_id, now=current.now(), item_id=item_id, seen_version=seen)
    except ItemFaulty as refusal:
        return _edit(code, draft, item_id=item_id, seen=seen, faults=refusal.faults, status=422)
    action = request.form.get("action")
    if action == "submit":
        review.submit(code, saved, person_id=person.person_id, now=current.now())
        flash(_("已保存并提交审核。"), "success")
    else:
        flash(_("已保存。"), "success")
    if action == "next":
        return redirect(url_for("item.new", code=code, type=draft.type, topic=draft.topic, pool=draft.pool))
    return redirect(url_for("item.page", code=code, item_id=saved))


@item.post("/bank/<code>/items/<int:item_id>/comment")
@requires(Permission.WRITE_ITEMS)
def comment(code: str, item_id: int) -> ResponseReturnValue:
    """Leave a remark."""
    review.comment(code, item_id, person_id=current.person().person_id, words=request.form.get("comment", ""), now=current.now())
    flash(_("评论已发表。"), "success")
    return redirect(url_for("item.page", code=code, item_id=item_id))


@dataclass(frozen=True, slots=True)
class AsidePage:
    """What stands beside the form: preview and warnings."""

    form: ItemForm


@item.post("/bank/<code>/items/preview")
@requires(Permission.WRITE_ITEMS)
def preview(code: str) -> ResponseReturnValue:
    """Return, as a piece of a page, what the form would look like to a candidate, and the warnings; nothing is stored."""
    draft = item_form.read(request.form, request.form.getlist("key"))
    bounded = replace(draft, stem=draft.stem[:MAX_STEM], options=tuple(option[:MAX_OPTION] for option in draft.options))
    bank, topics = banks.topics(code)
    form = item_form.filled(bounded, topics, key_counts=service.key_counts(bank.id), shown=shown_in(code))
    return render_template("question_bank/item/aside.html", page=AsidePage(form))
