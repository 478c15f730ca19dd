"""What an Excel file shows in its cells besides their values: raised and underlined signs, per cent, leading zeros, dates.

The parts are gone through in pieces with patterns that take each sign once; only the properties of runs are parsed.
"""

import html
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from question_bank.domain.exchange import Loss
from question_bank.formats import headings, number_format, workbook_parts, xml_tree
from question_bank.formats.unreadable import ArchiveHostile
from question_bank.formats.word_run import emphasis_of, emphasised
from question_bank.formats.workbook import Sheet
from question_bank.formats.xml_tree import attribute, first

_LONGEST = 1 << 23  # bytes of one string with its runs; a cell holds 32 767 signs
_STRINGS = "xl/sharedStrings.xml"
_ENDS = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")
_EMPHASIS = re.compile(rb"<(?:\w+:)?(?:vertAlign|u|b|i|strike)\b")
_RUN = re.compile(rb"<r>\s*+(?:(<rPr>(?:[^<]|<(?!/?rPr>))*+</rPr>)\s*+)?<t(?:\s[^<>]*)?>([^<]*+)</t>")
_PREFIX = re.compile(rb"(</?)\w+:")
_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^<>]{1,300})>\s*+(?:<(?:\w+:)?f\b[^<>]*+>(?:[^<]*+</(?:\w+:)?f>)?\s*+)?"
    rb"(?:<(?:\w+:)?v>([^<]{1,60})</|<(?:\w+:)?is>((?:[^<]|<(?!/?(?:\w+:)?(?:is|c)\b)){1,200000}+)</(?:\w+:)?is>)"
)
_PLACE, _STYLE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']"), re.compile(rb"\bs=[\"'](\d{1,6})[\"']")
_SHARED, _TEXT = re.compile(rb"\bt=[\"']s[\"']"), re.compile(rb"\bt=[\"'](?!n[\"']|d[\"'])")
_HIDDEN = re.compile(rb"<(?:\w+:)?row\b(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])[^<>]*?\sr=[\"'](\d{1,7})[\"']")
_MOST_NAMED = 20
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


Words = tuple[str, str]  # without emphasis, with it


@dataclass(slots=True)
class Looks:
    """How the cells of one sheet look; rows and columns count from 0."""

    emphasised: dict[tuple[int, int], Words] = field(default_factory=dict)
    formatted: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)  # the format's code, the figure
    hidden: set[int] = field(default_factory=set)  # rows


def find(packed: zipfile.ZipFile) -> dict[str, Looks]:
    """Return how the cells of each sheet look where that says more than their values."""
    names = frozenset(packed.namelist())
    codes, strings = _codes(packed, names), dict(_strings(packed, names))
    return {title: looks for title, path in workbook_parts.sheets(packed, names) if (looks := _looks(packed, path, codes, strings))}


def _codes(packed: zipfile.ZipFile, names: frozenset[str]) -> dict[bytes, str]:
    """Return the formats that say more than the figure, by the number by which cells call a style."""
    styles = workbook_parts.part(packed, names, "xl/styles.xml")
    named, formats = first(styles, "numFmts"), first(styles, "cellXfs")
    own = {attribute(each, "numFmtId"): attribute(each, "formatCode") for each in (named if named is not None else ())}
    built_in = {str(number): code for number, code in number_format.BUILT_IN.items()}
    codes = (own.get(attribute(each, "numFmtId")) or built_in.get(attribute(each, "numFmtId"), "") for each in (formats if formats is not None else ()))
    return {str(at).encode(): code for at, code in enumerate(codes) if code and (number_format.says_more(code) or number_format.is_date(code))}


def _strings(packed: zipfile.ZipFile, names: frozenset[str]) -> Iterator[tuple[bytes, Words]]:
    """Yield the shared strings that have emphasis inside, by the number by which cells call them."""
    if _STRINGS not in names:
        return
    at, rest = 0, b""
    for piece in workbook_parts.windows(packed, _STRINGS, 0):
        *ended, rest = _ENDS.split(rest + piece)
        for number, string in enumerate(ended, start=at):
            if b"rPr>" in string and _EMPHASIS.search(string) and (words := _notation(string + b"</si>")):
                yield str(number).encode(), words
        at += len(ended)
        if len(rest) > _LONGEST:
            raise ArchiveHostile


