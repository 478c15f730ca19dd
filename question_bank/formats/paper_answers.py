"""The answers at the end of a paper: `1-5 ABCDD`, `1、B`, `1．【答案】…` with explanations, a table of numbers and letters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from question_bank.domain.item import ItemType
from question_bank.domain.notation import is_known_type, read_type
from question_bank.formats import paper_marks as marks
from question_bank.formats.paper_marks import Section

# Runs of blanks are taken whole (`*+`): several that could share one would be tried in every way.
_DASH = r"\s*+[-—–~～至]++\s*+"
_SIGNS = r"[A-Za-z√×✓✗✘对错]"
_RANGE = re.compile(rf"(\d{{1,4}}){_DASH}(\d{{1,4}})\s*+题?\s*+[:：.、．)）]*+\s*+({_SIGNS}[A-Za-z√×✓✗✘对错\s,，、;；]*+)")
_ONE = r"(\d{1,4})\s*+[.．、:：)）]?\s*+(?:【答案】|答案\s*+[:：]?)?\s*+([A-Za-z]{1,10}|√|×|✓|✗|✘|对|错|正确|错误)"
_ONES = re.compile(rf"(?<![\dA-Za-z]){_ONE}(?![A-Za-z\u4e00-\u9fff])")
_ONLY_ONES = re.compile(rf"(?:{_ONE}[\s,，;；。.]*+)+")
_IN_TURN: Mapping[str, str] = {ItemType.TRUE_FALSE: r"[√×✓✗✘对错]+", ItemType.SINGLE: r"[A-H]+"}
_PREFIX = re.compile(r"(?:([一二三四五六七八九十]{1,3})\s*+[、.．:：]\s*+)?([^\d（(：:，,。\s]{2,12})?\s*+(?:[（(][^）)]*+[）)])?\s*+[:：]?\s*+(?=\d)")
_CELL = re.compile(r"<t[dh][^<>]*>((?:[^<]|<(?!/?t[dh]\b))*+)</t[dh]>")
_ROW = re.compile(r"<tr>((?:[^<]|<(?!/?tr>))*+)</tr>")


@dataclass(slots=True)
class Answer:
    """What the end of the paper says of one number."""

    number: int
    fields: dict[str, list[str]] = field(default_factory=dict)
    line: int = 0


def looks_like(text: str) -> bool:
    """Tell whether a line is an entry of answers rather than an item."""
    words = marks.untagged(text)
    return bool(_RANGE.match(words) or _ONLY_ONES.fullmatch(words))


def prefixed(text: str) -> tuple[Section, str] | None:
    """Return the section and the entries of a line that holds both: 三、判断题：1-5 √×√√×."""
    found = _PREFIX.match(marks.untagged(text))
    if not found or not (found[1] or is_known_type(found[2] or "")):
        return None
    rest = marks.untagged(text)[found.end() :]
    return (Section(found[1] or "", read_type(found[2]) if found[2] else ""), rest) if looks_like(rest) else None


def entries(text: str, line: int) -> list[Answer]:
    """Return the answers one line gives to one or several numbers."""
    words = marks.untagged(text)
    if (ranged := list(_RANGE.finditer(words))) and not words[: ranged[0].start()].strip():
        return [answer for found in ranged for answer in _ranged(int(found[1]), int(found[2]), found[3], line)]
    if _ONLY_ONES.fullmatch(words):
        return [Answer(int(found[1]), {"key": [found[2]]}, line) for found in _ONES.finditer(words)]
    return []


def _ranged(first: int, last: int, written: str, line: int) -> list[Answer]:
    count = last - first + 1
    groups = [group for group in re.split(r"[\s,，、;；]+", written) if group]
    if len(groups) != count:
        groups = list("".join(groups))
    if len(groups) != count or count > 500:
        return []
    return [Answer(number, {"key": [group]}, line) for number, group in enumerate(groups, start=first)]


def in_turn(words: str, kind: str) -> list[str]:
    """Return the keys that stand behind each other without numbers, one sign each, for items of a type that has such keys."""
    signs = re.sub(r"[\s,，、;；。]", "", words)
    return list(signs) if kind in _IN_TURN and re.fullmatch(_IN_TURN[kind], signs) else []


def of_table(table: str, line: int) -> list[Answer]:
    """Return the answers of a table with the numbers in one row and the answers in the next."""
    rows = [[marks.untagged(re.sub(r"<[^>]+>", "", cell)) for cell in _CELL.findall(row)] for row in _ROW.findall(table)]
    found = []
    for numbers, answers in pairwise(rows):
        figures = [cell for cell in numbers if cell.isdecimal()]
        if len(figures) >= 1 and len(figures) >= len([cell for cell in numbers if cell]) - 1:
            found += [
                Answer(int(number), {"key": [answer]}, line)
                for number, answer in zip(numbers, answers, strict=False)
                if number.isdecimal() and answer and not answer.isdecimal()
            ]
    return found


def alike(section: Section, seen: Sequence[Section]) -> Iterator[list[int]]:
    """Yield which of the paper's sections a heading among the answers may mean, the surest ones first."""
    if section.chapter:
        yield [at for at, each in enumerate(seen) if each.chapter and (each.chapter.startswith(section.chapter) or section.chapter.startswith(each.chapter))]
        return
    yield [at for at, each in enumerate(seen) if each.type == section.type and (each.ordinal == section.ordinal or not section.ordinal)]
    yield [at for at, each in enumerate(seen) if section.type and each.type == section.type]
    yield [at for at, each in enumerate(seen) if section.ordinal and each.ordinal == section.ordinal and section.type in {"", each.type}]
