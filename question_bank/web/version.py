"""Versions in the reader's words; two of them side by side with what sets them apart."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from lms.kernel import request as current
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.templating import format_points
from question_bank.domain.difference import Piece, pieces
from question_bank.domain.draft import DEFAULT_DIFFICULTY, PICTURE, UNNUMBERED, Draft
from question_bank.domain.item import BAND_LABELS, LETTERS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, ItemType, Level, Pool, band_of
from question_bank.domain.version import Version
from question_bank.domain.written_answer import write_answer, write_rubric
from question_bank.formats import rich_text
from question_bank.services import author as authors
from question_bank.services import item as service
from question_bank.services import usage
from question_bank.services.bank import Bank
from question_bank.services.drafting import drafted
from question_bank.services.item import ItemView
from question_bank.services.usage import Appearance
from question_bank.store.listing import Use
from question_bank.web.picture import shown_in

version = routes("version", __name__)
_HEADING = 30  # signs
Changes = tuple[tuple[str, tuple[Piece, ...]], ...]  # what differs, field by field


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
    heading: str  # its number, or the beginning of its stem where it came without one
    author: str
    stem_html: str
    options: tuple[OptionView, ...]
    answers: tuple[tuple[str, str], ...]
    explanation_html: str
    facts: tuple[tuple[str, str], ...]


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
    facts += [(_("排序计分"), _("相邻两项先后正确得一份分"))] if version.key.by_pairs else []
    facts += [(_("互斥试题"), _("、").join(version.enemies))] if version.enemies else []
    facts += [(_("标签"), _("、").join(version.tags))] if version.tags else []
    facts += [(_("来源"), version.source)] if version.source else []
    return VersionView(
        version=version,
        heading=_heading(version),
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
                more = _("（区分大小写）") if blank.case_matters and not blank.tolerance else ""
                yield _("第 %(n)s 空", n=number), str(escape(_(" 或 ").join(blank.texts(exact=True)) + more))
        case ItemType.MATCHING:
            for prompt, position in zip(content.prompts_html, key.options, strict=True):
                yield pictured(prompt), f"{LETTERS[position]}. {pictured(content.options_html[position])}"
        case ItemType.ORDERING:
            for place, position in enumerate(key.options, start=1):
                yield _("第 %(n)s 位", n=place), f"{LETTERS[position]}. {pictured(content.options_html[position])}"
        case ItemType.SHORT_TEXT:
            yield _("参考答案"), pictured(key.model_html) or str(escape(_("没有写参考答案")))
            if key.rubric:
                yield _("评分标准"), str(escape("；".join(write_rubric(key.rubric).splitlines())))


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Two versions of one item, the older first."""

    view: ItemView
    older: VersionView
    newer: VersionView
    changes: Changes
    versions: tuple[tuple[str, str], ...]  # number, and in words who wrote it when
    older_key: str
    newer_key: str


@version.get("/bank/<code>/items/<int:item_id>/compare")
@requires(Permission.WRITE_ITEMS)
def compare(code: str, item_id: int) -> ResponseReturnValue:
    """Show any two versions of an item with what sets them apart; without a choice, the newest two."""
    view = service.view(code, item_id, person_id=current.person().person_id, now=current.now())
    names = authors.names(each.author_id for each in view.versions)
    numbers = {str(each.number): each for each in view.versions}
    chosen = [numbers.get(request.args.get(name, "")) for name in ("from", "to")]
    first, second = chosen[0] or view.versions[max(0, len(view.versions) - 2)], chosen[1] or view.latest
    older, newer = sorted((first, second), key=lambda each: each.number)
    return render_template(
        "question_bank/version/compare.html",
        page=ComparisonPage(
            view=view,
            older=shown(view.bank, older, names),
            newer=shown(view.bank, newer, names),
            changes=changes(view.bank, drafted(older), drafted(newer)),
            versions=tuple((str(each.number), _version_words(each, names)) for each in reversed(view.versions)),
            older_key=str(older.number),
            newer_key=str(newer.number),
        ),
    )


def _heading(found: Version) -> str:
    words = " ".join(rich_text.to_plain(found.content.stem_html).split())
    return (words[:_HEADING] + "…" if len(words) > _HEADING else words) if words and UNNUMBERED.fullmatch(found.external_id) else found.external_id


