"""Workbooks as Excel 2003 wrote them in XML, and many systems still export them."""

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from question_bank.domain.exchange import Reading
from question_bank.formats import table, xml_tree
from question_bank.formats.findings import Findings, Place
from question_bank.formats.foreign_html import Words
from question_bank.formats.unreadable import FileTooLarge
from question_bank.formats.workbook import MAX_COLUMNS, MAX_LINES, Sheet, fill_down
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

ROOT = "Workbook"


def read(words: str) -> Reading:
    """Return the items of its tables; raises Unreadable."""
    root, found = xml_tree.parse(words).root, Findings("excel")
    if every(root, "Comment"):
        found.at("工作簿").lose("批注未导入")
    drafts, losses = table.read([_sheet(each, found) for each in root if local(each) == "Worksheet"])
    seen = found.reading()
    return replace(seen, drafts=tuple(drafts), losses=(*seen.losses, *losses))


def _sheet(of: etree._Element, found: Findings) -> Sheet:
    name = attribute(of, "Name")
    rows: list[tuple[str, ...]] = []
    merged: list[tuple[int, int, int]] = []
    for at, row in _placed(first(of, "Table"), "Row", MAX_LINES):
        rows += [()] * (at - len(rows))
        cells: list[str] = []
        for column, cell in _placed(row, "Cell", MAX_COLUMNS):
            cells += [""] * (column - len(cells))
            cells.append(_words(cell, found.at(f"{name} 第 {at + 1} 行")))
            merged += [(at, column, at + down)] if (down := _number(cell, "MergeDown")) and not _number(cell, "MergeAcross") else []
        rows.append(tuple(cells))
        if any(cells) and attribute(row, "Hidden") == "1":
            found.at(f"{name} 第 {at + 1} 行").lose("这一行在文件中是隐藏的，其中的题一并导入，请核对")
    for top, column, bottom in merged:
        fill_down(rows, top, column, bottom, column)
    shown = text_of(first(of, "WorksheetOptions", "Visible")) in {"", "SheetVisible"}
    return Sheet(name, tuple(rows), hidden=not shown)


def _placed(parent: etree._Element | None, name: str, most: int) -> Iterator[tuple[int, etree._Element]]:
    """Yield the children of a name with their positions from 0: each says where it stands, or follows the last and what that is merged over."""
    at = 0
    for child in parent if parent is not None else ():
        if local(child) != name:
            continue
        at = max(at, _number(child, "Index") - 1)
        if at >= most and name == "Row":
            raise FileTooLarge
        if at < most:
            yield at, child
        at += 1 + _number(child, "MergeAcross")


def _number(element: etree._Element, name: str) -> int:
    told = attribute(element, name)
    return int(told) if told.isdecimal() and len(told) < 7 else 0


def _words(cell: etree._Element, place: Place) -> str:
    data = first(cell, "Data")
    if data is None:
        return ""
    words = Words(place, lambda _name: None).of_tree(data) if len(data) else text_of(data)
    return {"1": "TRUE", "0": "FALSE"}.get(words, words) if attribute(data, "Type") == "Boolean" else words
