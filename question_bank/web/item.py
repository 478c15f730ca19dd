"""Writing an item, looking at it, its history, its comments."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.domain.difference import Piece, pieces
from question_bank.domain.draft import MAX_OPTION, MAX_STEM, Draft
from question_bank.domain.fault import Fault
from question_bank.domain.item import BAND_LABELS, LETTERS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, ItemContent, ItemType, Level, Pool, band_of
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
from question_bank.web.picture import shown_in

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
    stem_html: str
    options: tuple[OptionView, ...]
    answers: tuple[tuple[str, str], ...]
    explanation_html: str
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
    preview: ItemContent
    authors: Mapping[int, str]
    changes: tuple[tuple[str, tuple[Piece, ...]], ...]
    compared_number: int | None
    may_submit: bool
    may_edit: bool
    may_decide: bool
    is_own: bool


def shown(bank: Bank, version: Version, names: Mapping[int, str]) -> VersionView:
    """Return a version in the reader's words."""
    pictured = shown_in(bank.code)
    explanations = [*version.explanation.options_html, *[""] * len(version.content.options_html)]
    keyed = version.key.options if version.content.type.chooses else ()
    options = tuple(OptionView(LETTERS[at], pictured(html), pictured(explanations[at]), at in keyed) for at, html in enumerate(version.content.options_html))
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
    return VersionView(
        version=version,
        author=names.get(version.author_id or 0, _("系统导入")),
        stem_html=pictured(version.content.stem_html),
        options=options,
        answers=tuple(_answers(version, pictured)),
        explanation_html=pictured(version.explanation.overall_html),
        facts=tuple(facts),
    )


def _answers(version: Version, pictured: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield what is right part by part where no option is simply marked: a name and a text, both HTML."""
    content, key = version.content, version.key
    match content.type:
        case ItemType.FILL_IN:
            for number, blank in enumerate(key.blanks, start=1):
                more = f" ± {blank.tolerance}" if blank.tolerance else _("（区分大小写）") if blank.case_matters else ""
                yield _("第 %(n)s 空", n=number), str(escape(_(" 或 ").join(blank.accepted) + more))
        case ItemType.MATCHING:
            for prompt, position in zip(content.prompts_html, key.options, strict=True):
                yield pictured(prompt), f"{LETTERS[position]}. {pictured(content.options_html[position])}"
        case ItemType.ORDERING:
            for place, position in enumerate(key.options, start=1):
                yield _("第 %(n)s 位", n=place), f"{LETTERS[position]}. {pictured(content.options_html[position])}"
        case ItemType.SHORT_TEXT:
            yield _("参考答案"), pictured(key.model_html) or str(escape(_("没有写参考答案")))


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
            preview=item_form.previewed(drafted(latest), shown_in(code)),
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
    for at in range(max(len(old.prompts), len(new.prompts))):
        rows.append((_("待匹配的条目 %(n)s", n=at + 1), _at(old.prompts, at), _at(new.prompts, at)))
    rows += [
        (_("答案"), _key_words(before), _key_words(after)),
        (_("解析"), old.explanation, new.explanation),
        (_("知识点"), old.topic, new.topic),
        (_("认知层次"), old.level, new.level),
        (_("预计得分率"), f"{before.difficulty:g}", f"{after.difficulty:g}"),
        (_("标签"), "、".join(old.tags), "、".join(new.tags)),
        (_("来源"), old.source, new.source),
    ]
    return tuple((label, pieces(one, other)) for label, one, other in rows if one != other)


def _key_words(version: Version) -> str:
    key = version.key
    blanks = "；".join(" | ".join(blank.accepted) + (f" ± {blank.tolerance}" if blank.tolerance else "") for blank in key.blanks)
    return key.letters or blanks or rich_text.to_plain(key.model_html)


def _at(texts: tuple[str, ...], at: int) -> str:
    return texts[at] if at < len(texts) else ""


def _edit(code: str, draft: Draft, *, item_id: int | None, seen: int | None, faults: tuple[Fault, ...] = (), status: int = 200) -> ResponseReturnValue:
    bank, topics = banks.topics(code)
    back = url_for("item.page", code=code, item_id=item_id) if item_id else url_for("bank.page", code=code)
    names = [(topic, bank.topic_name(topic)) for topic in topics]
    form = item_form.filled(draft, names, faults, key_counts=service.key_counts(code), shown=shown_in(code))
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
    form = item_form.filled(bounded, (), key_counts=service.key_counts(code), shown=shown_in(code))
    return render_template("question_bank/item/aside.html", page=AsidePage(form))
