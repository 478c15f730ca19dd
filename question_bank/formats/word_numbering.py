"""The numbers and letters Word puts before paragraphs by itself, as a reader sees them."""

import re
from collections import defaultdict
from collections.abc import Callable

from lxml.etree import _Element as Element

from question_bank.formats.xml_tree import attribute, every, first, local

_DIGITS = "零一二三四五六七八九"
_ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def _letter(number: int) -> str:
    return chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    return str(number) if number > 99 else (("" if tens == 1 else _DIGITS[tens]) + "十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")


def _roman(number: int) -> str:
    found = ""
    for value, sign in _ROMAN:
        found += sign * (number // value)
        number %= value
    return found


_WRITERS: dict[str, Callable[[int], str]] = {
    "upperLetter": _letter,
    "lowerLetter": lambda number: _letter(number).lower(),
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "decimalZero": lambda number: f"{number:02d}",
    "decimalEnclosedCircle": lambda number: chr(0x2460 + number - 1) if number <= 20 else str(number),
    "decimalEnclosedCircleChinese": lambda number: chr(0x2460 + number - 1) if number <= 20 else str(number),
    **dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCountingThousand"), _chinese),
}


class Numbering:
    """Counts while the paragraphs pass."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._levels: dict[str, dict[int, tuple[int, str, str]]] = {}  # list → level → (start, format, text)
        self._abstract: dict[str, str] = {}  # list → the one it shares its counters with
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._restarts: set[tuple[str, int]] = set()
        self._of_style: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._read(numbering)
        for style in every(styles, "style") if styles is not None else ():
            if (found := _reference(first(style, "pPr", "numPr"))) is not None:
                self._of_style[attribute(style, "styleId")] = found

    def _read(self, numbering: Element) -> None:
        abstract = {attribute(each, "abstractNumId"): _levels(each) for each in numbering if local(each) == "abstractNum"}
        for each in numbering:
            if local(each) != "num" or (shared := first(each, "abstractNumId")) is None:
                continue
            name = attribute(each, "numId")
            self._abstract[name] = attribute(shared, "val")
            self._levels[name] = dict(abstract.get(attribute(shared, "val"), {}))
            for override in each:
                if local(override) != "lvlOverride":
                    continue
                level = _whole(attribute(override, "ilvl"), 0)
                self._levels[name] |= _levels(override)
                start, kind, text = self._levels[name].get(level, (1, "decimal", f"%{level + 1}."))
                if (begin := first(override, "startOverride")) is not None:
                    self._restarts.add((name, level))
                    start = _whole(attribute(begin, "val"), 1)
                self._levels[name][level] = (start, kind, text)

    def label(self, properties: Element | None) -> str:
        """Return what stands before the paragraph with these properties; nothing for bullets and plain paragraphs."""
        if properties is None:
            return ""
        reference = _reference(first(properties, "numPr"))
        if reference is None and (style := first(properties, "pStyle")) is not None:
            reference = self._of_style.get(attribute(style, "val"))
        if reference is None or reference[0] not in self._levels or reference[1] not in self._levels[reference[0]]:
            return ""
        name, level = reference
        counts, levels = self._counts[self._abstract[name]], self._levels[name]
        if (name, level) in self._restarts:  # holds for the first paragraph of the list
            self._restarts.discard((name, level))
            counts.pop(level, None)
        counts[level] = counts.get(level, levels[level][0] - 1) + 1
        for lower in [each for each in counts if each > level]:
            del counts[lower]
        return _shown(levels, level, counts)


def _shown(levels: dict[int, tuple[int, str, str]], level: int, counts: dict[int, int]) -> str:
    _start, kind, text = levels[level]
    if kind in {"bullet", "none"}:
        return ""

    def part(found: re.Match[str]) -> str:
        at = int(found[1]) - 1
        start, form, _text = levels.get(at, (1, "decimal", ""))
        return _WRITERS.get(form, str)(min(max(counts.get(at, start), 1), 9999))

    label = re.sub(r"%(\d)", part, text).strip()
    return f"{label}." if label.isalnum() and not label.startswith("第") else label


def _levels(element: Element) -> dict[int, tuple[int, str, str]]:
    found = {}
    for each in element:
        if local(each) == "lvl":
            start, kind, text = (first(each, name) for name in ("start", "numFmt", "lvlText"))
            values = ["" if part is None else attribute(part, "val") for part in (start, kind, text)]
            found[_whole(attribute(each, "ilvl"), 0)] = (_whole(values[0], 1), values[1] or "decimal", values[2])
    return found


def _reference(properties: Element | None) -> tuple[str, int] | None:
    name = first(properties, "numId")
    level = first(properties, "ilvl")
    if properties is None or name is None:
        return None
    return attribute(name, "val"), _whole(attribute(level, "val") if level is not None else "", 0)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else otherwise