def _notation(string: bytes) -> Words | None:
    """Return a string without its emphasis and as the notation writes it; None when no emphasis counts."""
    found = _RUN.findall(_PREFIX.sub(rb"\1", string))
    runs = [(_emphasis(properties) if properties else (), html.unescape(words.decode("utf-8", "replace"))) for properties, words in found]
    bare, words = "".join(words for _, words in runs), emphasised(runs)
    return (bare, words) if words != bare else None


@lru_cache(1_000)
def _emphasis(properties: bytes) -> tuple[str, ...]:
    try:
        return emphasis_of(xml_tree.fragment(properties.decode("utf-8", "replace")))
    except SyntaxError:  # lxml's own is one
        return ()


def _looks(packed: zipfile.ZipFile, path: str, codes: Mapping[bytes, str], strings: Mapping[bytes, Words]) -> Looks | None:
    looks = Looks()
    for window in workbook_parts.windows(packed, path, 1 << 17):
        looks.hidden.update(int(number) - 1 for number in _HIDDEN.findall(window))
        if not codes and not strings and b"<is>" not in window and b":is>" not in window:
            continue
        for about, value, inside in _CELL.findall(window):
            code, words = "", None
            if inside:
                words = _notation(b"<is>" + inside + b"</is>") if _EMPHASIS.search(inside) else None
            elif _SHARED.search(about):
                words = strings.get(value)
            elif codes and (style := _STYLE.search(about)) and not _TEXT.search(about):
                code = codes.get(style[1], "")
            if (words or code) and (place := _PLACE.search(about)):
                at = (int(place[2]) - 1, workbook_parts.column(place[1].decode()))
                looks.formatted.update({at: (code, value.decode())} if code else {})
                looks.emphasised.update({at: words} if words else {})
    return looks if looks.emphasised or looks.formatted or looks.hidden else None


def shown(sheet: Sheet, looks: Looks | None) -> tuple[Sheet, list[Loss]]:
    """Return the sheet with the words of its items as they look, and what had to be told."""
    found = headings.find(sheet) if looks else None
    if looks is None or found is None:
        return sheet, []
    rows, losses = [list(row) for row in sheet.rows], list[Loss]()
    worded = found.worded()
    of_items = worded | {column for role, column in (*found.columns.items(), *found.more) if role == "key"}

    def cells(among: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, tuple[int, int]]]:
        for at in among:
            row, column = at[0] + 1 - sheet.first, at[1] - sheet.left
            if found.row < row < len(rows) and column in of_items and column < len(rows[row]):
                yield row, column, at

    for row, column, at in cells(looks.emphasised):
        bare, words = looks.emphasised[at]
        if "".join(bare.split()) != "".join(rows[row][column].split()):
            losses.append(Loss(sheet.place(row), "文字样式（颜色、下划线等）未保留"))
        elif column in worded or "<su" in words:  # a letter is the same key in bold
            rows[row][column] = words
    for row, column, at in cells(looks.formatted):
        code, figure = looks.formatted[at]
        words = rows[row][column]
        rows[row][column] = _as_formatted(code, figure, words)
        if _DAY.match(words):
            name = f"{workbook_parts.letters(at[1])}{at[0] + 1}"
            losses.append(Loss(sheet.place(row), f"单元格 {name} 是日期，按“{rows[row][column]}”导入；如果原来不是日期，请把单元格设为文本再填写"))
    return replace(sheet, rows=tuple(map(tuple, rows))), [*losses, *_hidden(sheet, looks, found.row)]


def _hidden(sheet: Sheet, looks: Looks, head: int) -> Iterator[Loss]:
    """Tell which rows with items nobody sees in Excel, where they may be forgotten."""
    rows = (at + 1 - sheet.first for at in sorted(looks.hidden))
    if named := [str(sheet.first + row) for row in rows if head < row < len(sheet.rows) and any(sheet.rows[row])]:
        words = "、".join(named[:_MOST_NAMED]) + ("…" if len(named) > _MOST_NAMED else "")
        yield Loss(sheet.name, f"第 {words} 行在 Excel 中是隐藏的，其中的题一并导入，请核对")


def _as_formatted(code: str, figure: str, words: str) -> str:
    if _DAY.match(words):
        return number_format.date_shown(code, words) or words
    return (number_format.figure_shown(code, figure) if number_format.says_more(code) else None) or words
