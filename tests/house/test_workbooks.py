"""FI-05: whatever people wrote, nothing we give out as a spreadsheet is a formula, in half width or in full."""

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from exam.formats import workbook as exam_workbook
from lms.formats import attendance, roster_workbook
from question_bank.domain.draft import Draft
from question_bank.domain.item import Criterion
from question_bank.formats import workbook_writing

ROOT = Path(__file__).parents[2]
HOSTILE = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\n=1+1", "\r=1+1", " =1+1", "＝1+1", "＋1", "－1", "＠SUM(1)", "{=1+1}", '=HYPERLINK("http://x","y")']


def items(words: str) -> bytes:
    """Return every field of an item, its reasons and instructions."""
    fields: dict[str, Any] = dict.fromkeys(("external_id", "type", "stem", "key_text", "explanation", "topic", "level", "pool", "source"), words)
    fields |= dict.fromkeys(("options", "option_explanations", "prompts", "tags", "enemies"), (words,))
    draft = Draft(**fields, model=words, difficulty=None, difficulty_text=words, rubric=(Criterion(words, 100),))
    return workbook_writing.write_items([draft], reasons=[words], notes=workbook_writing.Notes("填写说明", [(words,)]))


WRITERS = {
    "items": items,
    "exam lists": lambda words: exam_workbook.write("名单", [words], [[words]]),
    "rosters": lambda words: roster_workbook.write("名单", [words], [[words]]),
    "attendance": lambda words: attendance.template(words, [(words, words, words)]),
}


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_no_field_becomes_a_formula(write: Callable[[str], bytes], words: str) -> None:
    content = write(words)
    with zipfile.ZipFile(BytesIO(content)) as held:
        sheets = [held.read(name).decode() for name in held.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not [sheet for sheet in sheets if re.search(r"<f[ >]", sheet)]
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    cells = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row if cell != ""]
    assert all(isinstance(cell, str) for cell in cells)
    assert sum(words.strip() in str(cell) for cell in cells) >= 2


def test_every_workbook_is_told_to_take_words_for_words() -> None:
    made = 0
    for package in ("exam", "lms", "media", "question_bank"):
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text()
            opened = re.findall(r"xlsxwriter\.Workbook\((.*?)\)(?: as|\n)", source, re.DOTALL)
            made += len(opened)
            assert all('"strings_to_formulas": False' in options for options in opened), path
            assert not re.search(r"write_(?:array_|dynamic_array_)?formula|csv\.(?:writer|DictWriter)", source), path
    assert made >= 5
