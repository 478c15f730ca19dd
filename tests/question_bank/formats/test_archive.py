"""Packed files that mean harm (FI-01)."""

import io
import json
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest

from question_bank.formats import reading
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_table import HEAD, book
from tests.support import pace

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


def linked() -> bytes:
    """A workbook with an entry that stands for another file."""
    held = io.BytesIO(GOOD)
    link = zipfile.ZipInfo("xl/link.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(held, "a") as made:
        made.writestr(link, "/etc/passwd")
    return held.getvalue()


def overlapping(times: int) -> bytes:
    """A workbook whose listing names the same bytes over and over."""
    held = io.BytesIO(GOOD)
    with zipfile.ZipFile(held, "a") as made:
        made.writestr("xl/big.xml", bytes(range(256)) * 40)
        for number in range(times):
            again = copy(made.filelist[-1])
            again.filename = f"xl/b{number}.xml"
            made.filelist.append(again)
            made.NameToInfo[again.filename] = again
    return held.getvalue()


def zeros(name: str, size: int, said: int) -> bytes:
    """An archive of one entry full of zeros, packed a mebibyte at a time, that says of its size what it likes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * (size >> 20) + packer.flush()
    sizes = struct.pack("<4xLLHH", len(packed), said, len(name), 0)
    head = b"PK\x03\x04" + struct.pack("<HHHL", 20, 0, 8, 0) + sizes + name.encode() + packed
    entry = b"PK\x01\x02" + struct.pack("<HHHHL", 20, 20, 0, 8, 0) + sizes + bytes(14) + name.encode()
    return head + entry + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(entry), len(head), 0)


def nested(depth: int) -> bytes:
    """A zip in a zip in a zip, as 42.zip is."""
    body = b"0" * 1_000_000
    for level in range(depth):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
            for number in range(4):
                made.writestr(f"{level}-{number}.zip", body)
        body = held.getvalue()
    return body


def listed(entries: int) -> bytes:
    """An archive whose listing goes on and on."""
    entry = b"PK\x01\x02" + bytes(42) + b"a"
    whole = entry[:28] + struct.pack("<H", 1) + entry[30:]
    return b"PK\x03\x04" + bytes(26) + whole * entries + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, len(whole) * entries, 30, 0)


BAD = {
    "a link": linked(),
    "the same bytes many times": overlapping(300),
    "the same bytes twice": overlapping(1),
    "a gigabyte of zeros in a paper": zeros("word/document.xml", 1 << 30, 1 << 30),
    "a gigabyte of zeros said to be a thousand": zeros("word/document.xml", 1 << 30, 1_000),
    "a zip in a zip in a zip": nested(4),
    "a million entries": listed(1_000_000),
    "a name with a sign of nothing": repacked(same, {"xl/aN.xml": b"x"}).replace(b"xl/aN.xml", b"xl/a\x00.xml"),
    "a path upwards and down": repacked(same, {"xl/../../evil.xml": b"x"}),
    "a path upwards of Windows": repacked(same, {"..\\..\\evil.xml": b"x"}),
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
    with pace.within(2), pytest.raises(Unreadable):
        reading.read(BAD[name])


def test_fi_01_none_of_them_takes_much_memory_or_leaves_a_file(tmp_path: Path) -> None:
    """One process reads them all, in a folder of its own."""
    sandbox = tmp_path / "a" / "b" / "c"
    sandbox.mkdir(parents=True)
    for number, content in enumerate([*BAD.values(), repacked(same, {f"{tmp_path}/evil.xml": b"x", "../evil.xml": b"x"})]):
        (sandbox / str(number)).write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    code = (
        "import json, pathlib, re\nfrom question_bank.formats import reading\nfrom question_bank.formats.unreadable import Unreadable\nrefused = 0\n"
        "for file in pathlib.Path().iterdir():\n    try: reading.read(file.read_bytes())\n    except Unreadable: refused += 1\n"
        # Not ru_maxrss: that begins with the size of the process that started this one.
        "print(json.dumps([refused, int(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])]))"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], cwd=sandbox, env=environment, capture_output=True, text=True, check=True)
    refused, kilobytes = json.loads(done.stdout)
    assert refused == len(BAD) + 1
    assert kilobytes < 512 * 1024
    assert sorted(tmp_path.rglob("*")) == before


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
