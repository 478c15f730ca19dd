"""What QTI 1.2 says of an item besides the question: its type, its classification, the text it hangs on."""

from collections.abc import Iterator, Sequence

from lxml import etree

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, decimal
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

PARENT = "parent_stimulus_item_ident"
RESPONSES = ("response_lid", "response_str", "response_num", "response_xy", "response_grp", "response_extension")
_TYPED = ("question_type", "bbmd_questiontype", "qmd_questiontype", "questiontype", "qmd_itemtype", "cc_profile")
_BANDS = {
    **dict.fromkeys(("very easy",), 0.95),
    **dict.fromkeys(("easy",), 0.85),
    **dict.fromkeys(("medium", "moderate", "average"), 0.65),
    **dict.fromkeys(("hard", "difficult"), 0.4),
    **dict.fromkeys(("very hard", "very difficult"), 0.2),
}


def metadata(element: etree._Element) -> dict[str, str]:
    """Return everything an item says of itself, by its name."""
    return dict(_told(element))


def _told(element: etree._Element) -> Iterator[tuple[str, str]]:
    for field in every(element, "qtimetadatafield"):
        yield text_of(first(field, "fieldlabel")).lower(), text_of(first(field, "fieldentry"))
    for held in every(element, "itemmetadata"):
        for child in held.iterdescendants():
            if local(child).startswith(("qmd_", "bbmd_")) and text_of(child):
                yield local(child).lower(), text_of(child)


def kind(told: dict[str, str]) -> str:
    """Return the type by the name that the file's own system gives it."""
    return next((told[name].lower() for name in _TYPED if name in told), "")


def bare(element: etree._Element, told: dict[str, str]) -> Draft:
    """Return an item without its question."""
    points = decimal(told.get("points_possible", told.get("qmd_weighting", "")))
    return Draft(
        external_id=attribute(element, "ident") or told.get("bbmd_asi_object_id", ""),
        source=attribute(element, "title")[:300],
        topic=told.get("qmd_topic", ""),
        tags=tuple(filter(None, (told.get("qmd_keywords", ""),))),
        points=int(points * 100) if points is not None and points > 0 and points * 100 == int(points * 100) else None,
        difficulty=_BANDS.get(told.get("qmd_levelofdifficulty", "").lower(), DEFAULT_DIFFICULTY),
    )


def stimuli(items: Sequence[etree._Element]) -> dict[str, etree._Element]:
    """Return the texts on which other items hang, by name."""
    wanted = {value for item in items for name, value in _told(item) if name == PARENT}
    shown = {attribute(item, "ident"): first(item, "presentation") for item in items if attribute(item, "ident") in wanted}
    return {name: presentation for name, presentation in shown.items() if presentation is not None and not every(presentation, *RESPONSES)}


def name_of(response: etree._Element) -> str:
    """Return the name of a response."""
    return attribute(response, "ident") or attribute(response, "respident")
