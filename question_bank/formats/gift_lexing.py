"""GIFT, first step: comments, categories, and blocks of one item each with their place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPED = {"~": "\ue000", "=": "\ue001", "#": "\ue002", "{": "\ue003", "}": "\ue004", ":": "\ue005", "\\": "\ue006", "%": "\ue008"}
_PLAIN = {mark: sign for sign, mark in _ESCAPED.items()} | {"\ue007": "\n"}
_HINT = re.compile(r"\[(id|tag):([^\]]{0,300})\]")  # no honest name is longer


@dataclass(frozen=True, slots=True)
class Block:
    """One item's text, escapes hidden behind private signs."""

    line: int
    text: str
    category: str
    name: str = ""
    tags: tuple[str, ...] = ()


def hide(text: str) -> str:
    """Put private signs in place of escaped ones, so that what remains is syntax."""
    return re.sub(r"\\([~=#{}:\\n%])", lambda found: "\ue007" if found[1] == "n" else _ESCAPED[found[1]], text)


def reveal(text: str) -> str:
    """Return the words behind the private signs."""
    return "".join(_PLAIN.get(sign, sign) for sign in text).strip()


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks: parted by blank lines outside braces."""
    category, name, tags = "", "", list[str]()
    begun, held, depth = 0, list[str](), 0
    for number, raw in enumerate([*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""], start=1):
        line = hide(re.sub("[\ue000-\ue00f]", "\ufffd", raw))
        bare = line.strip()
        if bare.startswith("//"):
            for kind, value in _HINT.findall(bare):
                name, tags = (value.strip(), tags) if kind == "id" else (name, [*tags, value.strip()])
            continue
        if bare.upper().startswith("$CATEGORY:") and depth == 0:
            if held:
                yield Block(begun, "\n".join(held), category, name, tuple(tags))
                held, name, tags = [], "", []
            category = reveal(bare[len("$CATEGORY:") :])
            continue
        if not bare and depth == 0:
            if held:
                yield Block(begun, "\n".join(held), category, name, tuple(tags))
                held, name, tags = [], "", []
            continue
        begun = begun if held else number
        held.append(line)
        # A new title while a brace is still open means that the block before was never closed.
        depth = max(0, depth + line.count("{") - line.count("}"))
        if depth and bare.startswith("::") and len(held) > 1:
            yield Block(begun, "\n".join(held[:-1]), category, name, tuple(tags))
            begun, held, name, tags, depth = number, [line], "", [], line.count("{") - line.count("}")
    if held:
        yield Block(begun, "\n".join(held), category, name, tuple(tags))
