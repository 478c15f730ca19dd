"""What the server has acknowledged, written down by the clients themselves: the only witness that a verdict trusts."""

import hashlib
from pathlib import Path
from typing import TextIO

import msgspec

Spans = list[tuple[int, int]]


class AnswerKept(msgspec.Struct, tag="answer"):
    """A save that came back as saved."""

    token: str
    account: str
    position: int
    seq: int
    revision: int
    choices: list[int]
    hash: str


class HandedIn(msgspec.Struct, tag="hand_in"):
    """A hand-in that came back with a receipt."""

    token: str
    account: str
    key: str
    receipt: str
    answered: int


class QuizHandedIn(msgspec.Struct, tag="quiz"):
    """A lesson's quiz that came back with its review; every item was answered by its first option."""

    account: str
    attempt: int
    items: int


class BeatKept(msgspec.Struct, tag="beat"):
    """A heartbeat that came back, and the seconds it says are accepted."""

    lease: str
    account: str
    sequence: int
    claimed: Spans
    accepted: Spans
    length_ms: int


class Opened(msgspec.Struct, tag="opened"):
    """An attempt as the server opened it; coming back must find the same paper and deadline."""

    token: str
    account: str
    paper_hash: str
    deadline: str


Entry = AnswerKept | HandedIn | QuizHandedIn | BeatKept | Opened


class Journal:
    """A file of entries, one a line, each written out before the client goes on."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def add(self, entry: Entry) -> None:
        """Write one entry."""
        self._file.write(msgspec.json.encode(entry).decode() + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def entries(path: Path) -> list[Entry]:
    """Read a journal; a last line that broke off with its writer was never acted upon."""
    found: list[Entry] = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Entry))
        except msgspec.DecodeError:
            continue
    return found


def change_hash(change: dict[str, object]) -> str:
    """Return the digest of one change, worked out from what was sent and nothing else."""
    choices = change["choices"]
    assert isinstance(choices, list)
    value = ",".join(str(choice) for choice in sorted(choices))
    said = f"{change['position']}|{change['seq']}|{change['revision']}|{value}|{change['marked']:d}|{change['clear']:d}"
    return hashlib.sha256(said.encode()).hexdigest()
