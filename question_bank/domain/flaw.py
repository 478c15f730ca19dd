"""Warnings for classic flaws of item writing; the page's script says the same while the author types."""

import re
from collections.abc import Mapping, Sequence

from lms.kernel.refusal import N_
from question_bank.domain.draft import PICTURE, Draft, loosely
from question_bank.domain.item import CHOOSING, ItemType

ENOUGH_KEYS = 20

FLAWS = {
    "no_explanation": N_("还没有写解析。学员答错后主要靠解析学习。"),
    "option_unexplained": N_("有选项没有说明理由。"),
    "longest_is_key": N_("正确答案明显比其他选项长，容易被猜中。"),
    "unequal_length": N_("选项长短相差很大，请尽量写得相近。"),
    "all_of_the_above": N_("避免使用“以上都是”“以上都不是”这类选项。"),
    "options_repeated": N_("有两个选项相同或几乎相同。"),
    "negative_unmarked": N_("题干是否定问法，请把“不”“错误”等字加粗提醒。"),
    "absolute_words": N_("干扰项里有“一定”“完全”“所有”等绝对化的词，容易被排除。"),
    "one_key_in_multiple": N_("多选题只有一个正确答案。"),
    "all_keys": N_("所有选项都是正确答案。"),
    "picture_without_words": N_("有图片没有写替代文字，看不见图片的考生无法作答。"),
    "key_often_here": N_("题库中单选题的答案过多落在这个位置，容易被猜中，请调换选项的顺序。"),
    "stem_repeated_in_options": N_("每个选项都以相同的文字开头，请把它移到题干里。"),
}

_ALL = re.compile(
    r"以上(?:都|全|皆|均)|以上(?:选项|说法|答案)(?:都|全|皆|均)|都(?:正确|不对|不正确)$|全部(?:正确|错误)$|(?:A|B|C|D|、|和)+都(?:对|是)", re.IGNORECASE
)
_NEGATIVE = re.compile(r"(?:不正确|不恰当|不合适|不妥|不属于|不包括|不应|不宜|不是|错误|有误|除外|无关)(?:的|做法|说法|一项|选项|是|（|\(|：|:|？|\?|。|$)")
_MARKED = re.compile(r"<(?:b|strong|u|em)>[^<]*(?:不|错误|有误|除外|无关)")
_ABSOLUTE = re.compile(r"一定|必然|完全|绝对|所有|任何|永远|从不|总是|只要")
_TAGS = re.compile(r"</?[a-z]+>")


def flaws_of(draft: Draft, key_counts: Mapping[int, int] | None = None) -> tuple[str, ...]:
    """Return the codes of the flaws of a draft, in the order of FLAWS.

    `key_counts`: how often the key of the bank's single-choice items stands at each position.
    """
    options = [_TAGS.sub("", option) for option in draft.options] if draft.type in CHOOSING else []
    distractors = [option for position, option in enumerate(options) if position not in draft.key]
    lengths = [len(loosely(option)) for option in options]
    judged = draft.type == ItemType.TRUE_FALSE
    texts = (draft.stem, draft.explanation, draft.model, *draft.options, *draft.prompts)
    found = {
        "no_explanation": not (draft.explanation.strip() or draft.model.strip()),
        "picture_without_words": any(not alternative.strip() for text in texts for alternative, _digest in PICTURE.findall(text)),
        "key_often_here": draft.type == ItemType.SINGLE and _is_usual(draft.key, len(options), key_counts or {}),
        "option_unexplained": any(draft.option_explanations) and not all(text.strip() for text in draft.option_explanations),
        "longest_is_key": not judged and _key_stands_out(lengths, draft.key),
        "unequal_length": not judged and len(lengths) > 1 and max(lengths) > 2 * min(lengths) + 6,
        "all_of_the_above": any(_ALL.search(option) for option in options),
        "options_repeated": len({loosely(option).strip("。.；;") for option in options}) < len(options),
        "negative_unmarked": not judged and bool(_NEGATIVE.search(_TAGS.sub("", draft.stem))) and not _MARKED.search(draft.stem),
        "absolute_words": not judged and any(_ABSOLUTE.search(option) for option in distractors) and not _absolute_keys(options, draft.key),
        "one_key_in_multiple": draft.type == ItemType.MULTIPLE and len(draft.key) == 1,
        "all_keys": draft.type == ItemType.MULTIPLE and len(options) > 1 and len(draft.key) == len(options),
        "stem_repeated_in_options": not judged and _common_beginning(options) >= 4,
    }
    return tuple(code for code in FLAWS if found[code])


def _is_usual(key: Sequence[int], options: int, counts: Mapping[int, int]) -> bool:
    """Tell whether keys stand at this place half as often again as chance would have it, and not by chance."""
    total, places = sum(counts.values()), max(options, 2)
    if len(key) != 1 or total < ENOUGH_KEYS:
        return False
    share, by_chance = counts.get(key[0], 0) / total, 1 / places
    return share > 1.5 * by_chance and share - by_chance > 2 * (by_chance * (1 - by_chance) / total) ** 0.5


def _key_stands_out(lengths: Sequence[int], key: Sequence[int]) -> bool:
    others = [length for position, length in enumerate(lengths) if position not in key]
    if len(key) != 1 or not others or not 0 <= key[0] < len(lengths):
        return False
    return lengths[key[0]] > 1.35 * max(others) and lengths[key[0]] >= max(others) + 4


def _absolute_keys(options: Sequence[str], key: Sequence[int]) -> bool:
    return any(_ABSOLUTE.search(options[position]) for position in key if 0 <= position < len(options))


def _common_beginning(options: Sequence[str]) -> int:
    if len(options) < 3:
        return 0
    shared = 0
    for signs in zip(*options, strict=False):
        if len(set(signs)) > 1:
            break
        shared += 1
    return shared
