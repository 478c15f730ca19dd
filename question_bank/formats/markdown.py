"""Markdown around the marks of a paper: headings, bold and lists go where they stand before a mark; a ticked box is a key."""

import re
from collections.abc import Iterator, Sequence

from question_bank.formats import paper_code
from question_bank.formats import paper_marks as marks

_HEADED = re.compile(r"\s*+#{1,6}\s++")
_BOLD = re.compile(r"\s*+(?:\*\*|__)(?=\S)([^*\n]{1,300}?)(?:\*\*|__)")
_LISTED = re.compile(r"\s*+[-*+]\s++(?:\[([ xX])\]\s*+)?")
_NUMBERED = re.compile(r"(?:Question|Q|题目?|试题)\s?\d{1,5}")
_QUOTED = re.compile(r"^\s*+(?:>\s*+)+")
_DETAILS = re.compile(r"\s*+<details\b[^<>]*>\s*+", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*+<summary\b[^<>]*>(.{0,200}?)</summary>", re.IGNORECASE)
_CLOSED = re.compile(r"\s*+</details>\s*+$", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\s*+</?p>\s*+", re.IGNORECASE)
_ANNOUNCES = (("答案：", re.compile(r"答案|answer|solution", re.IGNORECASE)), ("解析：", re.compile("解析|详解|explanation", re.IGNORECASE)))


def lines(words: str) -> list[tuple[int, str]]:
    """Return the lines with their marks bare, each with its number, code and what opens at a click in one; a text without Markdown comes back as it is."""
    numbered = list(_opened(list(paper_code.joined(words.splitlines()))))
    quoted = any((found := _QUOTED.match(line)) and marks.FIELD.match(_unbold(line[found.end() :])) for _number, line in numbered)
    return [(number, _bare(_QUOTED.sub("", line) if quoted else line)) for number, line in numbered]


def _opened(numbered: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines without the tags around what opens at a click (<details>): its heading says that a key or an explanation follows."""
    depth = 0
    for at, (number, line) in enumerate(numbered):
        words = line
        if (opened := _DETAILS.match(words)) and _opens(words[opened.end() :]):
            depth, words = depth + 1, words[opened.end() :]
        if depth and (summary := _SUMMARY.match(words)):
            following = (words[summary.end() :], *(later for _number, later in numbered[at + 1 : at + 6]))
            words = _announced(summary[1], following) + words[summary.end() :]
        if depth and _PARAGRAPH.fullmatch(words):
            words = ""
        if depth and (closed := _CLOSED.search(words)):
            depth, words = depth - 1, words[: closed.start()]
        yield number, words


def _opens(behind: str) -> bool:
    """Tell whether what stands behind <details> is no question about the tag."""
    return not behind or _SUMMARY.match(behind) is not None or marks.FIELD.match(_bare(behind).strip()) is not None


def _announced(heading: str, following: Sequence[str]) -> str:
    """Return what a heading says of the lines behind it: nothing where they say it themselves."""
    words = marks.untagged(heading)
    role = next((role for role, told in _ANNOUNCES if told.search(words)), "")
    first = next((line for line in following if line.strip() and not _PARAGRAPH.fullmatch(line)), "")
    return (role or words) if not role or not marks.FIELD.match(_bare(first).strip()) else ""


def _bare(line: str) -> str:
    headed = _HEADED.match(line)
    rest = _unbold(line[headed.end() :] if headed else line)
    if (headed or rest != line) and marks.heads_field(rest):
        return f"{rest.strip()}："  # ### 参考答案, or the same in bold, alone in its line
    if (headed or rest != line) and _NUMBERED.fullmatch(rest.strip()):
        return f"{rest.strip()}."
    if headed and marks.begins(rest):
        return rest
    if (listed := _LISTED.match(line)) and marks.letter_at(rest := _unbold(line[listed.end() :])):
        return f"{rest.rstrip()}{marks.RIGHT}" if (listed[1] or "").strip() else rest
    return unbold if (unbold := _unbold(line)) != line and marks.begins(unbold) else line


def _unbold(line: str) -> str:
    return _BOLD.sub(r"\1", line, count=1) if _BOLD.match(line) else line
