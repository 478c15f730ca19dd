"""One vocabulary for QTI 2.0 to 3.0, and the reasons why some interactions are none of ours."""

import html
import re
from collections.abc import Sequence

from lxml import etree

from question_bank.domain.item import ItemType
from question_bank.domain.notation import means
from question_bank.formats import xml_tree
from question_bank.formats.unreadable import Unreadable
from question_bank.formats.xml_tree import first, local

_JUDGED = re.compile(r"(?:true|false|t|f|正确|错误|对|错|√|×|是|否)[。.]?", re.IGNORECASE)
_KEBAB = re.compile(r"-([a-z0-9])")
REASONS = {
    **dict.fromkeys(
        (f"{name}Interaction" for name in ("hotspot", "graphicOrder", "graphicAssociate", "graphicGapMatch", "selectPoint", "positionObject")),
        "graphic_interaction",
    ),
    "drawingInteraction": "drawing_interaction",
    "mediaInteraction": "media_interaction",
    "uploadInteraction": "upload_interaction",
    **dict.fromkeys(("customInteraction", "portableCustomInteraction"), "custom_interaction"),
}
INLINE = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})

_NAME = re.compile(r"[A-Za-z_][\w.]*")


def camel(name: str) -> str:
    """Return a name of QTI 3 as QTI 2 has it: `qti-map-entry` is mapEntry, `mapped-value` is mappedValue."""
    return _KEBAB.sub(lambda sign: sign[1].upper(), name.removeprefix("qti-"))


def harmonise(root: etree._Element) -> None:
    """Give the elements and attributes of QTI 3 their older names, in place."""
    for element in root.iter():
        name = local(element)
        if not name.startswith("qti-"):
            continue
        if not _NAME.fullmatch(camel(name)):
            continue  # a damaged file
        element.tag = camel(name)
        for key in [str(key) for key in element.attrib]:
            if "-" in key and _NAME.fullmatch(camel(key)) and not key.startswith(("data-", "aria-")):
                element.set(camel(key), str(element.attrib.pop(key)))


def interactions(body: etree._Element) -> list[etree._Element]:
    """Return the interactions of a body; a button that ends the attempt is none, and what is custom counts once: QTI 2 wraps the portable kind."""
    found = [each for each in body.iterdescendants() if local(each).endswith("Interaction") and local(each) != "endAttemptInteraction"]
    return [each for each in found if local(each) != "portableCustomInteraction" or "customInteraction" not in map(local, each.iterancestors())]


_NO_TAG = re.compile(r"<(?!/?[a-zA-Z][\w.-]*(?:\s[^<>]*)?/?>)|&(?!#?\w{1,31};)")
_EMPTY = re.compile(r"<(br|hr|img)\b([^<>]*?)/?>", re.IGNORECASE)


def reveal(item: etree._Element) -> bool:
    """Read the HTML that stands in an item's body as CDATA, around its interactions, as the markup that it is; where it does not close, it stays.

    What is escaped outside of CDATA is text. Tells whether the body was replaced.
    """
    body = first(item, "itemBody")
    if body is None or not xml_tree.hides_markup(xml_tree.written(body, lambda words: f"<![CDATA[{words}]]>")):
        return False
    try:
        document = xml_tree.parse(xml_tree.written(body, _markup))
    except Unreadable:
        return False
    if not document.damaged:
        item.replace(body, document.root)
    return not document.damaged


def _markup(words: str) -> str:
    return _EMPTY.sub(r"<\1\2/>", _NO_TAG.sub(lambda sign: html.escape(sign[0]), words))


def chosen(options: Sequence[str]) -> ItemType:
    """Return the type of what has one right option: a judgement where both are such words, and no letter or figure that may mean one."""
    judged = len(options) == 2 and all(map(_JUDGED.fullmatch, options)) and {means(option) for option in options} == {True, False}
    return ItemType.TRUE_FALSE if judged else ItemType.SINGLE
