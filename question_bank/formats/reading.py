"""One door for every format: what a file is, is told by its content, not by its name."""

import re
from collections.abc import Sequence
from dataclasses import replace

from question_bank.domain import labels
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss, Reading
from question_bank.domain.fault import Fault
from question_bank.formats import (
    aiken,
    archive,
    delimited,
    excel,
    gift,
    headings,
    json_lines,
    json_lists,
    moodle_xml,
    paper_text,
    qti,
    qti_package,
    rich_text,
    saved_page,
    table,
    text,
    word,
    workbook,
    workbook_xml,
    xml_tree,
)
from question_bank.formats.unreadable import FileEmpty, FileLocked, FileOld, FileTooLarge, FormatUnsupported, Unreadable
from question_bank.formats.workbook import Sheet

MAX_BYTES = 50 * 1024 * 1024
FORMATS = ("excel", "csv", "word", "text", "gift", "aiken", "moodle", "qti", "jsonl")
_PAGES = ("excel", "word")  # under whose names pages of the web are exported
_IN_TEXT = frozenset({*rich_text.INLINE, "details", "font", "span", "img"})  # tags that a paper in Markdown may begin with
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKED = (b"PK", _OLE)
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc", b"\x1f\x8b", b"{\\rtf", b"\x7fELF", b"MZ\x90")


def read(content: bytes, wanted: str | None = None) -> Reading:
    """Return what the file holds; raises Unreadable. `wanted` overrides the guess among text formats."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileEmpty
    if content.startswith(_OTHERS):
        raise FormatUnsupported
    if content.startswith(PACKED):
        return _checked(_packed(content, wanted))
    return _checked(_open(content, wanted))


def _open(content: bytes, wanted: str | None) -> Reading:
    """Read what is no archive."""
    if saved_page.is_packed(content) and wanted in {None, *_PAGES}:
        return saved_page.read(*saved_page.unpacked(content))
    words = text.decode(content)
    lists = json_lists.read(words) if wanted in {None, "jsonl"} else json_lists.Found()
    if lists.sheets:
        return _of_sheets("jsonl", lists.sheets, lists.refused, lists.losses)
    kind = wanted or _kind(words)
    if kind in _XML:
        return _XML[kind](xml_tree.decode(content))
    if kind in _TEXT:
        return _TEXT[kind](words)
    if kind in _PAGES and saved_page.looks_like(words):
        return saved_page.read(words)
    if kind == "excel" and xml_tree.root_name(words) == workbook_xml.ROOT:
        return workbook_xml.read(xml_tree.decode(content))
    raise FormatUnsupported if re.match(r"\s*<", words) or wanted else Unreadable


def _kind(words: str) -> str:
    if json_lines.looks_like(words):
        return "jsonl"
    if root := xml_tree.root_name(words):
        return _marked_up(words, root)
    if any(headings.find(delimited.read(_head(words), delimiter)) for delimiter in delimited.DELIMITERS):
        return "csv"
    for kind, reader in (("aiken", aiken), ("gift", gift)):
        if reader.looks_like(words):
            return kind
    return "text" if paper_text.looks_like(words) else ""


def _marked_up(words: str, root: str) -> str:
    """Return what begins with a tag."""
    if root == "quiz" or root in qti.ROOTS:
        return "moodle" if root == "quiz" else "qti"
    if gift.begins_with_markup(words):
        return "gift"
    if saved_page.looks_like(words) or root == workbook_xml.ROOT:
        return "excel"
    return "text" if root in _IN_TEXT and paper_text.looks_like(words) else ""


def _refuse_old(content: bytes) -> None:
    """Old Word and WPS files and locked ones share their container with old Excel files; its directory tells them apart."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise FileLocked
    if "WordDocument".encode("utf-16-le") in content:
        raise FileOld


def _head(words: str) -> str:
    # Quoted cells may span lines; a generous head keeps the first rows whole.
    return "\n".join(words.split("\n", 80)[:80])


def _packed(content: bytes, wanted: str | None) -> Reading:
    """Read what is an archive or an old container, told apart by what is inside."""
    readers = {"word": word.read, "excel": excel.read, "qti": qti_package.read, "moodle": qti_package.read}
    if content.startswith(_OLE):
        _refuse_old(content)
        kinds = ["excel"]
    else:
        names = archive.entries(content)
        kinds = ["word"] if word.is_word(names) else ["excel"] if any(name.startswith("xl/workbook.") for name in names) else []
        kinds += ["qti", "moodle"] if qti_package.looks_like(names) else []
    kind = next((kind for kind in kinds if wanted in {None, kind}), None)
    if kind is None:
        raise FormatUnsupported
    return readers[kind](content)


def _checked(read: Reading) -> Reading:
    if len(read.drafts) + len(read.refused) > workbook.MAX_ROWS:
        raise FileTooLarge
    if not read.drafts and not read.refused:
        raise Unreadable
    fitted = [labels.fitted(draft) for draft in read.drafts]
    losses = (Loss(draft.place, what) for draft, lost in fitted for what in lost)
    return replace(read, drafts=tuple(draft for draft, _lost in fitted), losses=(*read.losses, *losses))


def _csv(words: str) -> Reading:
    head = _head(words)
    delimiter = next((each for each in delimited.DELIMITERS if headings.find(delimited.read(head, each))), None)
    if delimiter is None:
        raise Unreadable
    sheet, refused = table.aligned(delimited.read(words, delimiter))
    return _of_sheets("csv", [sheet], refused)


def _of_sheets(form: str, sheets: Sequence[Sheet], refused: Sequence[tuple[Draft, Fault]], lost: Sequence[Loss] = ()) -> Reading:
    drafts, losses = table.read(sheets)
    return Reading(form, tuple(drafts), (*lost, *losses), tuple(refused))


_XML = {"moodle": moodle_xml.read, "qti": qti.read}
_TEXT = {"gift": gift.read, "aiken": aiken.read, "text": paper_text.read_text, "jsonl": json_lines.read, "csv": _csv}
