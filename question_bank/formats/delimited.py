"""CSV in its many habits: commas, tabs, semicolons; quoted or not."""

import csv
import io
import re

from question_bank.formats.unreadable import FileTooLarge, Unreadable
from question_bank.formats.workbook import MAX_LINES, Sheet

DELIMITERS = (",", "\t", ";", "|")
_RULE = re.compile(r"\s*+:?-*+:?\s*+")  # below the headings of a table in Markdown
_MAX_CELL = 1_000_000


def read(text: str, delimiter: str) -> Sheet:
    """Return the text as one sheet without a name."""
    csv.field_size_limit(_MAX_CELL)
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text.replace("\x00", "\ufffd"), newline=""), delimiter=delimiter):
            rows.append(() if delimiter == "|" and row and all(_RULE.fullmatch(cell) for cell in row) else tuple(row))
            if len(rows) > MAX_LINES:
                raise FileTooLarge
    except csv.Error:
        raise Unreadable from None
    return Sheet("", tuple(rows))
