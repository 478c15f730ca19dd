"""Excel files (xlsx and xls) as sheets of text."""

import io
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from question_bank.formats import archive
from question_bank.formats.unreadable import FileTooLarge, Unreadable

MAX_ROWS = 20_000
MAX_LINES = MAX_ROWS + 50  # with what stands above the items
MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text; the first row is number `first`, the first column stands `left` columns from the left."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    first: int = 1
    left: int = 0
    places: tuple[str, ...] = ()  # of the rows, where they are not counted
    hidden: bool = False
    beyond: int = 0  # cells with words right of the last column that is read

    def place(self, position: int) -> str:
        """Return where a row stands, as people look for it."""
        return self.places[position] if self.places else f"{self.name} 第 {self.first + position} 行".strip()


def read(content: bytes) -> tuple[Sheet, ...]:
    """Return the sheets that hold anything; raises Unreadable."""
    if content.startswith(b"PK"):
        archive.check(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = {each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible}
        return tuple(replace(sheet, hidden=name not in shown) for name in book.sheet_names if (sheet := _sheet(book, name)).rows)
    except (CalamineError, ValueError, OSError, OverflowError):
        raise Unreadable from None


def _sheet(book: CalamineWorkbook, name: str) -> Sheet:
    found = book.get_sheet_by_name(name)
    if found.height * found.width > archive.MAX_CELLS:
        raise FileTooLarge
    start = found.start or (0, 0)
    cells = found.to_python(skip_empty_area=True)
    rows = [tuple(_text(cell) for cell in row[:MAX_COLUMNS]) for row in cells]
    beyond = sum(_text(cell).strip() != "" for row in cells for cell in row[MAX_COLUMNS:])
    for (top, left), (bottom, right) in found.merged_cell_ranges or ():
        fill_down(rows, top - start[0], left - start[1], bottom - start[0], right - start[1])
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) > MAX_LINES:
        raise FileTooLarge
    return Sheet(name, tuple(rows), start[0] + 1, start[1], beyond=beyond)


def fill_down(rows: list[tuple[str, ...]], top: int, left: int, bottom: int, right: int) -> None:
    """Write a cell merged downwards into each of its rows; a title merged sideways stays one cell."""
    if right != left or not 0 <= top < len(rows) or not 0 <= left < len(rows[top]):
        return
    for line in range(top + 1, min(bottom + 1, len(rows))):
        rows[line] = (*rows[line][:left], rows[top][left], *rows[line][left + 1 :])


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            # Numbers typed as numbers: 30.0 is shown as 30, what was reckoned with the 15 digits of Excel.
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat(*([" "] if isinstance(cell, datetime) else []))
        case timedelta():
            return str(cell)
        case _:
            return str(cell)
