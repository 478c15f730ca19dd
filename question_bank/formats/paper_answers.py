"""The answers at the end of a paper: `1-5 ABCDD`, `1、B`, `1．【答案】…` with explanations, a table of numbers and letters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from question_bank.domain.item import ItemType
from question_bank.domain.notation import is_known_type, read_type
from question_bank.formats import paper_marks as marks
from question_bank.formats.paper_marks import Section

# Runs of blanks are taken whole (`*+`): several that could share one would be tried in every way.
_DASH = r"\s*+[-—–~～至]++\s*+"
_SIGNS = r"[A-Za-z√×✓✗✘对错]"
_RANGE = re.compile(rf"(\d{{1,4}}){_DASH}(\d{{1,4}})\s*+题?\s*+[:：.、．)）]*+\s*+({_SIGNS}[A-Za-z√×✓✗✘对错\s,，、;；]*+)")
_SIGN = "√|×|✓|✗|✘|对|错|正确|错误"
_KEY = re.compile(rf"[A-Za-z](?:[ ,，、]*+[A-Za-z]){{0,9}}+|{_SIGN}")
_ONE = rf"(\d{{1,4}})\s*+[.．、:：)）]?\s*+(?:【答案】|答案\s*+[:：]?)?\s*+([A-Za-z]{{1,10}}|{_SIGN})"
_ONLY_ONES = re.compile(rf"(?:{_ONE}[\s,，;；。.]*+)+")
_IN_TURN: Mapping[str, str] = {ItemType.TRUE_FALSE: r"[√×✓✗✘对错]", ItemType.SINGLE: r"[A-H]", ItemType.MULTIPLE: r"[A-H]+"}
_PARTED = re.compile(r"[\s,，、;；。]+")
_ALL_IN_TURN = re.compile(r"[A-H√×✓✗✘对错\s,，、;；。]++")
_PART = rf"(?:[{marks.ORDINALS}]{{1,3}}\s*+[、.．:：]|[（(][{marks.ORDINALS}]{{1,3}}[）)]|第[{marks.ORDINALS}]{{1,3}}(?:大题|部分))"
_PARTS = re.compile(rf"(?<!^)(?:(?<=[\s;；。])|(?=[（(]))(?={_PART})")
_HEAD = re.compile(rf"(?:({_PART})\s*+)?([^\dA-Z√×✓✗✘（(【\[：:，,。\s]{{2,12}})?\s*+(?:[（(](?!\s*+\d++\s*+[)）])[^）)]*+[）)])?\s*+[:：]?\s*+")
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


def is_key(text: str) -> bool:
    """Tell whether the words are one key: letters or a judgement."""
    return bool(_KEY.fullmatch(text.strip(" \t\u3000。；;，,")))


def all_in_turn(text: str) -> bool:
    """Tell whether a line holds keys without numbers, and nothing else."""
    return bool(_ALL_IN_TURN.fullmatch(text))


def parts(text: str) -> list[tuple[Section, str]]:
    """Return the sections that a line names, by their numbers or types, and what stands behind each: 一、ABCA 二、判断题：1-2 √×; 四、1．北京."""
    found = [_headed(part) for part in _PARTS.split(marks.untagged(text))]
    named = [part for part in found if part]
    return named if len(named) == len(found) else []


def _headed(words: str) -> tuple[Section, str] | None:
    found = _HEAD.match(words)
    if not found or not (found[1] or is_known_type(found[2] or "")):
        return None
    kind = read_type(found[2]) if is_known_type(found[2] or "") else ""
    return Section(re.sub(rf"[^{marks.ORDINALS}]", "", found[1] or ""), kind), words[found.end() :] or found[2] or ""


def entries(text: str, line: int) -> list[Answer]:
    """Return the answers one line gives to one or several numbers."""
    words = marks.untagged(text)
    if (ranged := list(_RANGE.finditer(words))) and not words[: ranged[0].start()].strip():
        return [answer for found in ranged for answer in _ranged(int(found[1]), int(found[2]), found[3], line)]
    if _ONLY_ONES.fullmatch(words):
        return [Answer(int(found[1]), {"key": [found[2]]}, line) for found in re.finditer(_ONE, words)]
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
    """Return the keys that stand behind each other without numbers, for items of a type that has such keys: one sign each, or several in a group."""
    keys = [key for key in _PARTED.split(words) if key]
    keys = keys if kind == ItemType.MULTIPLE else list("".join(keys))
    return keys if kind in _IN_TURN and all(re.fullmatch(_IN_TURN[kind], key) for key in keys) else []


def of_table(table: str, line: int) -> list[Answer]:
    """Return the answers of a table with the numbers in one row, or column, and the answers in the next."""
    rows = [[marks.untagged(re.sub(r"<[^>]+>", "", cell)) for cell in _CELL.findall(row)] for row in _ROW.findall(table)]
    return _below(rows, line) or _below([*map(list, zip_longest(*rows, fillvalue=""))], line)


def _below(rows: Sequence[Sequence[str]], line: int) -> list[Answer]:
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
