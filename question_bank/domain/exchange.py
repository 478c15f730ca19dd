"""Rows of a file and items: a draft as read, every fault it has at once, and the identity of content."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lms.kernel.refusal import N_
from question_bank.domain.item import LETTERS, WORKING, ItemType, Level, Pool

MAX_OPTIONS = 26
MAX_STEM = 20_000
MAX_OPTION = 5_000
MAX_POINTS = 1_000_000
DEFAULT_DIFFICULTY = 0.7
TRUE_FALSE_OPTIONS = ("正确", "错误")


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as it was read or typed: author's notation throughout, nothing checked yet.

    `type`, `level` and `pool` are text because a file may hold anything; `key` holds positions from 0, and `key_text` what was
    written where it could not be read as positions.
    """

    place: str = ""
    external_id: str = ""
    type: str = ""
    stem: str = ""
    options: tuple[str, ...] = ()
    option_explanations: tuple[str, ...] = ()
    key: tuple[int, ...] = ()
    key_text: str = ""
    explanation: str = ""
    topic: str = ""
    level: str = ""
    difficulty: float | None = DEFAULT_DIFFICULTY
    difficulty_text: str = ""
    points: int | None = None
    pool: str = ""
    enemies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a draft cannot become an item; `field` is where the form shows it."""

    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something a file holds and the bank does not keep."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a file."""

    format: str
    drafts: tuple[Draft, ...] = ()
    losses: tuple[Loss, ...] = ()
    refused: tuple[tuple[Draft, Fault], ...] = field(default=())  # places at which no draft could even be built


MESSAGES = {
    "no_stem": N_("缺少题干。"),
    "stem_too_long": N_("题干超过 20000 字。"),
    "no_type": N_("没有题型，也无法从答案判断题型。"),
    "type_unknown": N_("无法识别的题型。"),
    "type_unsupported": N_("暂不支持这种题型，目前可导入单选题、多选题和判断题。"),
    "too_few_options": N_("选择题至少需要两个选项。"),
    "too_many_options": N_("选项超过 26 个。"),
    "option_empty": N_("有空的选项。"),
    "option_too_long": N_("选项超过 5000 字。"),
    "option_repeated": N_("有两个选项完全相同。"),
    "no_key": N_("缺少答案。"),
    "key_unreadable": N_("答案无法识别。"),
    "key_not_an_option": N_("答案指向不存在的选项。"),
    "single_many_keys": N_("单选题和判断题只能有一个正确答案。"),
    "true_false_options": N_("判断题只能有“正确”“错误”两个选项。"),
    "level_unknown": N_("无法识别的认知层次。"),
    "difficulty_unknown": N_("无法识别的难度，请填写 0 到 1 的预计得分率，或容易、中等、较难。"),
    "pool_unknown": N_("用途只能是考试或练习。"),
    "points_unknown": N_("分值必须大于 0，且不超过 10000 分。"),
    "topic_too_long": N_("知识点名称超过 60 字。"),
    "external_id_bad": N_("题目编号超过 120 字或含有空白以外的控制字符。"),
    "control_characters": N_("文字中含有不可见的控制字符。"),
    "same_in_file": N_("与文件中前面的一题重复。"),
    "same_other_key": N_("与已有试题的题干、选项相同，但答案不同，请核对。"),
    "id_twice": N_("文件中有两题使用同一编号。"),
    "line_not_json": N_("这一行不是有效的 JSON 对象。"),
    "field_wrong_type": N_("这一行的字段类型不正确。"),
    "block_unreadable": N_("这一题的书写格式无法识别。"),
    "same_in_bank": N_("题库中已有题干和选项相同的试题。"),
    "id_taken": N_("题库中已有使用这个编号的试题。"),
    "used_in_practice": N_("这道题已通过审核并放在练习题中，学员可能已经见过答案，不能再移出练习题。如需停止使用，请停用它。"),
    "used_in_exam": N_("这道题已在考试的试卷上使用，不能放入练习题，以免答案外泄。"),
    "enemy_unknown": N_("互斥试题的编号不存在。"),
    "retired": N_("同一编号的试题已停用，需先恢复才能更新。"),
}


def fault(code: str, field_name: str = "") -> Fault:
    """Return the fault of a code."""
    return Fault(code, MESSAGES[code], field_name)


def faults_of(draft: Draft) -> tuple[Fault, ...]:
    """Return everything that keeps a draft from becoming an item."""
    return (*_text_faults(draft), *_type_faults(draft), *_tag_faults(draft))


def _text_faults(draft: Draft) -> list[Fault]:
    found = []
    if not draft.stem.strip():
        found.append(fault("no_stem", "stem"))
    elif len(draft.stem) > MAX_STEM:
        found.append(fault("stem_too_long", "stem"))
    words = (draft.stem, draft.explanation, draft.topic, draft.source, draft.type, draft.level, draft.pool)
    if any(map(_has_control, (*words, *draft.options, *draft.option_explanations, *draft.tags, *draft.enemies))):
        found.append(fault("control_characters", "stem"))
    if len(draft.external_id) > 120 or _has_control(draft.external_id):
        found.append(fault("external_id_bad", "external_id"))
    return found


