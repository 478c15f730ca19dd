"""Writing an item, looking at it, its history, its comments."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, requires
from question_bank.domain.difference import Piece, pieces
from question_bank.domain.draft import Draft, tidy
from question_bank.domain.fault import Fault
from question_bank.domain.item import BAND_LABELS, LETTERS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, Level, Pool, band_of
from question_bank.domain.review import STATUS_LABELS, Status
from question_bank.domain.version import Version
from question_bank.formats import rich_text
from question_bank.services import analysis as analyses
from question_bank.services import author as authors
from question_bank.services import bank as banks
from question_bank.services import item as service
from question_bank.services import review
from question_bank.services.bank import Bank
from question_bank.services.drafting import drafted
from question_bank.services.item import ItemFaulty, ItemView
from question_bank.web import item_form
from question_bank.web.bank import STATUS_KINDS
from question_bank.web.item_form import ItemForm

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


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option as shown to authors and reviewers."""

    letter: str
    html: str
    explanation_html: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version in the reader's words."""

    version: Version
    author: str
    options: tuple[OptionView, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item with all that is known of it."""

    view: ItemView
    shown: VersionView
    measured: tuple[tuple[str, str], ...]
    status: str
    status_kind: str
    flaws: tuple[str, ...]
    authors: Mapping[int, str]
    changes: tuple[tuple[str, tuple[Piece, ...]], ...]
    compared_number: int | None
    may_submit: bool
    may_edit: bool
    may_decide: bool
    is_own: bool


def shown(bank: Bank, version: Version, names: Mapping[int, str]) -> VersionView:
    """Return a version in the reader's words."""
    explanations = [*version.explanation.options_html, *[""] * len(version.content.options_html)]
    options = tuple(OptionView(LETTERS[at], html, explanations[at], at in version.key.options) for at, html in enumerate(version.content.options_html))
    facts = [
        (_("题型"), _(TYPE_LABELS[version.content.type])),
        (_("知识点"), bank.topic_name(version.topic) or _("未填写")),
        (_("认知层次"), _(LEVEL_LABELS[Level(version.level)]) if version.level else _("未填写")),
        (_("预计得分率"), f"{version.difficulty:.2f}（{_(BAND_LABELS[band_of(version.difficulty)])}）"),
        (_("用途"), _(POOL_LABELS[Pool(version.pool)]) if version.pool else _("未指定")),
    ]
    facts += [(_("互斥试题"), "、".join(version.enemies))] if version.enemies else []
    facts += [(_("标签"), "、".join(version.tags))] if version.tags else []
    facts += [(_("来源"), version.source)] if version.source else []
    return VersionView(version, names.get(version.author_id or 0, _("系统导入")), options, tuple(facts))


@item.get("/bank/<code>/items/<int:item_id>")
@requires(Permission.WRITE_ITEMS)
def page(code: str, item_id: int) -> ResponseReturnValue:
    """Show an item with its key, explanations, versions and remarks."""
    person = current.person()
    view = service.view(code, item_id, person_id=person.person_id, now=current.now())
    names = authors.names([*(version.author_id for version in view.versions), *(remark.person_id for remark in view.remarks)])
    latest = view.latest
    number = request.args.get("since", "")
    numbers = {str(version.number): version for version in view.versions if not version.is_latest}
    compared = numbers.get(number) or (view.versions[-2] if len(view.versions) > 1 else None)
    return render_template(
        "question_bank/item/page.html",
        page=ItemPage(
            view=view,
            shown=shown(view.bank, latest, names),
            measured=_measured(view),
            status=_(STATUS_LABELS[latest.status]),
            status_kind=STATUS_KINDS[latest.status],
            flaws=item_form.flaw_words(drafted(latest)),
            authors=names,
            changes=_changes(compared, latest) if compared else (),
            compared_number=compared.number if compared else None,
            may_submit=latest.status is Status.DRAFT,
            may_edit=latest.status is not Status.RETIRED,
            may_decide=latest.status is Status.IN_REVIEW and person.may(Permission.REVIEW_ITEMS) and latest.author_id != person.person_id,
            is_own=latest.author_id == person.person_id,
        ),
    )


def _measured(view: ItemView) -> tuple[tuple[str, str], ...]:
    """Return what answers have shown of the newest measured version: share right, of how many, when."""
    for found in analyses.measured(view.bank.id, view.latest.item_id):
        figures, day = found.report.statistics, f"{found.run.at:%Y-%m-%d}"
        share, answers, number = f"{figures.difficulty:.2f}", figures.answers, found.number
        return ((_("实测得分率"), _("%(share)s（%(answers)d 人作答，%(day)s，第 %(number)d 版）", share=share, answers=answers, day=day, number=number)),)
    return ()


def _changes(before: Version, after: Version) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """Return what differs between two versions, field by field."""
    old, new = drafted(before), drafted(after)
    rows = [(_("题干"), old.stem, new.stem)]
    for at in range(max(len(old.options), len(new.options))):
        rows.append((_("选项 %(letter)s", letter=LETTERS[at]), _at(old.options, at), _at(new.options, at)))
        rows.append((_("选项 %(letter)s 的说明", letter=LETTERS[at]), _at(old.option_explanations, at), _at(new.option_explanations, at)))
    rows += [
        (_("答案"), before.key.letters, after.key.letters),
        (_("解析"), old.explanation, new.explanation),
        (_("知识点"), old.topic, new.topic),
        (_("认知层次"), old.level, new.level),
        (_("预计得分率"), f"{before.difficulty:g}", f"{after.difficulty:g}"),
        (_("标签"), "、".join(old.tags), "、".join(new.tags)),
        (_("来源"), old.source, new.source),
    ]
    return tuple((label, pieces(one, other)) for label, one, other in rows if one != other)


def _at(texts: tuple[str, ...], at: int) -> str:
    return texts[at] if at < len(texts) else ""


def _edit(code: str, draft: Draft, *, item_id: int | None, seen: int | None, faults: tuple[Fault, ...] = (), status: int = 200) -> ResponseReturnValue:
    bank, topics = banks.topics(code)
    back = url_for("item.page", code=code, item_id=item_id) if item_id else url_for("bank.page", code=code)
    form = item_form.filled(draft, [(topic, bank.topic_name(topic)) for topic in topics], faults)
    title = _("修改试题") if item_id else _("编写试题")
    return render_template("question_bank/item/edit.html", page=EditPage(bank, title, form, item_id, seen, back)), status


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
    _bank, version, draft = service.draft_of(code, item_id, person_id=current.person().person_id, now=current.now())
    return _edit(code, draft, item_id=item_id, seen=version.version_id)


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


class Typed(msgspec.Struct):
    """The form while it is being typed."""

    type: str
    stem: str
    options: list[str]
    option_explanations: list[str]
    key: list[int]
    explanation: str


class Previewed(msgspec.Struct):
    """What the candidate would see, and the warnings."""

    stem_html: str
    options_html: list[str]
    flaws: list[str]


@item.post("/api/bank/preview")
@requires(Permission.WRITE_ITEMS)
@json_route(Typed, Previewed)
def preview(payload: Typed) -> Previewed:
    """Return what the form would look like to a candidate; nothing is stored."""
    draft = Draft(
        type=payload.type,
        stem=payload.stem[:20_000],
        options=tuple(option[:5_000] for option in payload.options[:26]),
        option_explanations=tuple(payload.option_explanations[:26]),
        key=tuple(payload.key[:26]),
        explanation=payload.explanation,
    )
    draft = tidy(draft)
    return Previewed(
        stem_html=rich_text.to_html(draft.stem),
        options_html=[rich_text.to_html(option) for option in draft.options],
        flaws=list(item_form.flaw_words(draft)) if draft.stem else [],
    )
