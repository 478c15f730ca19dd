"""Sheets of rows become drafts, whatever the order of the columns."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from question_bank.domain import notation
from question_bank.domain.authored import Authored, doubts, draft_of, figures_are_shares, guess
from question_bank.domain.draft import BLANK, MAX_SOURCE, Draft, letters
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import LETTERS, ItemType
from question_bank.domain.written_answer import read_blanks, read_order
from question_bank.formats import answer_sheet, headings, json_rows, paper_marks
from question_bank.formats.headings import Headings
from question_bank.formats.paper_marks import Section
from question_bank.formats.workbook import Sheet

_FROM_ZERO = re.compile(r"(?<!\d)0\s*[-~～—至到]\s*\d|从\s*0|(?<!\d)0\s*[=＝为是]\s*A|下标|索引", re.IGNORECASE)
_FROM_ONE = re.compile(r"(?<!\d)1\s*[-~～—至到]\s*\d|从\s*1|(?<!\d)1\s*[=＝为是]\s*A", re.IGNORECASE)
_ZEROS = (2, 20)  # a formula on an empty cell gives a 0, too: so many keys are 0, and at least one in so many, where they count from 0
_FIGURES = re.compile(r"\d{1,2}(?:[\s,，、;；|]+\d{1,2})*")
_LETTERS = re.compile(r"[A-JＡ-Ｊ](?:[\s,，、;；|]*[A-JＡ-Ｊ])*|[a-j]")
_CHOICES = frozenset({ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE})
INSTRUCTIONS = frozenset({"填写说明", "说明", "使用说明", "导入说明", "未导入的内容", "Instructions"})


def read(sheets: Sequence[Sheet]) -> tuple[list[Draft], list[Loss]]:
    """Return the drafts of every sheet that has the headings of a bank, and what was not kept of the others."""
    drafts: list[Draft] = []
    losses: list[Loss] = []
    for each in answer_sheet.joined(sheets):
        sheet, found, lost = _laid(each)
        if found is None and sheet.name.strip() in INSTRUCTIONS:
            continue
        if found is None:
            losses.append(Loss(sheet.name or "文件", "没有题干和答案的表头，这张表未导入"))
            continue
        losses += [Loss(sheet.name, "这张表在 Excel 中是隐藏的，其中的题一并导入，请核对")] if each.hidden else []
        losses += [*lost, *(Loss(sheet.place(found.row), f"列“{word}”未导入") for word in found.unknown)]
        table = _Table(sheet, found)
        losses += [Loss(sheet.place(found.row), what) for what in table.told()]
        mine = table.drafts()
        losses += table.losses
        losses += [Loss(draft.place, what) for written, draft in zip(table.written, mine, strict=True) for what in doubts(written, draft)]
        drafts += mine
    return drafts, losses


def _laid(sheet: Sheet) -> tuple[Sheet, Headings | None, list[Loss]]:
    """Return a sheet with the options of each row where its headings say, those headings, and what is lost of it."""
    losses: list[Loss] = []
    if found := headings.find(sheet):
        sheet, losses = json_rows.of_table(_gathered(sheet, found), found)
        found = headings.find(sheet) or found
    return sheet, found and headings.typed(found, sheet), losses


def _gathered(sheet: Sheet, found: Headings) -> Sheet:
    """Return a sheet with options that stand one a row in one cell: labelled in turn beside what is merged over them, or alone in their rows."""
    column = found.columns.get("options")
    if column is None:
        return sheet
    width = max(map(len, sheet.rows))
    rows = [[*row, *[""] * (width - len(row))] for row in sheet.rows]  # of text and of web pages rows end where their cells do
    head, count = found.row, 0
    for at in range(found.row + 1, len(rows)):
        option, *beside = (cell.strip() for cell in (rows[at][column], *rows[at][:column], *rows[at][column + 1 :]))
        above = (cell.strip() for cell in (*rows[head][:column], *rows[head][column + 1 :]))
        follows = 0 < count < len(LETTERS) and all(not cell or cell == told for cell, told in zip_longest(beside, above, fillvalue=""))
        letter = paper_marks.letter_at(option)
        is_one = len(notation.split_options(option)) == 1
        if option and follows and (letter == LETTERS[count] or (is_one and not letter and not any(beside))):
            rows[head][column] += f"\n{option}"
            rows[at], count = [], count + 1
        elif any(cell.strip() for cell in rows[at]):
            head, count = at, int(letter == "A" or is_one)
    return replace(sheet, rows=tuple(map(tuple, rows)))


def aligned(sheet: Sheet) -> tuple[Sheet, list[tuple[Draft, Fault]]]:
    """Return a sheet without the rows that have more cells than its headings, and those rows with the reason: a comma in them was not quoted.

    A row with its key where it belongs has only a remark beyond; that is lost by name.
    """
    found = headings.find(sheet)
    if found is None:
        return sheet, []
    width = max(map(len, _headed(sheet, found)))
    beyond = {at: row for at, row in enumerate(sheet.rows) if at > found.row and any(cell.strip() for cell in row[width:])}
    shifted = {at: row for at, row in beyond.items() if not _in_place(row, found, len(row) - width)}
    refused = [(Draft(place=sheet.place(at), stem="，".join(row)), fault("cells_beyond")) for at, row in shifted.items()]
    return replace(sheet, rows=tuple(() if at in shifted else row for at, row in enumerate(sheet.rows))), refused


def _headed(sheet: Sheet, found: Headings) -> Sequence[Sequence[str]]:
    """Return the row of the headings, or both."""
    return sheet.rows[found.row - found.above : found.row + 1]


def _in_place(row: Sequence[str], found: Headings, cells: int) -> bool:
    """Tell whether a row's choice has its key below the heading, and none in so many cells behind it, to where it would have been moved."""
    kind = row[found.columns["type"]].strip() if "type" in found.columns else ""
    key = found.columns.get("key", -1)
    before = (column for role, column in found.columns.items() if role in {"type", "stem", "options"})
    if key < max((*before, *found.options.values())) or not (not kind or notation.is_any_choice(kind) or notation.read_type(kind) in _CHOICES):
        return False
    speaks, behind = _speaks(row[key]), {_speaks(cell) for cell in row[key + 1 : key + 1 + cells]}
    return bool(speaks) and "letters" not in behind and not (speaks == "figures" and "figures" in behind)