def _type_faults(draft: Draft) -> list[Fault]:
    if not draft.type:
        return [fault("no_type", "type")]
    if draft.type not in set(ItemType):
        return [fault("type_unknown", "type")]
    if ItemType(draft.type) not in WORKING:
        return [fault("type_unsupported", "type")]
    return [*_option_faults(draft), *_key_faults(draft)]


def _option_faults(draft: Draft) -> list[Fault]:
    found = []
    if len(draft.options) < 2:
        found.append(fault("too_few_options", "options"))
    if len(draft.options) > MAX_OPTIONS:
        found.append(fault("too_many_options", "options"))
    if any(not option.strip() for option in draft.options):
        found.append(fault("option_empty", "options"))
    if any(len(option) > MAX_OPTION for option in draft.options):
        found.append(fault("option_too_long", "options"))
    if len({normalised(option) for option in draft.options}) < len(draft.options) and "option_empty" not in {each.code for each in found}:
        found.append(fault("option_repeated", "options"))
    if draft.type == ItemType.TRUE_FALSE and len(draft.options) != 2:
        found.append(fault("true_false_options", "options"))
    return found


def _key_faults(draft: Draft) -> list[Fault]:
    if not draft.key:
        return [fault("key_unreadable" if draft.key_text.strip() else "no_key", "key")]
    if any(not 0 <= position < len(draft.options) for position in draft.key):
        return [fault("key_not_an_option", "key")]
    if draft.type != ItemType.MULTIPLE and len(draft.key) > 1:
        return [fault("single_many_keys", "key")]
    return []


def _tag_faults(draft: Draft) -> list[Fault]:
    found = []
    if draft.level and draft.level not in set(Level):
        found.append(fault("level_unknown", "level"))
    if draft.difficulty is None or not 0 <= draft.difficulty <= 1:
        found.append(fault("difficulty_unknown", "difficulty"))
    if draft.pool not in {*Pool, ""}:
        found.append(fault("pool_unknown", "pool"))
    if draft.points is not None and not 0 < draft.points <= MAX_POINTS:
        found.append(fault("points_unknown", "points"))
    if len(draft.topic) > 60:
        found.append(fault("topic_too_long", "topic"))
    return found


def _has_control(value: str) -> bool:
    return any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in value)


_DIVIDERS = re.compile(r"[,，、;；|\n]")


def tidy(draft: Draft) -> Draft:
    """Return the draft with blanks trimmed, trailing empty options dropped and the options of true/false items filled in."""
    options = [clean(option) for option in draft.options]
    while options and not options[-1]:
        options.pop()
    if draft.type == ItemType.TRUE_FALSE and not options:
        options = list(TRUE_FALSE_OPTIONS)
    explanations = [clean(text) for text in draft.option_explanations][: len(options)]
    explanations += [""] * (len(options) - len(explanations))
    return replace(
        draft,
        external_id=clean(draft.external_id),
        stem=clean(draft.stem),
        options=tuple(options),
        option_explanations=tuple(explanations),
        key=tuple(sorted(set(draft.key))),
        explanation=clean(draft.explanation),
        topic=clean(draft.topic),
        source=clean(draft.source),
        tags=tuple(dict.fromkeys(clean(tag) for words in draft.tags for tag in _DIVIDERS.split(words) if clean(tag))),
        enemies=tuple(dict.fromkeys(clean(name) for name in draft.enemies if clean(name))),
    )


def clean(value: str) -> str:
    """Return text with one kind of line end and no blanks around it; the words themselves are left as written."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\ufeff", "").replace("\v", "\n").strip(" \t\n\u3000")


def normalised(value: str) -> str:
    """Return text as compared for sameness: width, blanks and case do not count."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", value)).casefold()


def content_hash(draft: Draft) -> str:
    """Return the identity of what is asked: type, stem and the set of options. The order of options and the key do not count."""
    parts = [draft.type, normalised(draft.stem), *sorted(normalised(option) for option in draft.options)]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def name_of(draft: Draft) -> str:
    """Return the external id; a draft without one is named by its content, so that the same file names it alike again."""
    return draft.external_id or f"q-{content_hash(draft)[:12]}"


def keyed_options(draft: Draft) -> frozenset[str]:
    """Return the right options by their words, which stay comparable when the order differs."""
    return frozenset(normalised(draft.options[position]) for position in draft.key if 0 <= position < len(draft.options))


def check_together(drafts: Sequence[Draft]) -> Mapping[int, Fault]:
    """Return the faults that only show between drafts: one name twice, one content twice. Positions index `drafts`."""
    found: dict[int, Fault] = {}
    names: set[str] = set()
    contents: dict[str, Draft] = {}
    for position, draft in enumerate(drafts):
        content = content_hash(draft)
        if draft.external_id and draft.external_id in names:
            found[position] = fault("id_twice", "external_id")
        elif content in contents:
            same = keyed_options(contents[content]) == keyed_options(draft)
            found[position] = fault("same_in_file" if same else "same_other_key", "stem" if same else "key")
        names.add(draft.external_id)
        contents.setdefault(content, draft)
    return found


def letters(key: Sequence[int]) -> str:
    """Return a key as letters."""
    return "".join(LETTERS[position] for position in key if 0 <= position < len(LETTERS))
