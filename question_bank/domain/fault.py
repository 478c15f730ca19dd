"""Everything that keeps a draft from becoming an item, told at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from lms.kernel.refusal import N_
from question_bank.domain.draft import (
    BLANK,
    MAX_EXPLANATION,
    MAX_NAME,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_POINTS,
    MAX_SOURCE,
    MAX_STEM,
    MAX_TOPIC,
    Draft,
    decimal,
    loosely,
    normalised,
    said_key,
)
from question_bank.domain.item import Blank, ItemType, Level, Pool
from question_bank.domain.unsupported import REASONS

MOST_BLANKS, LONGEST_BLANK = 20, 200
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # but line ends and tabs


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a draft cannot become an item; `field` is where the form shows it."""

    code: str
    message: str
    field: str = ""


MESSAGES = {
    "no_stem": N_("缺少题干。"),
    "stem_too_long": N_("题干超过 20000 字。"),
    "explanation_too_long": N_("解析或参考答案超过 20000 字。"),
    "source_too_long": N_("来源超过 300 字。"),
    "no_type": N_("没有题型，也无法从答案判断题型。"),
    "type_unknown": N_("无法识别的题型。"),
    "too_few_options": N_("至少需要两个选项。"),
    "too_many_options": N_("选项超过 26 个。"),
    "option_empty": N_("有空的选项。"),
    "option_too_long": N_("选项超过 5000 字。"),
    "option_repeated": N_("有两个选项完全相同。"),
    "no_prompts": N_("匹配题至少需要两个待匹配的条目。"),
    "prompt_empty": N_("有空的待匹配条目。"),
    "prompt_repeated": N_("有两个待匹配的条目完全相同。"),
    "prompt_without_key": N_("每个待匹配的条目都要有一个答案。"),
    "order_incomplete": N_("排序题的答案必须把每个选项恰好排一次。"),
    "no_blanks": N_("填空题的题干里没有空。请用 [[1]] 标出第一个空。"),
    "too_many_blanks": N_("一道填空题最多 20 个空，每个答案不超过 200 字。"),
    "blanks_misnumbered": N_("题干里的空要从 1 开始依次编号，每个编号出现一次。"),
    "blank_without_key": N_("每个空至少要有一个答案。"),
    "tolerance_unreadable": N_("数值答案和允许误差必须是数字，误差不能小于 0。"),
    "rubric_unreadable": N_("评分标准每行一条，行末写分值，例如“说出三个要点 4”；最多 20 条，每条不超过 200 字。"),
    "options_not_asked": N_("这种题型没有选项。"),
    "picture_unknown": N_("题目引用的图片不在文件中，也不在题库中。"),
    "formula_unreadable": N_("公式无法识别，请检查 LaTeX 写法。"),
    "no_key": N_("缺少答案。"),
    "key_unreadable": N_("答案无法识别。"),
    "key_not_an_option": N_("答案指向不存在的选项。"),
    "single_many_keys": N_("单选题和判断题只能有一个正确答案。"),
    "true_false_options": N_("判断题只能有“正确”“错误”两个选项。"),
    "type_unsupported": N_("暂不支持导入这种写法的题目。"),
    "level_unknown": N_("无法识别的认知层次。"),
    "difficulty_unknown": N_("无法识别的难度，请填写 0 到 1 的预计得分率，或容易、中等、较难。"),
    "pool_unknown": N_("用途只能是考试或练习。"),
    "points_unknown": N_("分值必须大于 0，且不超过 10000 分。"),
    "topic_too_long": N_("知识点名称超过 60 字。"),
    "external_id_bad": N_("题目编号超过 120 字或含有空白以外的控制字符。"),
    "control_characters": N_("文字中含有不可见的控制字符。"),
    "cells_beyond": N_("这一行的格数比表头多，各列可能已经错位：文字里的逗号要连同整格放在英文双引号里。"),
    "same_in_file": N_("与文件中前面的一题重复。"),
    "same_other_key": N_("与已有试题的题干、选项相同，但答案不同，请核对。"),
    "keys_differ": N_("文件中有题干、选项相同而答案不同的题，看不出哪个答案正确：请核对，只留一题。"),
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
    **REASONS,
}


def fault(code: str, field_name: str = "") -> Fault:
    """Return the fault of a code."""
    return Fault(code, MESSAGES[code], field_name)


def faults_of(draft: Draft) -> tuple[Fault, ...]:
    """Return everything that keeps a draft from becoming an item."""
    return (*_text_faults(draft), *_type_faults(draft), *label_faults(draft))


def _text_faults(draft: Draft) -> list[Fault]:
    found = []
    if not draft.stem.strip():
        found.append(fault("no_stem", "stem"))
    elif len(draft.stem) > MAX_STEM:
        found.append(fault("stem_too_long", "stem"))
    if any(len(text) > MAX_EXPLANATION for text in (draft.explanation, draft.model, *draft.option_explanations)):
        found.append(fault("explanation_too_long", "explanation"))
    if len(draft.source) > MAX_SOURCE:
        found.append(fault("source_too_long", "source"))
    words = (draft.stem, draft.explanation, draft.model, draft.topic, draft.source, draft.type, draft.level, draft.pool)
    lists = (draft.options, draft.option_explanations, draft.prompts, draft.tags, draft.enemies, *(blank.accepted for blank in draft.blanks))
    if any(map(has_control, (*words, *chain(*lists), *(one.words for one in draft.rubric)))):
        found.append(fault("control_characters", "stem"))
    if len(draft.external_id) > MAX_NAME or has_control(draft.external_id):
        found.append(fault("external_id_bad", "external_id"))
    return found


