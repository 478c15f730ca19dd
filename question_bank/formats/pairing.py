"""Things that are paired with others: a matching item where each has one partner; where one has several, a choice for each."""

from collections.abc import Sequence
from dataclasses import replace

from question_bank.domain.draft import Draft
from question_bank.domain.item import ItemType
from question_bank.formats import gaps
from question_bank.formats.findings import Place


def keep(place: Place, bare: Draft, prompts: Sequence[str], options: Sequence[str], keys: Sequence[Sequence[int]]) -> None:
    """Keep prompts with the positions of the options that are right for each: none lacks one."""
    if all(len(key) == 1 for key in keys):
        place.keep(replace(bare, type=ItemType.MATCHING, prompts=tuple(prompts), options=tuple(options), key=tuple(key[0] for key in keys)))
        return
    doors = [(place, bare)] if len(prompts) == 1 else gaps.divided(place, bare, len(prompts))
    for (part, begun), prompt, key in zip(doors, prompts, keys, strict=True):
        stem = "\n".join(filter(None, (bare.stem, prompt)))
        part.keep(replace(begun, type=ItemType.MULTIPLE, stem=stem, options=tuple(options), key=tuple(key)))
