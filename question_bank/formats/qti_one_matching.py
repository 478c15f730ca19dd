"""Matching in QTI 1.2's two other shapes: pairs inside one group (ILIAS, the specification), and right sides in a block of their own (Blackboard)."""

from collections.abc import Mapping, Sequence

from lxml import etree

from question_bank.formats.qti_one_material import Materials
from question_bank.formats.xml_tree import attribute, every, local

_LEFT, _RIGHT = "RESPONSE_BLOCK", "RIGHT_MATCH_BLOCK"
Pairs = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]  # prompts, options, and the option of each prompt


def of_group(response: etree._Element, labels: Mapping[str, str], values: Sequence[str]) -> Pairs | None:
    """Return the pairs that the rules name as `left,right`; None when some prompt has no partner or several."""
    grouped = {attribute(each, "ident") for each in every(response, "response_label") if attribute(each, "match_group")}
    named = [tuple(part.strip() for part in value.split(",")) for value in values]
    pairs = [pair for pair in named if len(pair) == 2 and set(pair) <= labels.keys()]
    left = grouped if grouped and len(grouped) < len(labels) else {first for first, _second in pairs}
    pairs = list(dict.fromkeys(pair if pair[0] in left else pair[::-1] for pair in pairs))
    prompts = [name for name in labels if name in left]
    options = [name for name in labels if name not in left]
    partner = dict(pairs)
    if not prompts or len(pairs) != len(prompts) or any(partner.get(name) not in options for name in prompts):
        return None
    return tuple(labels[name] for name in prompts), tuple(labels[name] for name in options), tuple(options.index(partner[name]) for name in prompts)


def of_categories(
    lists: Sequence[etree._Element], labels: Sequence[Mapping[str, str]], points: Sequence[Mapping[str, float]], materials: Materials
) -> tuple[Pairs | None, list[str]]:
    """Return the things as prompts and their categories as options, and the things that belong nowhere (Canvas)."""
    key = {name: at for at, given in enumerate(points) for name in labels[at] if given.get(name, 0.0) > 0}
    things = {name: words for held in labels for name, words in held.items()}
    asked = [name for name in things if name in key]
    options = tuple(materials.words_before(each) for each in lists)
    pairs = (tuple(things[name] for name in asked), options, tuple(key[name] for name in asked)) if asked else None
    return pairs, [words for name, words in things.items() if name not in key]


def blocks(presentation: etree._Element | None) -> list[etree._Element]:
    """Return Blackboard's blocks of what is matched: left and right."""
    return [] if presentation is None else [each for each in every(presentation, "flow") if attribute(each, "class") in {_LEFT, _RIGHT}]


def right_sides(presentation: etree._Element | None, materials: Materials) -> tuple[str, ...]:
    """Return what stands on the right in Blackboard's matching; nothing elsewhere."""
    found = next((each for each in blocks(presentation) if attribute(each, "class") == _RIGHT), None)
    return () if found is None else tuple(materials.words_of(each) for each in found if local(each) == "flow")


def of_blocks(
    presentation: etree._Element | None, lists: Sequence[etree._Element], points: Sequence[Mapping[str, float]], materials: Materials
) -> Pairs | None:
    """Return Blackboard's pairs: what stands on the right is told by its place; None when some prompt has no partner or several."""
    sides = right_sides(presentation, materials)
    places = [[attribute(label, "ident") for label in every(each, "response_label")] for each in lists]
    right = [[at for at, name in enumerate(held) if given.get(name, 0.0) > 0] for held, given in zip(places, points, strict=True)]
    if not right or any(len(each) != 1 or each[0] >= len(sides) for each in right):
        return None
    options = tuple(dict.fromkeys(sides))
    return tuple(_left_side(each, materials) for each in lists), options, tuple(options.index(sides[each[0]]) for each in right)


def _left_side(response: etree._Element, materials: Materials) -> str:
    """Return the prompt that stands beside a response."""
    above = response.getparent()
    return "" if above is None else materials.words_of(above, [response])
