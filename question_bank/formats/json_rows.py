"""A list of objects in other projects' JSON, read as a table whose headings are the names of the fields."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from question_bank.domain import notation
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import LETTERS
from question_bank.formats import archive, headings
from question_bank.formats.headings import Headings
from question_bank.formats.unreadable import FileTooLarge
from question_bank.formats.workbook import Sheet

Row = Mapping[str, object]
_WORDS = ("text", "content", "description", "optioncontent", "内容", "选项内容")
_MAYBE_WORDS = ("value", "title", "name", "label")  # or the option's letter
_LABELS = ("key", "label", "letter", "id", "option", "tag", "value", "序号", "标号", "选项")
_EXPLANATIONS = ("explanation", "feedback", "rationale", "解析")
_RIGHT = ("iscorrect", "isright", "isanswer", "correct", "right")
_PICTURES = ("image", "images", "img", "imgs", "imageurl", "imgurl", "picture", "pictures", "pic", "pics", "图片", "题图", "图")
_LONGEST = 32_768  # signs of a cell in Excel; Python takes a hundred times as much memory to read a list of its own
_OPTIONS = headings.words("options")
_KEYS = headings.words("key")
_STEMS = [word for role in ("stem", "asked", "title") for word in headings.words(role)]
_ASKED = {*_STEMS, *_OPTIONS, *_KEYS}
_PARAGRAPHS = {*_STEMS, *headings.words("explanation")}  # whose list of texts is one below the other


def of_table(given: Sheet, found: Headings) -> tuple[Sheet, list[Loss]]:
    """Return a table whose options are JSON in a cell, or lists as Python writes them, as one of such objects, with what is lost; any other as it is."""
    held = [found.columns[role] for role in ("options", "key") if role in found.columns]
    below = [[_literal(cell) if column in held else cell for column, cell in enumerate(row)] for row in given.rows[found.row + 1 :]]
    if "options" not in found.columns or not any(isinstance(cell, dict | list) for row in below for cell in row[held[0] : held[0] + 1]):
        return given, []
    rows = [named(list(zip(given.rows[found.row], row, strict=False))) for row in below]
    made, losses, _refused = sheet(given.name, [(given.place(found.row + at), row) for at, row in enumerate(rows, start=1)])
    return made, losses


def _literal(cell: str) -> object:
    readers = (json.loads, ast.literal_eval) if "\\" not in cell else (json.loads,)  # Python warns of signs that it cannot escape
    for read in readers if len(cell) < _LONGEST and cell.lstrip().startswith(("[", "{")) else ():
        try:
            found = read(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list) or (isinstance(found, dict) and all(isinstance(name, str) for name in found)):
            return found
    return cell


def named(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object, in which a name that comes twice keeps both values."""
    found: dict[str, object] = {}
    for name, value in pairs:
        found[f"{name}（{len(found)}）" if name in found else name] = value
    return found


def sheet(name: str, items: Sequence[tuple[str, Row]]) -> tuple[Sheet, list[Loss], list[tuple[Draft, Fault]]]:
    """Return the table of the items with their places, what is lost of each, and those whose stem nobody can read."""
    unclear = {place for place, row in items if any(is_opaque(value) and plain(field) in _STEMS for field, value in row.items())}
    losses = [Loss(place, f"字段“{field[:60]}”未导入") for place, row in items if place not in unclear for field in unread(row)]
    refused = [(Draft(place=place, stem=json.dumps(row, ensure_ascii=False)[:200]), fault("field_wrong_type")) for place, row in items if place in unclear]
    rows = [{} if place in unclear else _by_letters(row) for place, row in items]
    cells = [_row(row) for row in _alike(rows)]
    filled = {column for row in cells for column, cell in row.items() if cell}
    columns = [column for column in dict.fromkeys(column for row in cells for column in row) if column in filled or column in _ASKED]
    if len(rows) * len(columns) > archive.MAX_CELLS:
        raise FileTooLarge
    hints = {column: _counted(column, rows, cells) for column in columns if column in _KEYS}
    body = (tuple(row.get(column, "") for column in columns) for row in cells)
    table = (tuple(column + hints.get(column, "") for column in columns), *body)
    return Sheet(name, table, places=(name or "文件", *(place for place, _row in items))), losses, refused


