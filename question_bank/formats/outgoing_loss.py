"""What a foreign format cannot carry of our items, named for each of them."""

import re
from collections.abc import Callable, Iterator, Sequence

from lms.kernel.refusal import N_
from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, pictures_of, texts_of
from question_bank.domain.exchange import Loss
from question_bank.domain.item import ItemType
from question_bank.domain.notation import judged

_LAID = re.compile(r"<(?:li|th|blockquote|pre|code)>|<t[dh] (?:col|row)span", re.IGNORECASE)

_FIELDS: dict[str, Callable[[Draft], bool]] = {
    N_("认知层次"): lambda draft: bool(draft.level),
    N_("难度"): lambda draft: draft.difficulty != DEFAULT_DIFFICULTY,
    N_("分值"): lambda draft: draft.points is not None,
    N_("用途"): lambda draft: bool(draft.pool),
    N_("互斥试题"): lambda draft: bool(draft.enemies),
    N_("题中图片"): lambda draft: bool(pictures_of(draft)),
    N_("阅卷参考"): lambda draft: bool(draft.model),
    N_("评分标准"): lambda draft: bool(draft.rubric),
    N_("选项解析"): lambda draft: draft.type in {ItemType.MATCHING, ItemType.ORDERING} and any(draft.option_explanations),
    N_("判断题的选项文字"): lambda draft: judged(draft).options != draft.options,
    N_("判断题的题型"): lambda draft: judged(draft).type != draft.type,
    N_("列表、表头和合并的单元格"): lambda draft: any(map(_LAID.search, texts_of(draft))),
    N_("填空区分大小写"): lambda draft: any(blank.case_matters for blank in draft.blanks),
    N_("排序计分"): lambda draft: draft.by_pairs,
    N_("选项的排列次序"): lambda draft: _as_listed(draft) != draft.options,
    N_("数值题的其他答案"): lambda draft: any(blank.tolerance and len(blank.accepted) > 1 for blank in draft.blanks),
}


def _as_listed(draft: Draft) -> tuple[str, ...]:
    """Return the options in the order in which other systems list them: those that match a prompt first."""
    if draft.type != ItemType.MATCHING:
        return draft.options
    right = [draft.options[position] for position in draft.key]
    return tuple(dict.fromkeys((*right, *draft.options)))


def lost(drafts: Sequence[Draft], fields: Sequence[str]) -> Iterator[Loss]:
    """Yield the named fields that an item has and its format has no place for."""
    for draft in drafts:
        if missing := [name for name in fields if _FIELDS[name](draft)]:
            yield Loss(draft.external_id, f"{'、'.join(missing)}未写入")
