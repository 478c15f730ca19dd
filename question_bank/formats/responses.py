"""Files of responses: one row a person, one column an item; 0 and 1, or the options chosen.

An empty cell means the item was not on this person's paper; `-` means it was, and was left empty.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from lms.kernel.refusal import N_
from question_bank.domain.responses import MOST_CELLS, NOT_GIVEN, Responses
from question_bank.formats.text import decode
from question_bank.formats.unreadable import FileEmpty, Unreadable

MOST_BYTES = 300_000_000
MOST_PEOPLE, MOST_ITEMS = 1_000_000, 3_000
MOST_FAULTS = 1_000
MOST_OPTIONS = 26
MOST_LOOKED_AT = 100  # rows, to tell what a column is
ALL_DIFFERENT, DIGITS = 40, 9  # more answers to one item than these (than the second, where they are numbers) are never all different
MISSING, EMPTY = frozenset({"", "NA", "N/A", "NULL"}), frozenset({"-", ".", "—", "*"})
PERSON = frozenset({"", "id", "person", "person_id", "name", "编号", "序号", "考号", "准考证号", "姓名", "账号", "学号", "工号"})
PERSON |= {"student", "student_id", "user", "user_id", "candidate", "candidate_id"}
GROUPS = {"city": "city", "城市": "city", "设区市": "city", "地市": "city", "sector": "sector", "学段": "sector", "group": "group", "组别": "group"}
KEY_ROW = frozenset({"key", "答案", "正确答案", "参考答案"})


class TooManyResponses(Unreadable):
    """More people or items than can be analysed at once."""

    code = "too_many_responses"
    message = N_("文件过大：最多 100 万人、3000 题，人数乘题数不超过 1 亿。请分成几个文件。")


class NoResponses(Unreadable):
    """There is no table of responses in the file."""

    code = "no_responses"
    message = N_("没有找到作答数据。请每行一人、每列一题，第一行写题号，单元格写 0、1 或所选选项的字母。")


MESSAGES = {
    "row_width": N_("这一行的列数与第一行不同，未计入。"),
    "cell_unknown": N_("无法识别的作答，按缺失处理。0 和 1 以外的作答需要提供答案。"),
    "key_unknown": N_("答案中有这一列没有的题号。"),
    "key_missing": N_("这道题没有答案，作答又不是 0 和 1，未计入。"),
    "header_twice": N_("题号重复，后一列未计入。"),
    "too_many_options": N_("选项种类过多，未计入。"),
}


@dataclass(frozen=True, slots=True)
class ResponseFault:
    """What could not be read, and where."""

    place: str
    code: str

    @property
    def message(self) -> str:
        """Return what it means."""
        return MESSAGES[self.code]


@dataclass(frozen=True, slots=True)
class ResponseFile:
    """What was read; `faults` holds the first thousand of `faulty`."""

    responses: Responses
    faults: tuple[ResponseFault, ...]
    faulty: int


class _Faults:
    def __init__(self) -> None:
        self.found: list[ResponseFault] = []
        self.count = 0

    def add(self, place: str, code: str) -> None:
        self.count += 1
        if len(self.found) < MOST_FAULTS:
            self.found.append(ResponseFault(place, code))


class _Codes(dict[str, int]):
    """Numbers for different cells, given as they come."""

    def __missing__(self, cell: str) -> int:
        self[cell] = found = len(self)
        if found > 65_000:
            raise NoResponses
        return found


def read(content: bytes, key: bytes | None = None, *, most_cells: int = MOST_CELLS) -> ResponseFile:
    """Read a file of responses and, where options were chosen, a file with the key (item,key on each line); raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise TooManyResponses
    lines = _rows(content)
    header = next(lines, None)
    if header is None:
        raise FileEmpty
    faults = _Faults()
    names, first = _names(header)
    keys = _keys(key, set(names), faults) if key else {}
    begin = list(islice(lines, MOST_LOOKED_AT))
    lines = chain(begin, lines)
    columns = _Columns(names, begin, faults)
    codes = _Codes()
    people: list[npt.NDArray[np.uint16]] = []
    numbers: list[int] = []
    groups: list[list[str]] = []
    for number, row in enumerate([first, *lines] if first else lines, start=1 if first else 2):
        if not any(row):
            continue
        if len(row) != len(names):
            faults.add(str(number), "row_width")
        elif columns.is_key(row):
            keys |= {names[at]: row[at] for at in columns.items if row[at].strip()}
        else:
            people.append(np.fromiter((codes[row[at]] for at in columns.items), np.uint16, len(columns.items)))
            numbers.append(number)
            groups.append([row[at].strip() for at in columns.groups.values()])
            if len(people) > MOST_PEOPLE or len(people) * len(columns.items) > most_cells:
                raise TooManyResponses
    if not people or not columns.items:
        raise NoResponses
    cells = np.stack(people)
    del people
    by_name = {name: np.array([row[at] for row in groups]) for at, name in enumerate(columns.groups)}
    responses = _scored(cells, [names[at] for at in columns.items], list(codes), keys, by_name, numbers, faults)
    return ResponseFile(responses, tuple(faults.found), faults.count)


def _rows(content: bytes) -> Iterator[list[str]]:
    text = decode(content).replace("\x00", "")
    line = text[: text.find("\n")] if "\n" in text else text
    delimiter = max((",", "\t", ";"), key=line.count)
    csv.field_size_limit(10_000)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        raise Unreadable from None


