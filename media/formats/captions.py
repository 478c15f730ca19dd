"""Captions: WebVTT read strictly and written anew, so that nothing but times and plain text reaches a browser."""

import html
import re
from dataclasses import dataclass

MOST_BYTES = 1024 * 1024
MOST_CUES = 20_000
_TIME = re.compile(r"(?:(\d{2,3}):)?([0-5]\d):([0-5]\d)\.(\d{3})")
_SETTING = re.compile(r"(?:align:(?:start|center|end|left|right)|(?:line|position|size):-?\d{1,3}(?:\.\d{1,2})?%?)")
_TAG = re.compile(r"<[^<>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class UnreadableError(ValueError):
    """The text is not WebVTT; `line` says where."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption."""

    start_ms: int
    end_ms: int
    settings: str
    text: str


def read(content: bytes) -> tuple[Cue, ...]:
    """Return the cues; notes, styles, regions and tags are dropped."""
    if len(content) > MOST_BYTES:
        raise UnreadableError(1)
    lines = _decoded(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise UnreadableError(1)
    cues: list[Cue] = []
    at = 1
    while at < len(lines):
        if "-->" not in lines[at]:
            at += 1
            continue
        start, end, settings = _timing(lines[at], at + 1)
        if end <= start or (cues and start < cues[-1].start_ms) or len(cues) >= MOST_CUES:
            raise UnreadableError(at + 1)
        at += 1
        text: list[str] = []
        while at < len(lines) and lines[at].strip():
            if "-->" in lines[at]:
                raise UnreadableError(at + 1)
            text.append(_plain(lines[at]))
            at += 1
        cues.append(Cue(start, end, settings, "\n".join(line for line in text if line)))
    if not cues:
        raise UnreadableError(len(lines))
    return tuple(cues)


def write(cues: tuple[Cue, ...]) -> bytes:
    """Return the cues as WebVTT."""
    blocks = [
        f"{_written(cue.start_ms)} --> {_written(cue.end_ms)}{' ' + cue.settings if cue.settings else ''}\n{html.escape(cue.text, quote=False)}"
        for cue in cues
        if cue.text
    ]
    return ("WEBVTT\n\n" + "\n\n".join(blocks) + "\n").encode()


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(1) from None


def _timing(line: str, number: int) -> tuple[int, int, str]:
    left, _, right = line.partition("-->")
    words = right.split()
    start, end = _TIME.fullmatch(left.strip()), _TIME.fullmatch(words[0]) if words else None
    if start is None or end is None:
        raise UnreadableError(number)
    return _milliseconds(start), _milliseconds(end), " ".join(word for word in words[1:] if _SETTING.fullmatch(word))


def _milliseconds(match: re.Match[str]) -> int:
    hours, minutes, seconds, thousandths = match.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


def _written(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"


def _plain(line: str) -> str:
    # Entities are resolved after the tags are gone and written anew as entities: "&lt;b&gt;" stays the text "<b>".
    return _CONTROL.sub("", html.unescape(_TAG.sub("", line))).replace("-->", "→").strip()
