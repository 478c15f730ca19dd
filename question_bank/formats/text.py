"""Bytes and text: UTF-8, UTF-16, GB18030, Big5 and Windows-1252, with or without a byte order mark that may even be wrong."""

import codecs
import re

from question_bank.formats.unreadable import TextUndecodable

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(content: bytes) -> str:
    """Return the text; raises TextUndecodable."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            body = content[len(mark) :]
            # A mark may have been put before text of another encoding by an editor.
            found = _try(body, encoding) or _try(body, "utf-8") or _try(body, "gb18030")
            if found is None:
                raise TextUndecodable
            return found
    for encoding in (*_unmarked_utf16(content), "utf-8", "gb18030", "cp1252"):
        found = _try(content, encoding)
        if found is not None:
            other = _unlike_gb18030(content, found) if encoding == "gb18030" else None
            return found if other is None else other
    raise TextUndecodable


def _unlike_gb18030(content: bytes, found: str) -> str | None:
    """Return the text that bytes which can be read as GB18030 rather are: Windows-1252, or common characters of Big5 where they would be rare ones."""
    if _is_odd_chinese(found):
        return _try(content, "cp1252")
    signs = re.findall("[\u4e00-\u9fff]", found[:200_000])
    traditional = _try(content, "big5hkscs") if 5 * sum(map(_is_common, signs)) < 4 * len(signs) else None
    # Big5 keeps punctuation and full-width signs from A1 to A3 and common characters from A4 to C6.
    known = re.findall("[^\x00-\x7f\u0304\u030c]", (traditional or "")[:200_000])  # without accents that Big5 has on letters alone
    leads = [lead for sign in known if (lead := sign.encode("big5hkscs")[0]) not in range(0xA1, 0xA4)]
    return traditional if 10 * sum(0xA4 <= lead <= 0xC6 for lead in leads) > 9 * len(leads) else None


def _is_odd_chinese(text: str) -> bool:
    """Tell whether what reads as Chinese is rather an accented letter and its neighbour: lone rare characters (K鰈n) outweigh the rest."""
    runs = re.findall("[^\x00-\x7f]+", text[:200_000])
    odd = sum(1 for run in runs if len(run) == 1 and not _is_common(run))
    return odd > sum(map(len, runs)) - odd


def _is_common(sign: str) -> bool:
    # GB2312 keeps punctuation and full-width signs in its first rows and common characters from B0 to D7.
    code = sign.encode("gb18030")
    return len(code) == 2 and (code[0] in range(0xA1, 0xA4) or code[0] in range(0xB0, 0xD8)) and code[1] > 0xA0


def _unmarked_utf16(content: bytes) -> tuple[str, ...]:
    # ASCII signs (line ends, digits, commas) have a zero byte at every second place; no other text has zero bytes.
    head = content[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) // 50 + 1:
        return ()
    return ("utf-16-le",) if odd > even else ("utf-16-be",)


def _try(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
