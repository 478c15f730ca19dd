"""A workbook with its items on one sheet and their keys on another, told by number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from question_bank.formats import headings
from question_bank.formats.workbook import Sheet

_NUMBERS = frozenset({"序号", "题号", "编号", "题目编号", "试题编号", "题目序号", "no", "no.", "id"})


def joined(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return the sheets with the keys beside the items, where the one sheet of items has none and one other sheet answers exactly its numbers."""
    items = [(sheet, found) for sheet in sheets if (found := headings.find(sheet))]
    answers = [(sheet, told) for sheet in sheets if headings.find(sheet) is None and (told := _answers(sheet))]
    if len(items) != 1 or len(answers) != 1:
        return list(sheets)
    ((sheet, found),), ((answered, told),) = items, answers
    asked = _numbered(sheet, found.row)
    if found.above or found.right or "key" in found.columns or asked is None or asked.keys() != told.keys():
        return list(sheets)
    width = max(map(len, sheet.rows))
    beside = {at: told[number] for number, at in asked.items()}
    rows = tuple((*row, *[""] * (width - len(row)), *beside[at]) if at in beside else row for at, row in enumerate(sheet.rows))
    return [replace(each, rows=rows) if each is sheet else each for each in sheets if each is not answered]


def _answers(sheet: Sheet) -> Mapping[str, Sequence[str]]:
    """Return what stands beside each number below headings of a number and a key, the headings by an empty number."""
    for at, row in enumerate(sheet.rows[: headings.LOOKED_AT]):
        if any(headings.plain(cell) in headings.words("key") for cell in row) and (numbers := _numbered(sheet, at)):
            column = _column(row)
            return {number: (*sheet.rows[line][:column], *sheet.rows[line][column + 1 :]) for number, line in numbers.items()}
    return {}


def _numbered(sheet: Sheet, row: int) -> dict[str, int] | None:
    """Return where each number stands, that of the headings as an empty one; None without such a column or with a number twice."""
    column = _column(sheet.rows[row])
    lines = [at for at in range(row + 1, len(sheet.rows)) if any(cell.strip() for cell in sheet.rows[at])]
    numbers = {sheet.rows[at][column].strip() if column < len(sheet.rows[at]) else "": at for at in lines} if column >= 0 else {}
    return {"": row, **numbers} if numbers and "" not in numbers and len(numbers) == len(lines) else None


def _column(row: Sequence[str]) -> int:
    return next((column for column, cell in enumerate(row) if headings.plain(cell) in _NUMBERS), -1)
