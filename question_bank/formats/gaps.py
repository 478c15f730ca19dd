"""Gaps to be filled from lists: one gap is a choice; several with one list are a matching item; others are none of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from question_bank.domain.draft import Draft
from question_bank.domain.item import ItemType
from question_bank.formats.findings import Place


@dataclass(frozen=True, slots=True)
class Choice:
    """Words for a gap, and the group of gaps they may fill."""

    words: str
    group: str = ""


def keep(place: Place, bare: Draft, parts: Sequence[str], lists: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    """Keep the item or refuse it. `parts`: the stem cut at its gaps; `lists` and `right`: what each gap offers and wants."""
    gapped = parts[0] + "".join(f"{_gap(number, len(right))}{part}" for number, part in enumerate(parts[1:], start=1))
    options = tuple(dict.fromkeys(lists[0]))
    if len(right) == 1:
        place.keep(replace(bare, type=ItemType.SINGLE, stem=gapped, options=options, key=(options.index(right[0]),)))
    elif any(set(each) != set(options) for each in lists):
        place.refuse("gaps_unsupported", gapped, bare.external_id)
    else:
        place.lose("文中选词填空按匹配题导入，各空编号为（1）（2）…")
        prompts = tuple(f"（{number}）" for number in range(1, len(right) + 1))
        key = tuple(options.index(words) for words in right)
        place.keep(replace(bare, type=ItemType.MATCHING, stem=gapped, options=options, prompts=prompts, key=key))


def _gap(number: int, of: int) -> str:
    return " _____ " if of == 1 else f"（{number}）_____"
