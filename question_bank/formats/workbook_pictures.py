"""The pictures of an Excel file and the cells they stand on: floating ones, and those WPS keeps inside cells."""

import posixpath
import re
import zipfile
from dataclasses import dataclass

from lxml.etree import _Element as Element

from question_bank.formats import xml_tree
from question_bank.formats.findings import Findings, Place
from question_bank.formats.word_run import picture_notation
from question_bank.formats.xml_tree import attribute, every, first, local

_MAX_PART = 16 * 1024 * 1024
_IN_CELL = re.compile(rb"<c\s[^>]{0,200}?\br=[\"']([A-Z]{1,3}\d{1,7})[\"'][^>]{0,200}?\bvm=[\"']")


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
        return f"{_letters(self.column)}{self.row + 1}"

    @property
    def notation(self) -> str:
        """Return the picture as the notation names it."""
        return picture_notation(self.described, self.digest)


def find(packed: zipfile.ZipFile, found: Findings) -> tuple[list[Placed], dict[str, str]]:
    """Return the floating pictures, and the digests of WPS's pictures by the name cells call them."""
    names = frozenset(packed.namelist())
    sheets = _part(packed, names, "xl/workbook.xml")
    related = _related(packed, names, "xl/workbook.xml")
    placed: list[Placed] = []
    for sheet in every(sheets, "sheet") if sheets is not None else ():
        path, title = related.get(attribute(sheet, "id"), ""), sheet.get("name", "")
        if path not in names:
            continue
        if "xl/richData/richValueRel.xml" in names:
            for cell in sorted(_cells_with_values(packed, path)):
                found.at(f"{title} {cell}").lose("“放置在单元格中”的图片未导入，请在 Excel 中改为“放置在单元格上”")
        for drawing in (target for target in _related(packed, names, path).values() if "/drawings/drawing" in target):
            placed += _floating(packed, names, drawing, title, found)
    return placed, _named(packed, names, found)


def _cells_with_values(packed: zipfile.ZipFile, path: str) -> set[str]:
    found: set[str] = set()
    with packed.open(path) as stream:
        kept = b""
        while piece := stream.read(1 << 20):
            found |= {cell.decode() for cell in _IN_CELL.findall(kept + piece)}
            kept = piece[-500:]
    return found


def _floating(packed: zipfile.ZipFile, names: frozenset[str], path: str, sheet: str, found: Findings) -> list[Placed]:
    drawing, related = _part(packed, names, path), _related(packed, names, path)
    placed = []
    for anchor in drawing if drawing is not None else ():
        corner = first(anchor, "from")
        row, column = (_figure(first(corner, name)) for name in ("row", "col"))
        here = found.at(f"{sheet} {_letters(column)}{row + 1}" if corner is not None else sheet)
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
    images, related = _part(packed, names, "xl/cellimages.xml"), _related(packed, names, "xl/cellimages.xml")
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


def _part(packed: zipfile.ZipFile, names: frozenset[str], path: str) -> Element | None:
    if path not in names or packed.getinfo(path).file_size > _MAX_PART:
        return None
    return xml_tree.parse(xml_tree.decode(packed.read(path))).root


def _related(packed: zipfile.ZipFile, names: frozenset[str], path: str) -> dict[str, str]:
    """Return the parts inside the file that a part refers to, by the name of the relationship."""
    folder, name = posixpath.split(path)
    listing = _part(packed, names, f"{folder}/_rels/{name}.rels")
    found = {}
    for each in every(listing, "Relationship") if listing is not None else ():
        target = attribute(each, "Target")
        if attribute(each, "TargetMode") != "External":
            found[attribute(each, "Id")] = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    return found


def _figure(element: Element | None) -> int:
    text = "" if element is None else (element.text or "").strip()
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