def _by_letters(row: Row) -> Row:
    """Return an item whose options are called by numbers from 1 on as a list of them, and its key's numbers, names and places alike, as letters."""
    name = next((name for name, value in row.items() if plain(name) in _OPTIONS and isinstance(value, dict)), None)
    options = row[name] if name else None
    if not isinstance(options, dict) or len(options) > len(LETTERS) or not all(re.fullmatch(r"\d{1,2}", label) for label in options):
        return row
    ordered = sorted(options, key=int)
    if [*map(int, ordered)] != [*range(1, len(ordered) + 1)]:
        return row
    letters = {int(label): letter for label, letter in zip(ordered, LETTERS, strict=False)}
    words = {written(option).strip() for option in options.values()}
    told = {key: figures for key in row if plain(key) in _KEYS and (figures := _figures(row, plain(key))) and figures <= letters.keys()}
    keys = {
        key: f"{written(row[key])}（选项的编号还是内容？）" if words & {*map(str, said)} else "".join(letters[each] for each in sorted(said))
        for key, said in told.items()
    }
    return {**row, str(name): [options[label] for label in ordered], **keys}


def _alike(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the items with one name for all their stems, where some call it content and others question, and none has both."""
    for words in (headings.words("stem"), headings.words("asked")):
        used = [[name for name in row if plain(name) in words] for row in rows]
        names = list(dict.fromkeys(name for each in used for name in each))
        if len(names) > 1 and all(len(each) < 2 for each in used):
            rows = [{names[0] if name in names else name: value for name, value in row.items()} for row in rows]
    return rows


def is_bank(rows: Iterable[Row]) -> bool:
    """Tell whether objects have the fields of items."""
    columns = dict.fromkeys(column for row in rows for column, _cell in _cells(row))
    return headings.find(Sheet("", (tuple(columns),))) is not None


def _row(row: Row) -> dict[str, str]:
    """Return the cells of one item by their columns; a key that two fields say otherwise is unreadable."""
    cells: dict[str, str] = {}
    for column, value in _cells(row):
        before = cells.get(column, "")
        differs = column in _KEYS and before and value and before != value
        cells[column] = f"{before} / {value}（两处答案不同）" if differs else value or before
    return cells


def _counted(column: str, rows: Sequence[Row], cells: Sequence[dict[str, str]]) -> str:
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


def _named(row: Mapping[str, str], source: Row) -> set[int]:
    """Return the figures that are an option's words, or its number in the file: a key of such a figure may mean that option, or a place."""
    said = [value for column, value in row.items() if column.startswith("选项") and len(column) == 3]
    for options in (value for name, value in source.items() if plain(name) in _OPTIONS and isinstance(value, list)):
        said += [str(option[name]) for option in options if isinstance(option, dict) for name in option if plain(name) in _LABELS]
    return {int(words) for words in said if words.strip().isdecimal() and len(words) < 4}


def _is_option(column: str) -> bool:
    return column in _OPTIONS or column.startswith(("选项", "option")) or column == "a"


def _figures(row: Row, column: str) -> set[int]:
    """Return the figures of a key, also those written as text; none where it holds anything else."""
    value = next((value for name, value in row.items() if plain(name) == column), None)
    parts = [part for each in (value if isinstance(value, list) else [value]) for part in re.split(r"[,，、;；\s]+", written(each)) if part]
    return {int(part) for part in parts} if all(part.isdecimal() and len(part) < 4 for part in parts) else set()


def _cells(row: Row) -> Iterator[tuple[str, str]]:
    lettered = {"a", "b"} <= {plain(name) for name in row}
    for name, value in row.items():
        column = plain(name)
        if len(column) == 1 and column.isascii() and not lettered:
            column = f"“{name}”"  # n is a number, no option
        if column in _OPTIONS and isinstance(value, dict | list):
            yield from _options(value)
        elif column not in _PICTURES and (column in _KEYS or not is_opaque(value)):
            yield column or name[:60], written(value, "\n" if column in _PARAGRAPHS else "；")


@lru_cache(4096)
def plain(name: str) -> str:
    """Return the name of a field as compared with the words of headings."""
    return re.sub(r"[_-]", "", headings.plain(name[:60]))


def unread(row: Row) -> Iterator[str]:
    """Yield the fields of an item whose content no cell holds: pictures by their addresses, objects, lists of objects."""
    for name, value in row.items():
        column = plain(name)
        if column in _OPTIONS and isinstance(value, dict | list):
            yield from _unread_options(value)
        elif value and (column in _PICTURES or (column not in _KEYS and is_opaque(value))):
            yield name
        elif isinstance(value, dict) and column not in _KEYS:
            yield from (f"{name}.{inner}" for inner, held in value.items() if held and held != _spoken(value))


def is_opaque(value: object) -> bool:
    """Tell whether a value is more than words: lists in lists, where which are blanks and which alternatives is anybody's guess, and objects without words."""
    if isinstance(value, dict):
        return not _spoken(value)
    return isinstance(value, list) and any(isinstance(each, dict | list) for each in value)


def _spoken(said: Row) -> str:
    """Return the words of an object that has a field for them."""
    return next((words for name, words in said.items() if plain(name) in _WORDS and isinstance(words, str)), "")


def _labelled(found: Row | list[object]) -> list[tuple[str, object]]:
    """Return the options in the order of their labels, where they have any; each with its letter, or an empty label."""
    if isinstance(found, dict):
        labelled = [(str(label), option) for label, option in found.items()]
    else:
        labelled = [(_label(option), option) for option in map(_paired, found)]
        if not any(label for label, _ in labelled):
            return labelled
    return sorted(((label.strip().upper(), option) for label, option in labelled), key=lambda each: each[0])


def _paired(option: object) -> object:
    """Return a pair as the object it stands for: words with whether they are right, or a letter with its words."""
    if isinstance(option, list) and len(option) == 2:
        if isinstance(option[1], bool):
            return {"text": option[0], "right": option[1]}
        if isinstance(option[0], str) and isinstance(option[1], str) and re.fullmatch(r"\s*[A-Za-z]\s*", option[0]):
            return {"label": option[0], "text": option[1]}
    return option


def _options(found: Row | list[object]) -> Iterator[tuple[str, str]]:
    """Give each option a column of its own, and one for whether it is right where that is said; a single line where labels and places disagree."""
    labelled = _labelled(found)
    labels = [label for label, _ in labelled]
    if labels != list(LETTERS[: len(labels)]) if any(labels) or isinstance(found, dict) else len(labels) > len(LETTERS):
        yield "选项", "（选项的标号不是从 A 起连续的）"  # one line is too few options: the row is refused and shows why
        return
    for letter, (_, option) in zip(LETTERS, labelled, strict=False):
        if isinstance(option, dict) and option:
            yield from _option(letter, {plain(name): value for name, value in option.items()})
        else:
            yield f"选项{letter}", written(option)


def _option(letter: str, said: Row) -> Iterator[tuple[str, str]]:
    yield f"选项{letter}", _words(said, letter)
    if right := [said[name] for name in _RIGHT if name in said]:
        yield f"是否正确{letter}", written(right[0])
    yield from ((f"选项{letter}解析", written(value)) for name, value in said.items() if name in _EXPLANATIONS)


def _unread_options(found: Row | list[object]) -> Iterator[str]:
    """Yield the fields of options that nobody knows."""
    known = {*_WORDS, *_MAYBE_WORDS, *_LABELS, *_RIGHT, *_EXPLANATIONS}
    for letter, (_, option) in zip(LETTERS, _labelled(found), strict=False):
        said = option if isinstance(option, dict) else {}
        words = _words({plain(name): value for name, value in said.items()}, letter)
        told = (name for name, value in said.items() if value and (plain(name) not in known or _says_more(plain(name), written(value), words)))
        yield from (f"选项{letter}.{name}" for name in told)


def _says_more(name: str, value: str, words: str) -> bool:
    """Tell whether a field holds other words than an option says, and no letter or number of it."""
    is_label = name in _LABELS and (value.isdecimal() or len(value.strip()) < 2)
    return name in (*_WORDS, *_MAYBE_WORDS) and value != words and not is_label


def _words(said: Row, letter: str) -> str:
    """Return what an option says; where only its letter or its number stands, that."""
    if sure := [words for name in _WORDS if (words := written(said.get(name)))]:
        return sure[0]
    maybe = [words for name in _MAYBE_WORDS if (words := written(said.get(name)))]
    worded = [words for words in maybe if words.strip().upper() != letter]
    return next((words for words in worded if not words.isdecimal()), next(iter(worded), letter if maybe else ""))


def _label(option: object) -> str:
    """Return the letter that an option calls itself, if it does."""
    said = {plain(name): value for name, value in option.items()} if isinstance(option, dict) else {}
    return next((value for name in _LABELS if isinstance(value := said.get(name), str) and re.fullmatch(r"\s*[A-Za-z]\s*", value)), "")


def written(value: object, between: str = "；") -> str:
    """Return a value as the text of a cell; lists in lists say nothing."""
    if value is None:
        return ""
    if isinstance(value, list):
        if any(isinstance(each, dict | list) for each in value):
            return ""
        return between.join(map(written, value))
    if isinstance(value, dict) and (words := _spoken(value)):
        return words
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
