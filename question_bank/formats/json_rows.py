"""JSON as other projects keep their banks: lists of objects, read as tables whose headings are the names of the fields."""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from question_bank.domain import notation
from question_bank.domain.draft import Draft
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import LETTERS
from question_bank.formats import archive, headings
from question_bank.formats.headings import Headings
from question_bank.formats.unreadable import FileTooLarge
from question_bank.formats.workbook import Sheet

_DEEPEST = 4  # levels of objects in which the lists may stand
_WORDS = ("text", "content", "description", "optioncontent", "内容", "选项内容")
_MAYBE_WORDS = ("value", "title", "name", "label")  # or the option's letter
_LABELS = ("key", "label", "letter", "id", "option", "tag", "value", "序号", "标号", "选项")
_EXPLANATIONS = ("explanation", "feedback", "rationale", "解析")
_RIGHT = ("iscorrect", "isright", "isanswer", "correct", "right")
_OPTIONS = headings.words("options")
_KEYS = headings.words("key")


def read(text: str) -> tuple[list[Sheet], list[tuple[Draft, Fault]]]:
    """Return a sheet for each list of items, none when the text is one of our own lines or no JSON, and what in the lists is no object."""
    if not text.lstrip("\ufeff \t\r\n").startswith(("[", "{")):
        return [], []
    try:
        found = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return [], []
    lists = list(_lists("", found, 0))
    sheets = [_sheet(name if len(lists) > 1 else "", [row if isinstance(row, dict) else {} for row in rows]) for name, rows in lists]
    if not any(map(headings.find, sheets)):
        return [], []
    odd = [(sheet.place(at), row) for sheet, (_, rows) in zip(sheets, lists, strict=True) for at, row in enumerate(rows, start=1) if not isinstance(row, dict)]
    return sheets, [(Draft(place=place, stem=json.dumps(row, ensure_ascii=False)[:200]), fault("line_not_json")) for place, row in odd]


def of_table(sheet: Sheet, found: Headings) -> Sheet:
    """Return a table whose options are JSON in a cell, or lists as Python writes them, as one of such objects; any other table as it is."""
    held = [found.columns[role] for role in ("options", "key") if role in found.columns]
    below = [[_literal(cell) if column in held else cell for column, cell in enumerate(row)] for row in sheet.rows[found.row + 1 :]]
    if "options" not in found.columns or not any(isinstance(cell, dict | list) for row in below for cell in row[held[0] : held[0] + 1]):
        return sheet
    rows = [_object(list(zip(sheet.rows[found.row], row, strict=False))) for row in below]
    return replace(_sheet(sheet.name, rows), first=sheet.first + found.row, unit=sheet.unit)


def _literal(cell: str) -> object:
    readers = (json.loads, ast.literal_eval) if "\\" not in cell else (json.loads,)  # Python warns of signs that it cannot escape
    for read in readers if cell.lstrip().startswith(("[", "{")) else ():
        try:
            found = read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list) or (isinstance(found, dict) and all(isinstance(name, str) for name in found)):
            return found
    return cell


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object, in which a name that comes twice keeps both values."""
    found: dict[str, object] = {}
    for name, value in pairs:
        found[f"{name}（{len(found)}）" if name in found else name] = value
    return found


def _lists(name: str, found: object, depth: int) -> Iterator[tuple[str, list[object]]]:
    if isinstance(found, list):
        if any(isinstance(row, dict) for row in found):
            yield name, found
    elif isinstance(found, dict) and depth < _DEEPEST and not {"stem", "options"} <= found.keys():
        for key, value in found.items():
            yield from _lists(key[:60], value, depth + 1)


def _sheet(name: str, rows: Sequence[Mapping[str, object]]) -> Sheet:
    cells = [_row(row) for row in rows]
    columns = list(dict.fromkeys(column for row in cells for column in row))
    if len(rows) * len(columns) > archive.MAX_CELLS:
        raise FileTooLarge
    hints = {column: _counted(column, rows, cells) for column in columns if column in _KEYS}
    body = (tuple(row.get(column, "") for column in columns) for row in cells)
    return Sheet(name, (tuple(column + hints.get(column, "") for column in columns), *body), first=0, unit="题")


def _row(row: Mapping[str, object]) -> dict[str, str]:
    """Return the cells of one item by their columns; a key that two fields say otherwise is unreadable."""
    cells: dict[str, str] = {}
    for column, value in _cells(row):
        before = cells.get(column, "")
        differs = column in _KEYS and before and value and before != value
        cells[column] = f"{before} / {value}（两处答案不同）" if differs else value or before
    return cells


def _counted(column: str, rows: Sequence[Mapping[str, object]], cells: Sequence[dict[str, str]]) -> str:
    """Return from where a key's figures count; they become unreadable where nothing tells it: 1 may mean A or B, and 0 the first option or wrong."""
    asked = [
        (row, figures, _named(row, source))
        for row, source in zip(cells, rows, strict=True)
        if any(map(_is_option, row)) and (figures := _figures(source, column))
    ]
    chosen = [(row, figures) for row, figures, named in asked if not (_is_judged(row) or named & figures)]  # the others prove nothing of places
    from_zero = any(0 in figures for _, figures in chosen)
    from_one = any("选项A" in row and f"选项{LETTERS[figure]}" not in row for row, figures in chosen for figure in figures if 0 <= figure < len(LETTERS))
    for row, figures, named in asked:
        if from_zero is from_one or _is_judged(row) or named & figures:
            row[column] = f"{row[column]}（从 0 还是从 1 数？）"
    return "" if from_zero is from_one else "（从0开始）" if from_zero else "（从1开始）"


