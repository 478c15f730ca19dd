"""What is checked of a packed workbook before anything unpacks it."""

import io
import re
import zipfile
import zlib

from question_bank.formats.unreadable import ArchiveHostile, FileTooLarge, Unreadable

MAX_ENTRIES = 30_000  # a package holds a document for each of its items
MAX_UNPACKED = 200 * 1024 * 1024
MAX_CELLS = 4_000_000
MAX_RATIO = 400  # a sheet of 10,000 alike rows packs about 100 to 1
_CHUNK = 1 << 20
_ENTRY = b"PK\x01\x02"  # begins each entry of the listing
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]{0,200}?(?<!/)>")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?:\s+(?!r=)[\w:]+=[\"'][^\"'<>]{0,80}[\"'])*\s*>")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]{0,300}?\br=[\"']([0-9]{1,9})[\"']")


def entries(content: bytes) -> frozenset[str]:
    """Return the names in the archive; raises Unreadable when it is none."""
    if content.count(_ENTRY) > MAX_ENTRIES:  # before a million of them are listed
        raise ArchiveHostile
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, UnicodeDecodeError, NotImplementedError):
        raise Unreadable from None


def check(content: bytes) -> None:
    """Refuse archives that unpack out of proportion, overlap, hold strange names, or span a vast empty sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_listing(archive, len(content))
            for entry in archive.infolist():
                _check_entry(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, NotImplementedError):
        raise Unreadable from None


_ROOTED = "/xl/"  # some writers of Excel files begin names there; nothing is ever unpacked to a disk


def _check_listing(archive: zipfile.ZipFile, size: int) -> None:
    listing = archive.infolist()
    names = [entry.filename for entry in listing]
    if len(listing) > MAX_ENTRIES or len(set(names)) < len(names):
        raise ArchiveHostile
    if sum(entry.file_size for entry in listing) > MAX_UNPACKED:
        raise ArchiveHostile
    if sum(entry.compress_size for entry in listing) > size:  # entries that share bytes
        raise ArchiveHostile
    for entry in listing:
        name = entry.filename.replace("\\", "/").removeprefix(_ROOTED)
        if name.startswith("/") or ".." in name.split("/") or "\x00" in entry.orig_filename or ":" in name or (entry.external_attr >> 28) == 0o12:
            raise ArchiveHostile
        if entry.file_size > _CHUNK and entry.file_size > entry.compress_size * MAX_RATIO:
            raise ArchiveHostile


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack in pieces, so that a lie about the size is found, and look how far the cells reach."""
    looked_at = entry.filename.endswith(".xml") and entry.filename != "xl/sharedStrings.xml"
    reach, unpacked, kept = _Reach(), 0, b""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            unpacked += len(piece)
            if unpacked > entry.file_size or unpacked > MAX_UNPACKED:
                raise ArchiveHostile
            if looked_at:
                reach.see(kept + piece)
                kept = piece[-400:]
    # The reader lays out the whole rectangle between the first and the last cell.
    if reach.cells > MAX_CELLS:
        raise FileTooLarge


class _Reach:
    """How far the filled cells of a sheet reach."""

    def __init__(self) -> None:
        self.lowest, self.highest, self.widest = 1 << 30, 0, 1

    def see(self, window: bytes) -> None:
        for column, row in _CELL.findall(window):
            self._row(int(row))
            self.widest = max(self.widest, _column(column))
        if _UNPLACED.search(window):
            for row in _ROW.findall(window):
                self._row(int(row))

    def _row(self, number: int) -> None:
        self.lowest, self.highest = min(self.lowest, number), max(self.highest, number)

    @property
    def cells(self) -> int:
        return max(0, self.highest - self.lowest + 1) * self.widest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
