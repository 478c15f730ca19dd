"""Packed files that mean harm."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from question_bank.formats import reading
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_table import HEAD, book  # type: ignore[import-not-found]

GOOD = book({"s": [HEAD, ["单选", "题", "甲", "乙", "丙", "A"]]})


def repacked(change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
        for name, body in (extra or {}).items():
            new.writestr(name, body)
    return held.getvalue()


def same(_name: str, body: bytes) -> bytes:
    return body


def sheet_with(cells: str) -> bytes:
    return repacked(lambda name, body: body.replace(b"</sheetData>", cells.encode() + b"</sheetData>") if "worksheets/" in name else body)


def lying() -> bytes:
    """A workbook whose listing says that a sheet is small while it unpacks to much more."""
    body = repacked(same, {"xl/extra.xml": b"0" * 5_000_000})
    at = body.rindex(b"xl/extra.xml") - 46
    packed = bytearray(body)
    packed[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(packed)


BAD = {
    "a bomb": repacked(same, {"xl/big.xml": b"0" * 60_000_000}),
    "many entries": repacked(same, {f"xl/{number}.xml": b"" for number in range(30_500)}),
    "a path upwards": repacked(same, {"../../etc/passwd": b"x"}),
    "a path of Windows": repacked(same, {"C:\\x.xml": b"x"}),
    "an absolute path": repacked(same, {"/etc/x": b"x"}),
    "a lie about its size": lying(),
    "a cell at the far corner": sheet_with('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a row far down without places": sheet_with('<row r="1048576"><c><v>1</v></c></row><row r="1048577"><c r="ZZZ1"><v>1</v></c></row>'),
    "half a file": GOOD[: len(GOOD) // 2],
    "a broken checksum": GOOD[:60] + b"\x00\x00\x00\x00" + GOOD[64:],
    "a zip of something else": b"PK\x05\x06" + bytes(18),
    "an old workbook cut short": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        reading.read(BAD[name])
    assert time.process_time() - began < 2


def test_entities_are_never_expanded() -> None:
    entity = b'<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    hostile = repacked(lambda name, body: body.replace(b"<sst", entity + b"<sst", 1).replace("题".encode(), b"&x;") if "sharedStrings" in name else body)
    try:
        found = reading.read(hostile)
    except Unreadable:
        return
    assert all("localhost" not in draft.stem and draft.stem.strip() != Path("/etc/hostname").read_text().strip() for draft in found.drafts)


def test_empty_styled_rows_far_down_do_no_harm() -> None:
    assert len(reading.read(sheet_with('<row r="1048576"><c r="A1048576" s="1"/></row>')).drafts) == 1


def test_the_honest_file_still_reads() -> None:
    assert zlib.crc32(GOOD)
    assert len(reading.read(repacked(same)).drafts) == 1