def _names(header: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Return the columns' names and, when the first row holds responses already, that row."""
    cells = [cell.strip() for cell in header]
    if len(cells) > MOST_ITEMS + 10:
        raise TooManyResponses
    if all(cell in {"0", "1"} for cell in cells):
        return [str(at + 1) for at in range(len(cells))], cells
    return cells, None


class _Columns:
    """Which columns are items, which say who the person is."""

    def __init__(self, names: Sequence[str], begin: Sequence[Sequence[str]], faults: _Faults) -> None:
        self.items: list[int] = []
        self.groups: dict[str, int] = {}
        self.person: list[int] = []
        seen: set[str] = set()
        for at, name in enumerate(names):
            if name.lower() in GROUPS:
                self.groups.setdefault(GROUPS[name.lower()], at)
            elif name.lower() in PERSON or _names_people([row[at].strip() for row in begin if len(row) > at]):
                self.person.append(at)
            elif name in seen:
                faults.add(name, "header_twice")
            else:
                seen.add(name)
                self.items.append(at)

    def is_key(self, row: Sequence[str]) -> bool:
        """Tell whether a row holds the key."""
        return any(row[at].strip().lower() in KEY_ROW for at in self.person)


def _names_people(cells: Sequence[str]) -> bool:
    """Tell whether a column says who the people are: no cell twice among more than one item has answers."""
    people = [cell for cell in cells if cell.lower() not in KEY_ROW]
    return len(set(people)) == len(people) > (DIGITS if all(cell.isdecimal() for cell in people) else ALL_DIFFERENT)


def _keys(content: bytes, known: set[str], faults: _Faults) -> dict[str, str]:
    rows = [row for row in _rows(content) if any(row)]
    lying = len(rows) == 2 and len(rows[0]) != 2  # names in one row, letters in the next
    pairs = list(zip(*rows, strict=False)) if lying else [(row[0], row[1]) for row in rows if len(row) > 1]
    found = {}
    for name, letters in pairs:
        if name.strip() in known:
            found[name.strip()] = letters
        elif letters.strip().lower() not in KEY_ROW:
            faults.add(name.strip()[:60], "key_unknown")
    return found


def _scored(  # noqa: PLR0917
    cells: npt.NDArray[np.uint16],
    names: list[str],
    seen: list[str],
    keys: dict[str, str],
    groups: dict[str, npt.NDArray[np.str_]],
    numbers: list[int],
    faults: _Faults,
) -> Responses:
    """Turn cells into right and wrong, and into bits of options."""
    words = [_word(cell) for cell in seen]
    right = np.full(cells.shape, NOT_GIVEN, np.int8)
    chosen = np.zeros(cells.shape if keys else (0, 0), np.uint32)
    kept: list[tuple[str, _ItemCells]] = []
    for at, name in enumerate(names):
        used, place = np.unique(cells[:, at], return_inverse=True)
        read = _ItemCells([words[code] for code in used], "".join(sorted(set(keys.get(name, "").strip().upper()))))
        if read.fault:
            faults.add(name, read.fault)
            continue
        unknown = np.flatnonzero(read.unknown[place])
        for row in unknown[:MOST_FAULTS]:
            faults.add(f"{numbers[row]}: {name}", "cell_unknown")
        faults.count += max(len(unknown) - MOST_FAULTS, 0)
        right[:, len(kept)] = read.right[place]
        if keys:
            chosen[:, len(kept)] = read.chosen[place]
        kept.append((name, read))
    if not kept:
        raise NoResponses
    return Responses(
        items=tuple(name for name, _ in kept),
        right=np.ascontiguousarray(right[:, : len(kept)]),
        chosen=chosen[:, : len(kept)] if keys else None,
        options=tuple(read.labels for _, read in kept),
        keys=tuple(read.key for _, read in kept),
        groups=groups,
    )


def _word(cell: str) -> str:
    """Return a cell as one spelling: the letters of its options sorted, each once."""
    cell = cell.strip().upper()
    return cell if cell in MISSING | EMPTY else "".join(sorted(set(cell.replace(" ", ""))))


class _ItemCells:
    """What each different cell of one item means."""

    def __init__(self, words: list[str], key: str) -> None:
        answers = [word for word in words if word not in MISSING | EMPTY]
        self.fault = "" if key or any(word in {"0", "1"} for word in answers) or not answers else "key_missing"
        labels = sorted(set("".join(answers)) | set(key)) if key else []
        self.labels = tuple(labels)
        if len(labels) > MOST_OPTIONS:
            self.fault = "too_many_options"
        self.key = sum(1 << labels.index(letter) for letter in key)
        self.right, self.chosen = np.zeros(len(words), np.int8), np.zeros(len(words), np.uint32)
        self.unknown = np.zeros(len(words), bool)
        if self.fault:
            return
        for at, word in enumerate(words):
            if word in MISSING:
                self.right[at] = NOT_GIVEN
            elif word in EMPTY:
                continue
            elif key:
                self.right[at] = word == key
                self.chosen[at] = sum(1 << labels.index(letter) for letter in word)
            elif word in {"0", "1"}:
                self.right[at] = int(word)
            else:
                self.right[at], self.unknown[at] = NOT_GIVEN, True