def _is_judged(row: Mapping[str, str]) -> bool:
    return {notation.means(row.get("选项A", "")), notation.means(row.get("选项B", ""))} == {True, False}


def _named(row: Mapping[str, str], source: Mapping[str, object]) -> set[int]:
    """Return the figures that are an option's words, or its number in the file: a key of such a figure may mean that option, or a place."""
    said = [value for column, value in row.items() if column.startswith("选项") and len(column) == 3]
    for options in (value for name, value in source.items() if _plain(name) in _OPTIONS and isinstance(value, list)):
        said += [str(option[name]) for option in options if isinstance(option, dict) for name in option if _plain(name) in _LABELS]
    return {int(words) for words in said if words.strip().isdecimal() and len(words) < 4}


def _is_option(column: str) -> bool:
    return column in _OPTIONS or column.startswith(("选项", "option")) or column == "a"


def _figures(row: Mapping[str, object], column: str) -> set[int]:
    """Return the figures of a key, also those written as text; none where it holds anything else."""
    value = next((value for name, value in row.items() if _plain(name) == column), None)
    parts = [part for each in (value if isinstance(value, list) else [value]) for part in re.split(r"[,，、;；\s]+", _written(each)) if part]
    return {int(part) for part in parts} if all(part.isdecimal() and len(part) < 4 for part in parts) else set()


def _cells(row: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    lettered = {"a", "b"} <= {_plain(name) for name in row}
    between = "," if any(_is_option(_plain(name)) for name in row) else "；"
    for name, value in row.items():
        column = _plain(name)
        if len(column) == 1 and column.isascii() and not lettered:
            column = f"“{name}”"  # n is a number, no option
        if column in _OPTIONS and isinstance(value, dict | list):
            yield from _options(value)
        else:
            yield column or name[:60], _written(value, between)


def _plain(name: str) -> str:
    return re.sub(r"[_-]", "", headings.plain(name[:60]))


def _options(found: Mapping[str, object] | list[object]) -> Iterator[tuple[str, str]]:
    """Give each option a column of its own, and one for whether it is right where that is said; a single line where labels and places disagree."""
    labelled = [(str(label), option) for label, option in found.items()] if isinstance(found, dict) else [(_label(option), option) for option in found]
    if isinstance(found, dict) or any(label for label, _ in labelled):
        labelled = sorted(((label.strip().upper(), option) for label, option in labelled), key=lambda each: each[0])
        fits = [label for label, _ in labelled] == list(LETTERS[: len(labelled)])
    else:
        fits = len(labelled) <= len(LETTERS)
    if not fits:
        yield "选项", "（选项的标号不是从 A 起连续的）"  # one line is too few options: the row is refused and shows why
        return
    for letter, (_, option) in zip(LETTERS, labelled, strict=False):
        said = {}
        if isinstance(option, dict):
            said = {_plain(name): value for name, value in option.items()}
        elif isinstance(option, list) and len(option) == 2 and isinstance(option[1], bool):
            said = {"text": option[0], "right": option[1]}
        if said:
            yield from _option(letter, said)
        else:
            yield f"选项{letter}", _written(option)


def _option(letter: str, said: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the cells of an option that is an object; a field nobody knows has a heading nobody knows, and so is told."""
    yield f"选项{letter}", _words(said, letter)
    if right := [said[name] for name in _RIGHT if name in said]:
        yield f"是否正确{letter}", _written(right[0])
    for name, value in said.items():
        if name in _EXPLANATIONS:
            yield f"选项{letter}解析", _written(value)
        elif name not in {*_WORDS, *_MAYBE_WORDS, *_LABELS, *_RIGHT}:
            yield f"选项{letter}的{name}", _written(value)


def _words(said: Mapping[str, object], letter: str) -> str:
    """Return what an option says; where only its letter stands, that."""
    if sure := [words for name in _WORDS if (words := _written(said.get(name)))]:
        return sure[0]
    maybe = [words for name in _MAYBE_WORDS if (words := _written(said.get(name)))]
    return next((words for words in maybe if words.strip().upper() != letter), letter if maybe else "")


def _label(option: object) -> str:
    """Return the letter that an option calls itself, if it does."""
    said = {_plain(name): value for name, value in option.items()} if isinstance(option, dict) else {}
    return next((value for name in _LABELS if isinstance(value := said.get(name), str) and re.fullmatch(r"\s*[A-Za-z]\s*", value)), "")


def _written(value: object, between: str = ",") -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        if any(isinstance(each, dict | list) for each in value):
            return ""  # lists in lists: which are blanks and which alternatives is anybody's guess
        letters = all(not isinstance(each, str) or (len(each) < 2 and each.isalpha()) for each in value)
        return (between if letters else "；").join(map(_written, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
