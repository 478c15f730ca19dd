"""Words of QTI 1.2: material in its many wrappings, plain or HTML."""

import re
from collections.abc import Sequence

from lxml import etree

from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Words
from question_bank.formats.symbol_font import greek
from question_bank.formats.xml_tree import attribute, local, text_of, written

_MARKUP = re.compile(r"</?(?:p|br|b|i|u|em|strong|span|div|img|a|table|t[rdh]|ul|ol|li|sub|sup|h[1-6]|pre|code|font|math)\b[^<>]*>", re.IGNORECASE)
_SIGNS = {"matbreak": "\n"}
_GREEK = frozenset({"greek", "symbol"})
_MEDIA = frozenset({"mataudio", "matvideo", "matapplet", "matapplication"})
_RESPONSES = frozenset({"response_lid", "response_str", "response_num"})


class Materials:
    """Reads material of one item."""

    def __init__(self, words: Words, place: Place) -> None:
        self.words, self.place = words, place

    def words_of(self, element: etree._Element, leaving: Sequence[etree._Element] = ()) -> str:
        """Return all the words inside an element, without those inside the elements to leave out."""
        return _joined(self._parts(element, set(leaving)))

    def words_before(self, response: etree._Element) -> str:
        """Return the material of a response that stands outside its rendering: a prompt."""
        outside = [child for child in response if local(child) in {"material", "material_ref"}]
        return _joined([part for each in outside for part in self._parts(each, set())])

    def stem_with_blanks(self, presentation: etree._Element | None, responses: Sequence[etree._Element]) -> tuple[str, bool]:
        """Return the stem with a blank at each field that stands between words, and whether any does."""
        if presentation is None:
            return "", False
        order = [each for each in presentation.iterdescendants() if local(each) == "material" or local(each) in _RESPONSES]
        last = max((at for at, each in enumerate(order) if local(each) == "material"), default=-1)
        placed = any(at < last for at, each in enumerate(order) if each in responses)
        parts, number = [], 0
        for each in order:
            if local(each) == "material":
                parts += self._parts(each, set())
            elif placed:
                number += 1
                parts.append(f" [[{number}]] ")
        return (re.sub(r" {2,}", " ", "".join(parts)).strip() if placed else _joined(parts)), placed

    def _parts(self, element: etree._Element, leaving: set[etree._Element]) -> list[str]:
        if element in leaving:
            return []
        name = local(element)
        if name in {"mattext", "mat_formattedtext", "matemtext"}:
            return [self._text(element)]
        if name in _SIGNS:
            return [_SIGNS[name]]
        if name == "matimage":
            return [self._picture(element)]
        if name in _MEDIA:
            self.place.lose(f"媒体（{name}）未保留{'：' + attribute(element, 'uri')[:80] if attribute(element, 'uri') else ''}")
            return []
        return [part for child in element if local(child) != "hint" for part in self._parts(child, leaving)]

    def _text(self, element: etree._Element) -> str:
        kind = (attribute(element, "texttype") or attribute(element, "type")).lower()
        if len(element):
            between = [element.text or "", *(child.tail or "" for child in element)]
            return self.words.of_html(_mixed(element)) if any(map(_MARKUP.search, between)) else self.words.of_tree(element)
        held = text_of(element)
        if attribute(element, "charset").lower() in _GREEK:
            return self.words.of_plain(greek(held))
        if "html" in kind or "smart" in kind or (kind != "text/plain" and _MARKUP.search(held)):
            return self.words.of_html(held)
        if kind == "text/plain" and _MARKUP.search(held) and not held.count("<") > 40:
            return self.words.of_html(held)
        words = self.words.of_plain(held)
        return f"<em>{words}</em>" if local(element) == "matemtext" and words else words

    def _picture(self, element: etree._Element) -> str:
        image = etree.Element("img")
        kind = attribute(element, "imagtype", "image/png")
        embedded = attribute(element, "embedded").lower() == "base64"
        image.set("src", f"data:{kind};base64,{text_of(element)}" if embedded else attribute(element, "uri"))
        image.set("alt", attribute(element, "label"))
        holder = etree.Element("div")
        holder.append(image)
        return self.words.of_tree(holder)


def _mixed(element: etree._Element) -> str:
    """Return markup of which the writer escaped a part and forgot another."""
    children = (written(child) + (child.tail or "") for child in element)
    return (element.text or "") + "".join(children)


def _joined(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part.strip())
