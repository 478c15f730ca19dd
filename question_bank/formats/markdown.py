"""Markdown around the marks of a paper: headings, bold and lists go where they stand before a mark; a ticked box is a key."""

import re

from question_bank.formats import paper_marks as marks

_HEADED = re.compile(r"\s*+#{1,6}\s++")
_BOLD = re.compile(r"\s*+(?:\*\*|__)(?=\S)([^*\n]{1,300}?)(?:\*\*|__)")
_LISTED = re.compile(r"\s*+[-*+]\s++(?:\[([ xX])\]\s*+)?")
_RIGHT = "（正确答案）"


def plain(words: str) -> str:
    """Return the lines with their marks bare; a text without Markdown comes back as it is."""
    return "\n".join(_bare(line) for line in words.splitlines())


def _bare(line: str) -> str:
    if (headed := _HEADED.match(line)) and _marks(rest := _unbold(line[headed.end() :])):
        return rest
    if (listed := _LISTED.match(line)) and marks.letter_at(rest := _unbold(line[listed.end() :])):
        return f"{rest.rstrip()}{_RIGHT}" if (listed[1] or "").strip() else rest
    return unbold if (unbold := _unbold(line)) != line and _marks(unbold) else line


def _unbold(line: str) -> str:
    return _BOLD.sub(r"\1", line, count=1) if _BOLD.match(line) else line


def _marks(line: str) -> bool:
    """Tell whether a line begins with something that a paper is told by."""
    words = line.strip()
    return bool(marks.STEM.match(words) or marks.letter_at(words) or marks.FIELD.match(words) or marks.heading(words) or marks.ANSWERS.fullmatch(words))
