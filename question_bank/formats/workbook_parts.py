"""The parts of a packed Excel file: which there are, what they refer to, and large ones in pieces."""

import posixpath
import zipfile
from collections.abc import Iterator

from lxml.etree import _Element as Element

from question_bank.formats import xml_tree
from question_bank.formats.xml_tree import attribute, every

_MAX_PART = 16 * 1024 * 1024
_PIECE = 1 << 20


def sheets(packed: zipfile.ZipFile, names: frozenset[str]) -> list[tuple[str, str]]:
    """Return the title of each sheet and the part that holds it."""
    book, targets = part(packed, names, "xl/workbook.xml"), related(packed, names, "xl/workbook.xml")
    listed = [(each.get("name", ""), targets.get(attribute(each, "id"), "")) for each in every(book, "sheet")] if book is not None else []
    return [(title, path) for title, path in listed if path in names]


def part(packed: zipfile.ZipFile, names: frozenset[str], path: str) -> Element | None:
    """Return the tree of a part, or None where there is none of a size that any program writes."""
    path = path if path in names else f"/{path}"
    if path not in names or packed.getinfo(path).file_size > _MAX_PART:
        return None
    return xml_tree.parse(xml_tree.decode(packed.read(path))).root


def windows(packed: zipfile.ZipFile, path: str, kept: int) -> Iterator[bytes]:
    """Yield a part in pieces, each with the last `kept` bytes of the one before it."""
    with packed.open(path) as stream:
        before = b""
        while piece := stream.read(_PIECE):
            yield before + piece
            before = (before + piece)[-kept:] if kept else b""


def related(packed: zipfile.ZipFile, names: frozenset[str], path: str) -> dict[str, str]:
    """Return the parts inside the file that a part refers to, by the name of the relationship."""
    folder, name = posixpath.split(path)
    listing = part(packed, names, f"{folder}/_rels/{name}.rels")
    found = {}
    for each in every(listing, "Relationship") if listing is not None else ():
        target = attribute(each, "Target")
        if attribute(each, "TargetMode") != "External":
            found[attribute(each, "Id")] = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    return found


def column(letters: str) -> int:
    """Return the position of a column, from 0, by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def letters(column: int) -> str:
    """Return the letters of a column by its position."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
