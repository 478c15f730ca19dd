"""What changed between two versions, word by word where it can be shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: `kind` is same, gone or new."""

    kind: str
    text: str


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Return the runs that turn one text into the other; Chinese is compared sign by sign, Latin words whole."""
    left, right = _units(before), _units(after)
    found: list[Piece] = []
    for kind, begin, end, begin_after, end_after in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(left[begin:end])))
            continue
        if end > begin:
            found.append(Piece("gone", "".join(left[begin:end])))
        if end_after > begin_after:
            found.append(Piece("new", "".join(right[begin_after:end_after])))
    return tuple(found)


def _units(text: str) -> Sequence[str]:
    # Long texts are compared by lines: comparing signs takes the square of their number.
    return text.splitlines(keepends=True) if len(text) > 4_000 else re.findall(r"[A-Za-z0-9]+|.", text, re.DOTALL)
