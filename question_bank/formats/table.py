"""Sheets of rows become drafts, whatever the order of the columns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from question_bank.domain import notation
from question_bank.domain.authored import Authored, draft_of, figures_are_shares, guess
from question_bank.domain.draft import BLANK, Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.item import ItemType
from question_bank.domain.written_answer import read_blanks
from question_bank.formats import headings
from question_bank.formats.headings import Headings
from question_bank.formats.workbook import Sheet

INSTRUCTIONS = frozenset({"填写说明", "说明", "使用说明", "导入说明", "Instructions"})


def read(sheets: Sequence[Sheet]) -> tuple[list[Draft], list[Loss]]:
    """Return the drafts of every sheet that has the headings of a bank, and what was not kept of the others."""
    drafts: list[Draft] = []
    losses: list[Loss] = []
    for sheet in sheets:
        found = headings.find(sheet)
        if found is None and sheet.name.strip() in INSTRUCTIONS:
            continue
        if found is None:
            losses.append(Loss(sheet.name or "文件", "没有题干和答案的表头，这张表未导入"))
            continue
        losses += [Loss(_place(sheet, found.row), f"列“{word}”未导入") for word in found.unknown]
        drafts += _Table(sheet, found).drafts()
    return drafts, losses


def _place(sheet: Sheet, position: int) -> str:
    line = f"第 {sheet.first + position} 行"
    return f"{sheet.name} {line}" if sheet.name else line


class _Table:
    """One sheet with its headings."""

    def __init__(self, sheet: Sheet, found: Headings) -> None:
        self.sheet, self.found = sheet, found
        heading = tuple(cell.strip() for cell in sheet.rows[found.row])
        self.rows = [
            (position, row)
            for position, row in enumerate(sheet.rows[found.row + 1 :], start=found.row + 1)
            if any(cell.strip() for cell in row) and tuple(cell.strip() for cell in row) != heading
        ]
        self.rows = [(position, row) for position, row in self.rows if self._is_item(row)]
        self.sheet_type = notation.read_type(sheet.name) if notation.is_known_type(sheet.name) else ""
        self.written = [self._authored(position, row) for position, row in self.rows]
        self.codes = _codes(self.written)

    def _is_item(self, row: Sequence[str]) -> bool:
        """A row with nothing but its number, type or score is a left-over of the template, not an item."""
        columns = [self.found.columns[role] for role in ("stem", "key", "options") if role in self.found.columns]
        return any(column < len(row) and row[column].strip() for column in (*columns, *self.found.options.values()))

    def drafts(self) -> list[Draft]:
        """Return a draft for each row."""
        as_share = figures_are_shares([written.cell("difficulty") for written in self.written])
        return [draft_of(written, self._type(written), as_share=as_share) for written in self.written]

    def _authored(self, position: int, row: Sequence[str]) -> Authored:
        cells = {role: row[column] for role, column in self.found.columns.items() if column < len(row)}
        for role, column in self.found.more:
            cells[role] = "\n".join(filter(None, (cells.get(role, "").strip(), row[column].strip() if column < len(row) else "")))
        options, prompts = self._by_position(row, self.found.options), self._by_position(row, self.found.prompts)
        marked = [at for at, column in self.found.right.items() if column < len(row) and notation.means(row[column]) is True]
        return Authored(
            place=_place(self.sheet, position),
            cells=cells,
            options=tuple(options if any(options) else notation.split_options(cells.get("options", ""))),
            option_explanations=tuple(self._by_position(row, self.found.option_explanations)),
            prompts=tuple(prompts if any(prompts) else notation.split_options(cells.get("prompts", ""))),
            marked=() if cells.get("key", "").strip() else tuple(sorted(marked)),
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
        if not word or notation.is_any_choice(word):
            return self.sheet_type or guess(written)
        return notation.read_type(word)


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
