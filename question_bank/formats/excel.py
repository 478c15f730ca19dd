"""Excel files as items: their tables, the pictures in their cells, and what they hold besides."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace

from question_bank.domain.draft import PICTURE, pictures_of
from question_bank.domain.exchange import Loss, Reading
from question_bank.formats import paper_text, table, workbook, workbook_looks, workbook_pictures
from question_bank.formats.findings import Findings
from question_bank.formats.unreadable import Unreadable
from question_bank.formats.workbook import Sheet
from question_bank.formats.workbook_pictures import Placed

_IN_CELL = re.compile(r"=?(?:_xlfn\.)?DISPIMG\(\s*[\"']([^\"']{1,80})[\"']\s*,\s*\d+\s*\)", re.IGNORECASE)
_IN_PLACE = "#VALUE!"  # what a cell shows in which Excel 365 keeps a picture, where only text can be shown
_FOREIGN = {
    "xl/vbaProject.bin": "宏未导入",
    "xl/externalLinks/": "指向其他文件的链接没有打开，使用文件中保存的值",
    "xl/embeddings/": "嵌入的文件未导入",
    "xl/comments": "批注未导入",
    "xl/threadedComments/": "批注未导入",
}


def read(content: bytes) -> Reading:
    """Return the items of a workbook; raises Unreadable."""
    sheets = workbook.read(content)  # the archive is checked there
    found = Findings("excel")
    placed, dates = list[Placed](), list[Loss]()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name, what in _FOREIGN.items():
                if any(entry.startswith(name) for entry in packed.namelist()):
                    found.at("工作簿").lose(what)
            placed, named = workbook_pictures.find(packed, found)
            looks = workbook_looks.find(packed)
        looked = [workbook_looks.shown(sheet, looks.get(sheet.name)) for sheet in sheets]
        dates = [loss for _sheet, losses in looked for loss in losses]
        sheets = tuple(_with_pictures(_with_named(sheet, named), placed) for sheet, _losses in looked)
    drafts, losses = table.read(sheets)
    if not drafts:
        return _paper(sheets)
    read = found.reading()
    shown = frozenset(digest for draft in drafts for digest in pictures_of(draft))
    unshown = [Loss(f"{each.sheet} {each.cell}", "这张图片不在试题的单元格里，未导入") for each in placed if each.digest not in shown]
    beyond = [Loss(sheet.name, f"第 {workbook.MAX_COLUMNS} 列以后有 {sheet.beyond} 格文字，未导入") for sheet in sheets if sheet.beyond]
    return Reading(
        "excel", tuple(drafts), (*read.losses, *dates, *losses, *unshown, *beyond), pictures=tuple(each for each in read.pictures if each.digest in shown)
    )


def _paper(sheets: Sequence[Sheet]) -> Reading:
    """Return the items of sheets that hold a paper, line by line, instead of a table; raises Unreadable."""
    rows = [" ".join(cell.strip() for cell in row if cell.strip()) for sheet in sheets for row in sheet.rows]
    if not paper_text.looks_like("\n".join(rows)):
        raise Unreadable
    return replace(paper_text.read_text("\n".join(rows)), format="excel")


def _with_named(sheet: Sheet, named: dict[str, str]) -> Sheet:
    """Put the pictures that WPS keeps inside cells where the cells call them."""
    if not any("DISPIMG" in cell for row in sheet.rows for cell in row):
        return sheet

    def shown(found: re.Match[str]) -> str:
        return f"![](picture:{named[found[1]]})" if found[1] in named else found[0]

    return replace(sheet, rows=tuple(tuple(_IN_CELL.sub(shown, cell) for cell in row) for row in sheet.rows))


def _with_pictures(sheet: Sheet, placed: list[Placed]) -> Sheet:
    """Put each floating picture at the end of the cell it stands on, from the top and the left, unless the cell names it already."""
    rows = [list(row) for row in sheet.rows]
    for each in sorted((each for each in placed if each.sheet == sheet.name), key=lambda each: (each.row, each.column)):
        row, column = each.row + 1 - sheet.first, each.column - sheet.left
        if not 0 <= row < len(rows) or not 0 <= column < workbook.MAX_COLUMNS:
            continue
        rows[row] += [""] * (column + 1 - len(rows[row]))
        if each.digest not in {found["digest"] for found in PICTURE.finditer(rows[row][column])}:
            beside = "" if rows[row][column] == _IN_PLACE else rows[row][column]
            rows[row][column] = f"{beside}\n{each.notation}".strip()
    return replace(sheet, rows=tuple(map(tuple, rows)))
