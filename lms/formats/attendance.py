"""Signed lists as Excel workbooks: the template to fill in, and the rows of a filled one."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound, XmlError, ZipError

from lms.domain.attendance import NotAList, TooManyRows, WrittenRow

MOST_ROWS = 20_000
PERSON_COLUMNS = ("账号", "姓名", "学校")
_ALSO = {"单位": "学校", "工作单位": "学校", "所在学校": "学校", "学员姓名": "姓名", "登录账号": "账号"}
_AMOUNTS = ("学时", "线下学时", "成绩", "得分", "分数")


def read(content: bytes) -> list[WrittenRow]:
    """Read the first sheet below its header; empty rows are passed over, whatever is not a workbook is refused."""
    try:
        rows: Sequence[Sequence[object]] = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, PasswordError, WorksheetNotFound, XmlError, ZipError, OSError) as error:
        raise NotAList from error
    places, first = _header(rows)
    found = []
    for number, row in enumerate(rows[first:], start=first + 1):
        cells = {name: _text(row[place]) if place < len(row) else "" for name, place in places.items()}
        if any(cells.values()):
            account, name, school = (cells.get(column, "") for column in PERSON_COLUMNS)
            found.append(WrittenRow(number=number, account=account, name=name, school=school, amount=cells["数值"]))
    if len(found) > MOST_ROWS:
        raise TooManyRows
    if not found:
        raise NotAList
    return found


def template(amount: str, people: Iterable[tuple[str, str, str]]) -> bytes:
    """Write a workbook with one row for each person and an empty column for the figures."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("名单")
        head = book.add_format({"bold": True, "bottom": 1})
        plain = book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for place, width in enumerate((16, 12, 28, 10)):
            sheet.set_column(place, place, width)
        sheet.write_row(0, 0, (*PERSON_COLUMNS, amount), head)
        for number, person in enumerate(people, start=1):
            for place, value in enumerate(person):
                sheet.write_string(number, place, value, plain)
    return target.getvalue()


def _header(rows: Sequence[Sequence[object]]) -> tuple[dict[str, int], int]:
    """Find the header among the first lines (lists often begin with a title) and where each column stands."""
    for index, row in enumerate(rows[:10]):
        names = [_text(cell).replace(" ", "") for cell in row]
        places = {_ALSO.get(name, name): place for place, name in enumerate(names) if _ALSO.get(name, name) in PERSON_COLUMNS}
        amount = next((place for place, name in enumerate(names) if name.startswith(_AMOUNTS)), None)
        if amount is not None and ("账号" in places or {"姓名", "学校"} <= set(places)):
            return {**places, "数值": amount}, index + 1
    raise NotAList


def _text(cell: object) -> str:
    """Write a cell as a person reads it; spreadsheets keep whole numbers as floats."""
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)).normalize():f}"
    return str(cell).strip()
