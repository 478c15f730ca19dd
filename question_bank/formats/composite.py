"""An item that asks several things becomes several items: which words of its body belong to which of them, and which to all."""

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from lxml import etree

from question_bank.formats.rich_text import BLOCK

_SIGN = "\u2063{}\u2063"  # an invisible sign no text holds
SIGNS = re.compile("\u2063(\\d+)\u2063")
_CUTS = re.compile(rf"(</?(?:{'|'.join(BLOCK)})(?: [^<>]*)?>|\n)")


def sign(number: int) -> str:
    """Return what stands in a text for a part that is asked."""
    return _SIGN.format(number)


def runs(parts: Sequence[etree._Element], is_gap: Callable[[etree._Element], bool]) -> list[list[etree._Element]]:
    """Return what is asked together: gaps that follow each other, and everything else by itself."""
    held = groupby(enumerate(parts), key=lambda part: -1 if is_gap(part[1]) else part[0])
    return [[element for _at, element in run] for _key, run in held]


def frames(body: str, numbers: Sequence[Sequence[int]], worded: Sequence[bool]) -> list[str]:
    """Return for each run the body without what belongs to the others; `numbers` are its signs, `worded` tells of words that are not in the body.

    What stands before a run belongs to it, what stands before the first or behind the last to all; but where every other run has
    words of its own and the first has none, the last block before it is its question.
    """
    owner = {number: at for at, run in enumerate(numbers) for number in run}
    pieces = [(piece, list(dict.fromkeys(owner[int(number)] for number in SIGNS.findall(piece) if int(number) in owner))) for piece in _blocks(body)]
    signed = [at for at, (_piece, held) in enumerate(pieces) if held] or [0]
    before = [piece for piece, _held in pieces[: signed[0]]]
    behind = [piece for piece, _held in pieces[signed[-1] + 1 :]]
    own: list[list[str]] = [[] for _ in numbers]
    lead: list[str] = []
    for piece, held in pieces[signed[0] : signed[-1] + 1]:
        if held:
            own[held[0]] += lead
            for at in held:
                own[at].append(piece)
        lead = [] if held else [*lead, piece]
    says = [has_words or bool(SIGNS.sub("", "".join(mine)).strip()) for has_words, mine in zip(worded, own, strict=True)]
    if before and not says[0] and all(says[1:]):
        own[0].insert(0, before.pop())
    return [_without_others(_joined([*before, *mine, *behind]), set(run)) for mine, run in zip(own, numbers, strict=True)]


def filled(frame: str, words: str) -> str:
    """Return a frame with the words of its part in their place."""
    return re.sub(r"\n{2,}", "\n", SIGNS.sub(lambda _found: words, frame))


def _blocks(body: str) -> list[str]:
    """Return the paragraphs, tables and lines of a text in the author's notation."""
    found, piece, depth = [], "", 0
    for cut in _CUTS.split(body):
        is_tag = cut.startswith("<") and bool(_CUTS.fullmatch(cut))
        is_end = is_tag and cut.startswith("</")
        if depth == 0 and ((is_tag and not is_end) or cut == "\n"):
            found.append(piece)
            piece = ""
        piece += cut
        depth = max(depth + is_tag - 2 * is_end, 0)
        if depth == 0 and is_end:
            found.append(piece)
            piece = ""
    return [each for each in (*found, piece) if each.strip()]


def _joined(pieces: Sequence[str]) -> str:
    text = ""
    for piece in pieces:
        text += ("\n" if text and not (text.endswith(">") and piece.startswith("<")) else "") + piece.strip()
    return text


def _without_others(text: str, mine: set[int]) -> str:
    return SIGNS.sub(lambda found: found[0] if int(found[1]) in mine else "（…）", text)
