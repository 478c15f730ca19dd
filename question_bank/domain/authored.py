"""What an author wrote for one item, field by field, becomes a draft; tables and papers share these rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from question_bank.domain import notation
from question_bank.domain.draft import BLANK, DEFAULT_DIFFICULTY, Draft, letters, tidy
from question_bank.domain.item import LETTERS, ItemType
from question_bank.domain.written_answer import SURE_BLANK, close_alternatives, has_usual_blank, read_blanks, read_order, read_pairs, read_rubric

_SEVERAL = re.compile(r"[\n;；|、，]")
_ASKS = re.compile(rf"{SURE_BLANK.pattern}|[①-⑳]|几(?!何)|多少|[哪谁]|什么")  # 1 and 0, x and y may be what is asked for, and no judgement
_TOLD = re.compile(r"请?(?:简要|简单)?(?:简述|简答|试述|论述|概述|阐述|详述|评述)")  # what begins so is answered in sentences

_CONCLUDES = re.compile(
    r"(?:故|所以|因此|综上)[^。；;\n不]{0,12}?(?:选|答案)(?:项|择)?[为是]?[\s:：]*+([A-H](?:[\s、,，]*+[A-H])*+)(?![A-Za-z])(?!\s*+项?(?:[^。，,；;\n]{0,6}(?:错|误|不)))"
)


@dataclass(frozen=True, slots=True)
class Authored:
    """One item as it stands in a file. `cells`: what is written, by role (the roles of the headings)."""

    place: str
    cells: Mapping[str, str]
    options: tuple[str, ...] = ()
    option_explanations: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()  # options that are marked as right one by one

    def cell(self, role: str) -> str:
        """Return what is written for a role."""
        return self.cells.get(role, "").strip()


def guess(written: Authored) -> str:
    """Return the type that the key, the options and the stem speak for; empty when they are silent."""
    key, options = written.cell("key"), written.options
    if notation.looks_like_judgement(key) or (not options and notation.means(key) is not None and not _ASKS.search(f"{written.cell('stem')}\n{key}")):
        return ItemType.TRUE_FALSE
    if len(options) == 2 and {notation.means(option) for option in options} == {True, False}:
        return ItemType.TRUE_FALSE
    if not options:
        stem = written.cell("stem")
        if has_usual_blank(stem) and not SURE_BLANK.search(stem) and notation.explained_judgement(key):
            return ItemType.TRUE_FALSE
        filled = SURE_BLANK.search(stem) or (has_usual_blank(stem) and not notation.read_key(key, ItemType.MULTIPLE, ()))
        return "" if not key else ItemType.FILL_IN if filled else ItemType.SHORT_TEXT if _TOLD.match(stem) else ""
    right = written.marked or notation.read_key(key, ItemType.MULTIPLE, options)
    return ItemType.MULTIPLE if len(right) > 1 else ItemType.SINGLE


def draft_of(written: Authored, kind: str, *, as_share: bool) -> Draft:
    """Return the draft; `as_share` says that figures of difficulty are shares rather than steps 1 to 5."""
    draft = _answered(written, kind)
    if kind == ItemType.TRUE_FALSE and not draft.key and (explained := notation.explained_judgement(written.cell("key"))):
        words = "\n".join(filter(None, (explained[1], written.cell("explanation"))))
        return draft_of(replace(written, cells={**written.cells, "key": explained[0], "explanation": words}), kind, as_share=as_share)
    difficulty = written.cell("difficulty")
    topic, *tagged = [word for word in (written.cell("topic"), *written.cell("chapter").split("\n")) if word] or [""]
    return tidy(
        Draft(
            place=written.place,
            external_id=written.cell("external_id"),
            type=kind,
            stem=draft.stem,
            options=draft.options,
            option_explanations=written.option_explanations,
            key=draft.key,
            key_text=written.cell("key"),
            by_pairs="相邻" in written.cell("order_scoring"),
            prompts=draft.prompts,
            blanks=draft.blanks,
            model=draft.model,
            rubric=read_rubric(written.cell("rubric")) if kind == ItemType.SHORT_TEXT else (),
            explanation=written.cell("explanation"),
            topic=topic,
            level=notation.read_level(written.cell("level")),
            difficulty=notation.read_difficulty(difficulty, as_share=as_share) if difficulty else DEFAULT_DIFFICULTY,
            difficulty_text=difficulty,
            points=read_points(written.cell("points")),
            pool=notation.read_pool(written.cell("pool")),
            enemies=tuple(_words(written.cell("enemies"))),
            tags=(*tagged, *(word for role in ("tags", "section", "subject", "grade") for word in _words(written.cell(role)))),
            source=written.cell("source"),
        )
    )


def _answered(written: Authored, kind: str) -> Draft:
    """Return stem, options and key as the type has them."""
    stem, key, options = written.cell("stem"), written.cell("key"), written.options
    match kind:
        case ItemType.FILL_IN:
            # Some templates give the answers of the blanks in the columns of the options.
            stem, blanks = read_blanks(stem, answer := key or "；".join(options))
            if _asks_at_its_end(stem, answer):
                stem += " [[1]]"
            return Draft(stem=stem, options=options if key else (), blanks=blanks)
        case ItemType.SHORT_TEXT:
            return Draft(stem=stem, options=options, model=key)
        case ItemType.MATCHING:
            prompts, options, pairs = read_pairs(written.prompts, options, key)
            return Draft(stem=stem, options=options, prompts=prompts, key=pairs)
        case ItemType.ORDERING:
            return Draft(stem=stem, options=options, key=read_order(key, options))
        case _:
            return Draft(stem=stem, options=options, key=written.marked or notation.read_key(key, kind, options))


def _asks_at_its_end(stem: str, key: str) -> bool:
    """Tell whether a stem without a blank asks for one answer, as 中国的首都是？ does."""
    return bool(stem and key) and not BLANK.search(stem) and not _SEVERAL.search(key)


def doubts(written: Authored, draft: Draft) -> list[str]:
    """Return what was understood of an item in one of several ways, for its author to look at."""
    if draft.type in {ItemType.SINGLE, ItemType.MULTIPLE} and draft.key and (said := _CONCLUDES.findall(notation.untagged(draft.explanation))):
        differs = set(said[-1]) & set(LETTERS) != set(letters(draft.key))
        return [f"解析说选“{said[-1][:20]}”，与答案不同：按答案导入，请核对"] if differs else []
    if draft.type != ItemType.FILL_IN:
        return []
    stem, key = written.cell("stem"), written.cell("key") or "；".join(written.options)
    unusual = ["题干里没有空，在末尾加了一个"] if _asks_at_its_end(read_blanks(stem, key)[0], key) else []
    if not unusual and BLANK.search(draft.stem) and not has_usual_blank(stem):
        unusual = ["题干里的空花括号或空方括号当作空"]
    close = [f"“{words[:60]}”按 {count} 个可接受的答案导入：要分开请在分隔符两边加空格，不要分开请在它前面加 \\" for words, count in close_alternatives(key)]
    return unusual + close


def figures_are_shares(figures: list[str]) -> bool:
    """Difficulties between 0 and 1 are shares; whole figures up to 5 are steps. The file as a whole decides."""
    return any("." in figure or figure == "0" for figure in figures)


def _words(cell: str) -> list[str]:
    return [word for word in re.split("[,，、；;|]", cell) if word.strip()]


def read_points(cell: str) -> int | None:
    """Return hundredths; anything that is no positive figure comes back as 0, which is a fault of the draft."""
    written = cell.strip().removesuffix("分")
    if not written:
        return None
    try:
        value = Decimal(written) * 100
    except InvalidOperation:
        return 0
    return int(value) if value.is_finite() and value == value.to_integral_value() and 0 < value <= 1_000_000 else 0
