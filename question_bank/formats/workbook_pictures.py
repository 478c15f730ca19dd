"""The pictures of an Excel file and the cells they stand on: floating ones, and those WPS and Excel 365 keep inside cells."""

import posixpath
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lxml.etree import _Element as Element

from question_bank.formats import workbook_parts
from question_bank.formats.findings import Findings, Place
from question_bank.formats.word_run import picture_notation
from question_bank.formats.xml_tree import attribute, every, first, local

T = TypeVar("T")
_IN_CELL = re.compile(rb"<c\s[^>]{0,200}?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]{0,200}?\bvm=[\"'](\d{1,7})[\"']")
_RICH = "xl/richData"


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture and the cell under its upper left corner; row and column count from 0."""

    sheet: str
    row: int
    column: int
    digest: str
    described: str = ""

    @property
    def cell(self) -> str:
        """Return the cell's name: C12."""
        return f"{workbook_parts.letters(self.column)}{self.row + 1}"

    @property
    def notation(self) -> str:
        """Return the picture as the notation names it."""
        return picture_notation(self.described, self.digest)


def find(packed: zipfile.ZipFile, found: Findings) -> tuple[list[Placed], dict[str, str]]:
    """Return the floating pictures, and the digests of WPS's pictures by the name cells call them."""
    names = frozenset(packed.namelist())
    placed: list[Placed] = []
    rich = _rich(packed, names)
    for title, path in workbook_parts.sheets(packed, names):
        for row, column, number in sorted(_cells_with_values(packed, path)) if f"{_RICH}/richValueRel.xml" in names else ():
            here = found.at(f"{title} {workbook_parts.letters(column)}{row + 1}")
            target, described = rich.get(number, ("", ""))
            if target not in names:
                here.lose("“放置在单元格中”的内容未导入，请在 Excel 中把图片改为“放置在单元格上”")
            elif digest := here.picture(packed.read(target), posixpath.basename(target)):
                placed.append(Placed(title, row, column, digest, described))
        for drawing in (target for target in workbook_parts.related(packed, names, path).values() if "/drawings/drawing" in target):
            placed += _floating(packed, names, drawing, title, found)
    return placed, _named(packed, names, found)


def _rich(packed: zipfile.ZipFile, names: frozenset[str]) -> dict[int, tuple[str, str]]:
    """Return the pictures that Excel 365 keeps as values, by the number cells call them: the part that holds each, and its alternative text."""
    paths = ("xl/metadata.xml", *(f"{_RICH}/{name}.xml" for name in ("rdrichvalue", "rdrichvaluestructure", "richValueRel")))
    metadata, values, structures, relations = (workbook_parts.part(packed, names, path) for path in paths)
    if metadata is None or values is None or structures is None or relations is None:
        return {}
    related = workbook_parts.related(packed, names, f"{_RICH}/richValueRel.xml")
    targets = [related.get(attribute(each, "id"), "") for each in relations if local(each) == "rel"]
    keys = [[attribute(key, "n") for key in each] for each in structures if local(each) == "s"]
    held = [dict(zip(_at(keys, attribute(each, "s"), []), ((value.text or "") for value in each), strict=False)) for each in values if local(each) == "rv"]
    future = next((each for each in metadata if local(each) == "futureMetadata" and attribute(each, "name") == "XLRICHVALUE"), None)
    called = [next((attribute(each, "i") for each in every(block, "rvb")), "") for block in future if local(block) == "bk"] if future is not None else []
    found = {}
    for number, block in enumerate(every(first(metadata, "valueMetadata"), "bk") if first(metadata, "valueMetadata") is not None else (), start=1):
        value = _at(held, _at(called, next((attribute(each, "v") for each in every(block, "rc")), ""), ""), {})
        if target := _at(targets, value.get("_rvRel:LocalImageIdentifier", ""), ""):
            found[number] = (target, value.get("Text", ""))
    return found


def _at(listed: Sequence[T], index: str, otherwise: T) -> T:
    return listed[int(index)] if index.isdecimal() and len(index) < 8 and int(index) < len(listed) else otherwise


def _cells_with_values(packed: zipfile.ZipFile, path: str) -> set[tuple[int, int, int]]:
    """Return row and column, from 0, of the cells that call a value, and its number."""
    found: set[tuple[int, int, int]] = set()
    for window in workbook_parts.windows(packed, path, 500):
        found |= {(int(row) - 1, workbook_parts.column(letters.decode()), int(number)) for letters, row, number in _IN_CELL.findall(window)}
    return found


def _floating(packed: zipfile.ZipFile, names: frozenset[str], path: str, sheet: str, found: Findings) -> list[Placed]:
    drawing, related = workbook_parts.part(packed, names, path), workbook_parts.related(packed, names, path)
    placed = []
    for anchor in drawing if drawing is not None else ():
        corner = first(anchor, "from")
        row, column = (_figure(first(corner, name)) for name in ("row", "col"))
        here = found.at(f"{sheet} {workbook_parts.letters(column)}{row + 1}" if corner is not None else sheet)
        pictures = every(anchor, "pic")
        for picture in pictures:
            described = next((attribute(each, "descr") for each in every(picture, "cNvPr")), "")
            if (digest := _digest(packed, names, picture, related, here)) and corner is not None:
                placed.append(Placed(sheet, row, column, digest, described))
            elif corner is None:
                here.lose("没有固定在单元格上的图片未导入")
        if not pictures and local(anchor).endswith("Anchor"):
            here.lose("图形、文本框或图表未导入")
    return placed


def _named(packed: zipfile.ZipFile, names: frozenset[str], found: Findings) -> dict[str, str]:
    images, related = workbook_parts.part(packed, names, "xl/cellimages.xml"), workbook_parts.related(packed, names, "xl/cellimages.xml")
    named = {}
    for picture in every(images, "pic") if images is not None else ():
        name = next((attribute(each, "name") for each in every(picture, "cNvPr")), "")
        if digest := _digest(packed, names, picture, related, found.at("单元格图片")):
            named[name] = digest
    return named


def _digest(packed: zipfile.ZipFile, names: frozenset[str], picture: Element, related: dict[str, str], here: Place) -> str | None:
    blip = next(iter(every(picture, "blip")), None)
    target = related.get(attribute(blip, "embed"), "") if blip is not None else ""
    if target not in names:
        here.lose("链接到文件外的图片未导入")
        return None
    return here.picture(packed.read(target), posixpath.basename(target))


def _figure(element: Element | None) -> int:
    text = "" if element is None else (element.text or "").strip()
    return int(text) if text.isdecimal() and len(text) < 8 else 0
