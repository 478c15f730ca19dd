"""GIFT, first step: comments, categories, and blocks of one item each with their place."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_ESCAPED = {"~": "\ue000", "=": "\ue001", "#": "\ue002", "{": "\ue003", "}": "\ue004", ":": "\ue005", "\\": "\ue006", "%": "\ue008"}
_PLAIN = {mark: sign for sign, mark in _ESCAPED.items()} | {"\ue007": "\n"}
_HINT = re.compile(r"\[(id|tag|scored):((?:\\\]|[^\]]){0,300})\]")  # no honest name is longer
_TITLED = re.compile(r"::[^:].*?::")
_OF_LATEX = re.compile(r"(?:\\[A-Za-z]+|[\^_}(])\{")


@dataclass(frozen=True, slots=True)
class Block:
    """One item's text, escapes hidden behind private signs."""

    line: int
    text: str
    category: str
    name: str = ""
    tags: tuple[str, ...] = ()
    is_whole: bool = False  # our own: right or wrong as a whole, the weights are for others


def hide(text: str) -> str:
    """Put private signs in place of escaped ones, so that what remains is syntax."""
    return re.sub(r"\\([~=#{}:\\n%])", lambda found: "\ue007" if found[1] == "n" else _ESCAPED[found[1]], text)


def reveal(text: str) -> str:
    """Return the words behind the private signs."""
    return "".join(_PLAIN.get(sign, sign) for sign in text).strip()


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks: parted by blank lines outside braces, and where a brace that was never closed would swallow the next item."""
    category, noted = "", defaultdict[str, list[str]](list)  # what comments say of the next item
    begun, held, depth, parting = 0, list[str](), 0, 0  # `parting`: behind the last blank line inside braces
    for number, raw in enumerate([*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""], start=1):
        line = hide(re.sub("[\ue000-\ue00f]", "\ufffd", raw))
        bare = line.strip()
        if bare.startswith("//"):
            for kind, value in _HINT.findall(raw):
                noted[kind].append(value.replace(r"\]", "]").strip())
            continue
        is_category = bare.upper().startswith("$CATEGORY:")
        is_next = is_category or bool(bare.startswith("::") if depth else not bare or _TITLED.match(bare))
        cut = len(held) if is_next else parting if depth and "{" in _OF_LATEX.sub("", line) else 0
        if cut:
            yield _block(begun, held[:cut], category, noted)
            held, depth, parting = held[cut:], 0, 0
            noted.clear()
            begun = number - len(held)
        if is_category:
            category = reveal(bare[len("$CATEGORY:") :])
        elif bare or depth:
            begun = begun if held else number
            held.append(line)
            depth = max(0, depth + line.count("{") - line.count("}"))
            parting = len(held) if depth and not bare else parting
    if held:
        yield _block(begun, held, category, noted)


def _block(line: int, held: Sequence[str], category: str, noted: Mapping[str, Sequence[str]]) -> Block:
    name = next(reversed(noted.get("id", ())), "")
    return Block(line, "\n".join(held), category, name, tuple(noted.get("tag", ())), is_whole="whole" in noted.get("scored", ()))
