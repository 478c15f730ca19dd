"""Aiken: a stem, options with letters, `ANSWER: B`."""

import re
from dataclasses import dataclass, field

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.item import LETTERS, ItemType
from question_bank.formats.findings import Findings
from question_bank.formats.foreign_html import Words

_KEY = re.compile(r"^\s*ANSWERS?\s*[:：]\s*(.*?)\s*$", re.IGNORECASE)
_OPTION = re.compile(r"^\s*([A-Z])\s*[.)、．）]\s*(.*)$")
_KEYED = re.compile(r"^[^\S\n]*+[A-Z][^\S\n]*+[.)、．）].*\n\s*+ANSWERS?\s*[:：]\s*[A-Z]\b", re.MULTILINE)
_ORDER = re.compile(r"[,，、;\s]+")


def looks_like(text: str) -> bool:
    """Tell whether the text has a key line below an option."""
    return bool(_KEYED.search(text[:200_000].replace("\r\n", "\n").replace("\r", "\n")))


@dataclass(slots=True)
class _Open:
    """An item whose key has not come yet."""

    line: int = 0
    stem: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


def read(text: str) -> Reading:
    """Return the items; a block that ends without a key is refused at its place."""
    found, item = Findings("aiken"), _Open()
    lines = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        option = _OPTION.match(line)
        if key := _KEY.match(line):
            _close(found, item, key[1])
            item = _Open()
        elif not line.strip():
            if item.options:  # a stem may hold empty lines, the list of options may not
                item.options.append("")
        elif option and option[1] == LETTERS[min(len([each for each in item.options if each]), 25)] and item.stem:
            item.options.append(option[2])
        elif item.options and not item.options[-1]:
            _close(found, item, "")
            item = _Open(number, [line])
        elif item.options:
            item.options[-1] += "\n" + line
        else:
            item.line = item.line or number
            item.stem.append(line)
    if item.stem:
        _close(found, item, "")
    return found.reading()


def _close(found: Findings, item: _Open, key: str) -> None:
    place = found.at(f"第 {item.line} 行")
    words = Words(place, lambda _name: None)
    if not item.options and not key:
        place.lose(f"没有选项和答案的文字，未导入：{' '.join(item.stem)[:60]}")
        return
    options = [option for option in item.options if option]
    letters = [letter for letter in _ORDER.split(key.upper()) if letter]
    positions = [LETTERS.index(letter) for letter in letters if len(letter) == 1 and letter in LETTERS]
    place.keep(
        Draft(
            type=ItemType.MULTIPLE if len(positions) > 1 else ItemType.SINGLE,
            stem=words.of_plain("\n".join(item.stem)),
            options=tuple(map(words.of_plain, options)),
            key=tuple(positions) if len(positions) == len(letters) else (),
            key_text=key,
        )
    )