def _speaks(cell: str) -> str:
    words = cell.strip()
    return "figures" if _FIGURES.fullmatch(words) else "letters" if _LETTERS.fullmatch(words) or notation.means(words) is not None else ""


class _Table:
    """One sheet with its headings."""

    def __init__(self, sheet: Sheet, found: Headings) -> None:
        self.sheet, self.found = sheet, found
        self.losses: list[Loss] = []  # of single rows
        self.contradicted: set[str] = set()  # the places where several cells say the key, and not the same
        heading = tuple(cell.strip() for cell in sheet.rows[found.row])
        self.rows = [
            (position, row)
            for position, row in enumerate(sheet.rows[found.row + 1 :], start=found.row + 1)
            if any(cell.strip() for cell in row) and tuple(cell.strip() for cell in row) != heading
        ]
        self.sections = self._sections()
        self.rows = [(position, row) for position, row in self.rows if position not in self.sections and self._is_item(row)]
        self.sheet_type = notation.read_type(sheet.name) if notation.is_known_type(sheet.name) else ""
        self.written = [self._authored(position, row) for position, row in self.rows]
        self.unclear: frozenset[str] = frozenset()  # the places of keys that may count from 0 or from 1
        self.counted = self._counted_from_zero()
        self.written = [self.counted.get(each.place, each) for each in self.written]
        self.codes = _codes(self.written)
        self.names_single = any(notation.read_type(each.cell("type")) == ItemType.SINGLE for each in self.written)

    def _sections(self) -> dict[int, Section]:
        """Return the rows that are a heading over those below, such as 二、多选题（每题2分）, by position."""
        alone = ((position, cells[0]) for position, row in self.rows if len(cells := [cell.strip() for cell in row if cell.strip()]) == 1)
        found = ((position, paper_marks.heading(words)) for position, words in alone)
        return {position: section for position, section in found if section and section.type}

    def _is_item(self, row: Sequence[str]) -> bool:
        """A row with nothing but its number, type or score is a left-over of the template, not an item."""
        columns = [self.found.columns[role] for role in ("stem", "title", "key", "options") if role in self.found.columns]
        columns += [column for role, column in self.found.more if role == "key"]
        return any(column < len(row) and row[column].strip() for column in (*columns, *self.found.options.values()))

    def told(self) -> list[str]:
        """Return what of the sheet was not kept as it stands."""
        headed = {column for row in _headed(self.sheet, self.found) for column, cell in enumerate(row) if cell.strip()}
        loose = sorted({column for _, row in self.rows for column, cell in enumerate(row) if cell.strip()} - headed)
        return [
            *(f"第 {column + 1} 列没有表头，未导入" for column in loose),
            *(["答案从 0 开始编号，按 0 即 A 换算"] if self.counted else []),
            *(["答案里有 0，看不出从 0 还是从 1 编号，数字答案都没有采用：请在表头写明，如“答案（从0开始）”"] if self.unclear else []),
        ]

    def _counted_from_zero(self) -> dict[str, Authored]:
        """Return the rows whose key counts the options from 0, by place, with letters instead: the heading or several keys 0 say so."""
        column = self.found.columns.get("key", 0)
        hints = [row[column] for row in _headed(self.sheet, self.found) if column < len(row)]
        from_one = any(_FROM_ONE.search(hint) for hint in hints)
        told = not from_one and (self.found.from_zero or any(_FROM_ZERO.search(hint) for hint in hints))
        asked = [each for each in self.written if len(each.options) > (1 if told else 2) and _FIGURES.fullmatch(each.cell("key"))]
        asked = [each for each in asked if {notation.means(option) for option in each.options} != {True, False}]
        figures = [[int(figure) for figure in re.findall(r"\d+", each.cell("key"))] for each in asked]
        zeros = sum(0 in key and "0" not in each.options for each, key in zip(asked, figures, strict=True))
        if from_one or not (told or zeros) or any(max(key) >= min(len(each.options), len(LETTERS)) for each, key in zip(asked, figures, strict=True)):
            return {}
        if not told and (zeros < _ZEROS[0] or zeros * _ZEROS[1] < len(asked)):
            self.unclear = frozenset(each.place for each in asked)
            return {}
        return {each.place: replace(each, cells={**each.cells, "key": letters(key)}) for each, key in zip(asked, figures, strict=True)}

    def drafts(self) -> list[Draft]:
        """Return a draft for each row."""
        as_share = figures_are_shares([written.cell("difficulty") for written in self.written])
        drafts = [draft_of(written, self._type(written), as_share=as_share) for written in self.written]
        return [replace(draft, key=()) if draft.place in self.unclear | self.contradicted else draft for draft in drafts]

    def _authored(self, position: int, row: Sequence[str]) -> Authored:
        cells = {role: row[column] for role, column in self.found.columns.items() if column < len(row)}
        said = [(self.found.columns.get("key", 0), cells.get("key", "").strip())]
        for role, column in self.found.more:
            words, more = cells.get(role, "").strip(), row[column].strip() if column < len(row) else ""
            said += [(column, more)] if role == "key" else []
            cells[role] = words or more if role == "key" else "\n".join(filter(None, (words, more)))
        if title := cells.pop("title", "").strip():
            stem, source = cells.get("stem", "").strip(), cells.get("source", "").strip()
            cells |= {"stem": stem or title, "source": "；".join(filter(None, (source, title)))[:MAX_SOURCE] if stem and stem != title else source}
        section = next((self.sections[at] for at in reversed(self.sections) if at < position), Section("", ""))
        cells = {**cells, **{role: told for role, told in (("type", section.type), ("points", section.points)) if told and not cells.get(role, "").strip()}}
        texts, prompts = self._by_position(row, self.found.options), self._by_position(row, self.found.prompts)
        options = tuple(notation.unlabelled(texts) if any(texts) else notation.split_options(cells.get("options", "")))
        if not options and _LETTERS.fullmatch(cells.get("key", "").strip()):
            cells["stem"], options = _with_options(cells["stem"])
        if notation.are_mislabelled(options):
            self.losses.append(Loss(self.sheet.place(position), "选项开头的字母与位置不一致，没有采用答案"))
            self.contradicted.add(self.sheet.place(position))
        marked = tuple(sorted(at for at, column in self.found.right.items() if column < len(row) and notation.means(row[column]) is True))
        said = [(column, key) for column, key in said if key]
        ordered = notation.read_type(cells.get("type", "").strip() or self.sheet_type) == ItemType.ORDERING
        readings = [frozenset({read_order(key, options)} - {()}) if ordered else _readings(key, options) for _column, key in said]
        self.losses += [
            Loss(self.sheet.place(position), f"第 {column + 1} 列的答案“{key[:60]}”未导入")
            for (column, key), reading in zip(said[1:], readings[1:], strict=True)
            if notation.folded(key) != notation.folded(said[0][1]) and not reading & readings[0]
        ]
        told = [found for found in (*readings, frozenset({marked} - {()})) if found]
        if told and not frozenset.intersection(*told):
            cells["key"] = " / ".join(filter(None, (*(key for _column, key in said), letters(marked))))
            self.contradicted.add(self.sheet.place(position))
        return Authored(
            place=self.sheet.place(position),
            cells=cells,
            options=options,
            option_explanations=tuple(self._by_position(row, self.found.option_explanations)),
            prompts=tuple(prompts if any(prompts) else notation.split_options(cells.get("prompts", ""))),
            marked=marked if all(readings) else (),
        )

    @staticmethod
    def _by_position(row: Sequence[str], columns: Mapping[int, int]) -> list[str]:
        texts = [""] * (max(columns) + 1) if columns else []
        for position, column in columns.items():
            texts[position] = row[column].strip() if column < len(row) else ""
        while texts and not texts[-1]:
            texts.pop()
        return texts

    def _type(self, written: Authored) -> str:
        word = written.cell("type")
        if word.isdecimal():
            return self.codes.get(word, word)
        if not word or notation.is_any_choice(word) or (notation.may_be_single(word) and not self.names_single):
            return self.sheet_type or guess(written)
        return notation.read_type(word)


