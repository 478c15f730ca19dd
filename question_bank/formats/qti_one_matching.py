"""Matching in QTI 1.2's two other shapes: pairs inside one group (ILIAS, the specification), and right sides in a block of their own (Blackboard)."""

from collections.abc import Mapping, Sequence

from lxml import etree

from question_bank.formats.qti_one_material import Materials
from question_bank.formats.xml_tree import attribute, every, local

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


def block(presentation: etree._Element, name: str) -> etree._Element | None:
    """Return one of Blackboard's blocks."""
    return next((each for each in every(presentation, "flow") if attribute(each, "class") == name), None)


def right_sides(presentation: etree._Element, materials: Materials) -> tuple[str, ...]:
    """Return what stands on the right in Blackboard's matching; nothing elsewhere."""
    found = block(presentation, "RIGHT_MATCH_BLOCK")
    return () if found is None else tuple(materials.words_of(each) for each in found if local(each) == "flow")


def left_side(response: etree._Element, materials: Materials) -> str:
    """Return the prompt that stands beside a response."""
    above = response.getparent()
    return "" if above is None else materials.words_of(above, [response])