def _type_faults(draft: Draft) -> list[Fault]:
    if draft.type not in set(ItemType):
        return [fault("type_unknown" if draft.type else "no_type", "type")]
    match ItemType(draft.type):
        case ItemType.FILL_IN:
            return [*_optionless(draft), *_blank_faults(draft)]
        case ItemType.SHORT_TEXT:
            return [*_optionless(draft), *_rubric_faults(draft)]
        case ItemType.MATCHING:
            return [*_option_faults(draft), *_prompt_faults(draft)]
        case ItemType.ORDERING:
            return [*_option_faults(draft), *_order_faults(draft)]
        case _:
            return [*_option_faults(draft), *_key_faults(draft)]


def _optionless(draft: Draft) -> list[Fault]:
    return [fault("options_not_asked", "options")] if draft.options else []


def _rubric_faults(draft: Draft) -> list[Fault]:
    fits = all(one.words.strip() and "\n" not in one.words and len(one.words) <= LONGEST_BLANK and 0 < one.points <= MAX_POINTS for one in draft.rubric)
    return [] if fits and len(draft.rubric) <= MOST_BLANKS else [fault("rubric_unreadable", "rubric")]


def _blank_faults(draft: Draft) -> list[Fault]:
    numbers = [int(number) for number in BLANK.findall(draft.stem)]
    if not numbers:
        return [fault("no_blanks", "stem")]
    found = []
    if len(numbers) > MOST_BLANKS or any(len(text) > LONGEST_BLANK for blank in draft.blanks for text in blank.accepted):
        found.append(fault("too_many_blanks", "stem"))
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(fault("blanks_misnumbered", "stem"))
    if len(draft.blanks) != len(numbers) or any(not any(text.strip() for text in blank.accepted) for blank in draft.blanks):
        found.append(fault("blank_without_key", "key"))
    elif any(blank.tolerance and not _is_range(blank) for blank in draft.blanks):
        found.append(fault("tolerance_unreadable", "key"))
    return found


def _is_range(blank: Blank) -> bool:
    value, tolerance = decimal(blank.accepted[0]), decimal(blank.tolerance)
    return value is not None and tolerance is not None and tolerance >= 0


def _prompt_faults(draft: Draft) -> list[Fault]:
    if len(draft.prompts) < 2:
        return [fault("no_prompts", "prompts")]
    found = []
    if any(not prompt.strip() for prompt in draft.prompts):
        found.append(fault("prompt_empty", "prompts"))
    elif len({normalised(prompt) for prompt in draft.prompts}) < len(draft.prompts):
        found.append(fault("prompt_repeated", "prompts"))
    if len(draft.prompts) > MAX_OPTIONS:
        found.append(fault("too_many_options", "prompts"))
    if any(len(prompt) > MAX_OPTION for prompt in draft.prompts):
        found.append(fault("option_too_long", "prompts"))
    if len(draft.key) != len(draft.prompts):
        found.append(fault("prompt_without_key", "key"))
    elif any(not 0 <= position < len(draft.options) for position in draft.key):
        found.append(fault("key_not_an_option", "key"))
    return found


def _order_faults(draft: Draft) -> list[Fault]:
    return [] if sorted(draft.key) == list(range(len(draft.options))) else [fault("order_incomplete", "key")]


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


def label_faults(draft: Draft) -> list[Fault]:
    """Return what is wrong with the labels, which a file's item can do without."""
    found = []
    if draft.level and draft.level not in set(Level):
        found.append(fault("level_unknown", "level"))
    if draft.difficulty is None or not 0 <= draft.difficulty <= 1:
        found.append(fault("difficulty_unknown", "difficulty"))
    if draft.pool not in {*Pool, ""}:
        found.append(fault("pool_unknown", "pool"))
    if draft.points is not None and not 0 < draft.points <= MAX_POINTS:
        found.append(fault("points_unknown", "points"))
    if len(draft.topic) > MAX_TOPIC:
        found.append(fault("topic_too_long", "topic"))
    return found


def has_control(value: str) -> bool:
    """Tell whether a text holds signs that nobody sees and no item may hold."""
    return bool(_CONTROL.search(value))


def without_control(value: str) -> str:
    """Return a text with a mark in place of each such sign."""
    return _CONTROL.sub("\ufffd", value)


def check_together(drafts: Sequence[Draft]) -> Mapping[int, Fault]:
    """Return the faults that only show between drafts: one name twice, one content twice. Positions index `drafts`."""
    found: dict[int, Fault] = {}
    names: set[str] = set()
    contents: dict[str, list[int]] = {}
    for position, draft in enumerate(drafts):
        same = contents.setdefault(draft.content_hash, [])
        if draft.external_id and draft.external_id in names:
            found[position] = fault("id_twice", "external_id")
        elif same:
            alike = said_key(drafts[same[0]]) == said_key(draft)
            found[position] = fault("same_in_file" if alike else "same_other_key", "stem" if alike else "key")
        names.add(draft.external_id)
        same.append(position)
    for same in contents.values():
        keyed = [position for position in same if drafts[position].key or drafts[position].blanks]
        if any(_contradict(drafts[keyed[0]], drafts[position]) for position in keyed[1:]):
            found |= {position: fault("keys_differ", "key") for position in keyed if position not in found or found[position].code != "id_twice"}
    return found


def _contradict(one: Draft, other: Draft) -> bool:
    """Tell whether what is right by one key is wrong by the other; of a blank one may only know more answers than the other."""
    if one.type == ItemType.FILL_IN:
        return any(not set(map(loosely, mine.accepted)) & set(map(loosely, its.accepted)) for mine, its in zip(one.blanks, other.blanks, strict=False))
    return said_key(one) != said_key(other)
