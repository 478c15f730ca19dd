"""Rosters read from Excel workbooks and CSV files, cells as they are stored."""

import csv
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO

from python_calamine import CalamineError, CalamineWorkbook

from lms.domain.roster import Cell, NumberedRow, RosterUnreadable

_UNPACKED_MOST = 600 * 1024 * 1024
_ENTRIES_MOST = 2_000
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def rows(body: bytes) -> Iterator[NumberedRow]:
    """Yield the rows of the first sheet with their numbers; what the file is, its content decides, not its name."""
    if body.startswith(_ZIP):
        _refuse_bomb(body)
        yield from _workbook(body)
    elif body.startswith(_OLD_EXCEL):
        yield from _workbook(body)
    else:
        yield from _text_table(body)


def _refuse_bomb(body: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise RosterUnreadable from None
    if len(entries) > _ENTRIES_MOST or sum(entry.file_size for entry in entries) > _UNPACKED_MOST:
        raise RosterUnreadable


def _workbook(body: bytes) -> Iterator[NumberedRow]:
    try:
        sheet = CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(0)
        for number, row in enumerate(sheet.to_python(skip_empty_area=False), start=1):
            yield number, [_cell(cell) for cell in row]
    except (CalamineError, ValueError, OSError, IndexError):
        raise RosterUnreadable from None


def _cell(cell: object) -> Cell:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    return "" if cell is None else str(cell)


def _text_table(body: bytes) -> Iterator[NumberedRow]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise RosterUnreadable
    if "\0" in text:
        raise RosterUnreadable
    first = text[: text.find("\n")]
    try:
        yield from enumerate(csv.reader(StringIO(text), delimiter="\t" if "\t" in first else ","), start=1)
    except csv.Error:
        raise RosterUnreadable from None
