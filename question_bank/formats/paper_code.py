"""Code in a paper: what is fenced is kept as it stands; where it is not, the lines that lose their indentation are named."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent

from question_bank.formats import paper_marks as marks
from question_bank.formats import rich_text

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[^`]*")
_OPTION = re.compile(r"\s*A\s*[.、．:：)）]")
_IN_ASCII = re.compile(r"([ \t]*)[!-~]")
_LONGEST = 300  # lines of code
_STEP = 2  # columns: what is indented by less was meant as little


def joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines, numbered from 1; fenced code as one, preformatted. A fence that is never closed or holds items fences nothing, and is no words."""
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        if end:
            yield at + 1, _preformatted(dedent("\n".join(lines[at + 1 : end]).expandtabs(4)))
        else:
            yield at + 1, "" if _FENCE.fullmatch(lines[at]) else lines[at]
        at = end + 1 if end else at + 1


def _preformatted(code: str) -> str:
    inside = html.escape(code, quote=False).replace("\n", "<br>")
    return rich_text.to_notation(f"<pre>{inside}</pre>") if code.strip() else ""


def _end(lines: Sequence[str], at: int) -> int:
    """Return where the fence that opens at a line is closed; 0 when none opens there."""
    opened = _FENCE.fullmatch(lines[at])
    if not opened:
        return 0
    for end in range(at + 1, min(at + 2 + _LONGEST, len(lines))):
        words = lines[end].strip()
        if words.startswith(opened[1]) and not words.strip(opened[1][0]):
            return end
        if marks.STEM.match(words) or marks.FIELD.match(words) or _OPTION.match(words):
            return 0
    return 0


def flattened(lines: Iterable[tuple[int, str]]) -> Iterator[int]:
    """Yield the number of the first line of each stretch that is indented deeper than the one above, where neither begins with a mark."""
    above, told = -1, False
    for number, text in lines:
        found = _IN_ASCII.match(text)
        if not text.strip():
            continue
        if not found or text.startswith("<pre>") or marks.begins(text):
            above, told = -1, False
            continue
        depth = len(found[1].expandtabs(4))
        if not told and 0 <= above <= depth - _STEP:
            told = True
            yield number
        above = depth