def _version_words(found: Version, names: Mapping[int, str]) -> str:
    author, day = names.get(found.author_id or 0, _("系统导入")), format_instant(found.created_at, "day")
    return _("第 %(number)d 版 · %(author)s · %(day)s", number=found.number, author=author, day=day)


@dataclass(frozen=True, slots=True)
class UsesPage:
    """Where an item was shown and how often."""

    bank: Bank
    item_id: int
    name: str
    places: int
    shown: int
    rows: tuple[tuple[str, str, Appearance], ...]
    uses: tuple[Use, ...]


@version.get("/bank/<code>/items/<int:item_id>/uses")
@requires(Permission.WRITE_ITEMS)
def uses(code: str, item_id: int) -> ResponseReturnValue:
    """Show in which exams and quizzes an item was used, when and how often."""
    found = usage.of_item(code, item_id)
    places, times = len({each.title for each in found.appearances}), sum(each.shown for each in found.appearances)
    rows = tuple((_("第 %(number)d 版", number=found.numbers[each.version_id]), _papers(each), each) for each in found.appearances)
    return render_template("question_bank/version/uses.html", page=UsesPage(found.bank, item_id, found.name, places, times, rows, found.uses))


def _papers(found: Appearance) -> str:
    return "—" if found.papers is None else str(found.papers)


def changes(bank: Bank, old: Draft, new: Draft) -> Changes:
    """Return what differs between an item as it was and as it would be, field by field."""
    rows = [(_("题型"), *(_(TYPE_LABELS[ItemType(each.type)]) for each in (old, new))), (_("题干"), old.stem, new.stem)]
    for at in range(max(len(old.options), len(new.options))):
        rows.append((_("选项 %(letter)s", letter=LETTERS[at]), _at(old.options, at), _at(new.options, at)))
        rows.append((_("选项 %(letter)s 的说明", letter=LETTERS[at]), _at(old.option_explanations, at), _at(new.option_explanations, at)))
    for at in range(max(len(old.prompts), len(new.prompts))):
        rows.append((_("待匹配的条目 %(n)s", n=at + 1), _at(old.prompts, at), _at(new.prompts, at)))
    rows += [
        (_("答案"), write_answer(old), write_answer(new)),
        (_("评分标准"), write_rubric(old.rubric), write_rubric(new.rubric)),
        (_("排序计分"), _scoring_words(old), _scoring_words(new)),
        (_("解析"), old.explanation, new.explanation),
        (_("知识点"), bank.topic_name(old.topic), bank.topic_name(new.topic)),
        (_("认知层次"), _level_words(old), _level_words(new)),
        (_("预计得分率"), _difficulty_words(old), _difficulty_words(new)),
        (_("建议分值"), _points_words(old), _points_words(new)),
        (_("用途"), _pool_words(old), _pool_words(new)),
        (_("互斥试题"), _("、").join(sorted(old.enemies)), _("、").join(sorted(new.enemies))),
        (_("标签"), _("、").join(old.tags), _("、").join(new.tags)),
        (_("来源"), old.source, new.source),
    ]
    # What a file writes in other signs for the same text is no change.
    told = [row for row in rows if row[1] != row[2] and rich_text.to_html(row[1]) != rich_text.to_html(row[2])]
    return tuple((label, pieces(_readable(one), _readable(other))) for label, one, other in told)


def _readable(notation: str) -> str:
    """Return a text in the author's notation with rows on lines and the beginning of a picture's long name: enough to see that it is another."""
    return PICTURE.sub(lambda found: _("[图片 %(name)s：%(words)s]", name=found["digest"][:6], words=found["alternative"]), rich_text.on_lines(notation))


def _scoring_words(draft: Draft) -> str:
    return _("相邻两项先后正确得一份分") if draft.by_pairs else _("全对得分")


def _level_words(draft: Draft) -> str:
    return _(LEVEL_LABELS[Level(draft.level)]) if draft.level else ""


def _difficulty_words(draft: Draft) -> str:
    return f"{DEFAULT_DIFFICULTY if draft.difficulty is None else draft.difficulty:g}"


def _points_words(draft: Draft) -> str:
    return "" if draft.points is None else format_points(draft.points)


def _pool_words(draft: Draft) -> str:
    return _(POOL_LABELS[Pool(draft.pool)]) if draft.pool else ""


def _at(texts: tuple[str, ...], at: int) -> str:
    return texts[at] if at < len(texts) else ""
