"""A list as an Excel workbook: one sheet, a bold head, texts as texts."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import BytesIO

import xlsxwriter

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return the workbook; what is no number is written as text, never as a formula."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(title[:31])
        sheet.set_column(0, len(columns) - 1, 20)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, int | Decimal) and not isinstance(value, bool) and -(2**53) < value < 2**53:
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, "" if value is None else str(value))
    return target.getvalue()