def _with_options(stem: str) -> tuple[str, tuple[str, ...]]:
    """Return the stem and the options that stand behind it in the same cell, as A. B. C. in turn."""
    cuts = paper_marks.cuts(stem, 0)
    if len(cuts) < 2 or not stem[: cuts[0][0]].strip():
        return stem, ()
    ends = [*(begin for begin, _end in cuts[1:]), len(stem)]
    return stem[: cuts[0][0]], tuple(stem[end:until].strip(" \t\n\u3000;；") for (_begin, end), until in zip(cuts, ends, strict=True))


def _readings(key: str, options: Sequence[str]) -> frozenset[tuple[int, ...]]:
    """Return every way to read a key: a figure may be an option's words or count the options from 0 or from 1."""
    judged = not options or {notation.means(option) for option in options} == {True, False}
    found = {notation.read_key(key, ItemType.TRUE_FALSE if judged else ItemType.MULTIPLE, options)}
    if options and _FIGURES.fullmatch(key):
        figures = sorted(int(figure) for figure in re.findall(r"\d+", key))
        found |= {tuple(figures), tuple(figure - 1 for figure in figures)}
    return frozenset(found - {()})


def _codes(written: Sequence[Authored]) -> dict[str, str]:
    """Types written as figures: 0, 1, 2 mean different things in different templates, so the rows decide.

    A code stays a figure, and its rows are refused, when its rows speak for nothing or for several types, or when two codes
    would mean the same type.
    """
    spoken: dict[str, set[str]] = defaultdict(set)
    for each in written:
        if each.cell("type").isdecimal():
            spoken[each.cell("type")].add(_evidence(each))
    meaning: dict[str, str] = {}
    for code, types in spoken.items():
        # One right option may happen in a multiple-choice item, several never in another.
        found = types - ({"", ItemType.SINGLE} if ItemType.MULTIPLE in types else {""})
        if len(found) == 1:
            meaning[code] = next(iter(found))
    told = list(meaning.values())
    return {code: kind for code, kind in meaning.items() if told.count(kind) == 1}


def _evidence(written: Authored) -> str:
    """Return the type one row speaks for."""
    kind, key = guess(written), written.cell("key")
    if kind or written.options or not key:
        return kind if key or written.marked else ""
    if BLANK.search(written.cell("stem")) or read_blanks(written.cell("stem"), key)[0] != written.cell("stem"):
        return ItemType.FILL_IN
    return ItemType.TRUE_FALSE if notation.folded(key) in {"a", "b"} else ItemType.SHORT_TEXT
