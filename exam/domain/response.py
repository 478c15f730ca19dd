"""A response as it is stored, and what a position of a paper takes as one.

Stored: `0,2` for options chosen; a JSON list of numbers where their order counts (matching: one option for each prompt, -1 for none;
ordering: all options); a JSON list of texts for blanks and short text; nothing for a cleared answer.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from question_bank.domain.item import LETTERS, ItemContent, ItemType

NONE = -1
MOST_BLANKS, LONGEST_BLANK, LONGEST_TEXT = 20, 200, 4_000
# One sign a position, so that a token says in a few bytes what every position takes: the upper part the type, the lower the sizes.
_ONE_OF, _ANY_OF, _FILL_IN, _SHORT_TEXT, _ORDERING, _MATCHING = 64, 96, 0x100, 0x200, 0x300, 0x1000
_WIDEST = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """What one position takes: so many options, prompts and blanks."""

    type: ItemType
    options: int = 0
    prompts: int = 0
    blanks: int = 0


def shape_of(content: ItemContent) -> Shape:
    """Return what an item takes."""
    return Shape(content.type, min(26, len(content.options_html)), len(content.prompts_html), content.blanks)


def letter(taken: Shape) -> str:
    """Return the sign of a shape: A to Z choose one of so many, a to z any of so many, the others beyond the alphabet."""
    match taken.type:
        case ItemType.MULTIPLE:
            return chr(_ANY_OF + taken.options)
        case ItemType.FILL_IN:
            return chr(_FILL_IN + taken.blanks)
        case ItemType.SHORT_TEXT:
            return chr(_SHORT_TEXT)
        case ItemType.ORDERING:
            return chr(_ORDERING + taken.options)
        case ItemType.MATCHING:
            return chr(_MATCHING + taken.prompts * _WIDEST + taken.options)
        case _:
            return chr(_ONE_OF + taken.options)


def shape(sign: str) -> Shape:
    """Return the shape of a sign."""
    code = ord(sign)
    if code >= _MATCHING:
        prompts, options = divmod(code - _MATCHING, _WIDEST)
        return Shape(ItemType.MATCHING, options, prompts)
    if code >= _ORDERING:
        return Shape(ItemType.ORDERING, code - _ORDERING)
    if code >= _FILL_IN:
        return Shape(ItemType.SHORT_TEXT) if code == _SHORT_TEXT else Shape(ItemType.FILL_IN, blanks=code - _FILL_IN)
    return Shape(ItemType.MULTIPLE, code - _ANY_OF) if code > _ANY_OF else Shape(ItemType.SINGLE, code - _ONE_OF)


def fits(taken: Shape, choices: Sequence[int], texts: Sequence[str]) -> bool:
    """Tell whether a response is one that the position takes; an empty one always is."""
    if taken.type in {ItemType.FILL_IN, ItemType.SHORT_TEXT}:
        most, longest = (taken.blanks, LONGEST_BLANK) if taken.type is ItemType.FILL_IN else (1, LONGEST_TEXT)
        return not choices and len(texts) <= most and all(len(text) <= longest for text in texts)
    least = NONE if taken.type is ItemType.MATCHING else 0
    if texts or any(not least <= choice < taken.options for choice in choices):
        return False
    match taken.type:
        case ItemType.MATCHING:
            return len(choices) in {0, taken.prompts}
        case ItemType.ORDERING:
            return not choices or sorted(choices) == list(range(taken.options))
        case _:
            return len(choices) <= 1 or taken.type is ItemType.MULTIPLE


def stored(taken: Shape, choices: Sequence[int], texts: Sequence[str]) -> str:
    """Return a fitting response as it is stored; what says nothing is empty."""
    if texts:
        return json.dumps(list(texts), ensure_ascii=False) if any(text.strip() for text in texts) else ""
    if taken.type in {ItemType.MATCHING, ItemType.ORDERING}:
        return json.dumps(list(choices), separators=(",", ":")) if any(choice != NONE for choice in choices) else ""
    return choices_text(choices)


def letters(choices: Iterable[int]) -> str:
    """Return options by their letters, in their order; a prompt without one as a dash."""
    return "".join("—" if choice == NONE else LETTERS[choice] for choice in choices)


def choices_text(choices: Iterable[int]) -> str:
    """Return options chosen as stored: `0,2`; empty text for a cleared answer."""
    return ",".join(str(choice) for choice in sorted(set(choices)))


def choices_of(value: str | None) -> tuple[int, ...]:
    """Return the choices of a stored response, in their order."""
    if not value or value.startswith('["'):
        return ()
    return tuple(json.loads(value)) if value.startswith("[") else tuple(int(part) for part in value.split(","))


def texts_of(value: str | None) -> tuple[str, ...]:
    """Return the texts of a stored response."""
    return tuple(json.loads(value)) if value and value.startswith('["') else ()
