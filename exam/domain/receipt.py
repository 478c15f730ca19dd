"""A receipt: the digest of what stood when a paper was handed in, and its first signs as a code for people."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lms.kernel.refusal import N_, Missing

CODE = 16  # hexadecimal signs: nobody finds one by trying


class ReceiptMissing(Missing):
    """No handing-in has this code."""

    code = "receipt_missing"
    message = N_("没有找到这个回执编号。请核对后重新输入。")


@dataclass(frozen=True, slots=True)
class Logged:
    """One saved line of the log: what stood at a position from a revision on."""

    position: int
    revision: int
    value: str


def standing(lines: Iterable[Logged]) -> Mapping[int, Logged]:
    """Return the newest line of each position."""
    newest: dict[int, Logged] = {}
    for line in lines:
        if line.position not in newest or line.revision > newest[line.position].revision:
            newest[line.position] = line
    return newest


def digest(attempt_id: int, turn: int, paper_hash: str, items: int, held: Mapping[int, Logged]) -> str:
    """Return the digest of what an attempt held at its hand-in number `turn`, as the database function exam_end computes it."""
    values = ";".join(held[at].value if at in held else "-" for at in range(1, items + 1))
    revisions = ",".join(str(held[at].revision) if at in held else "0" for at in range(1, items + 1))
    return hashlib.sha256(f"{attempt_id}|{turn}|{paper_hash}|{values}|{revisions}".encode()).hexdigest()


def code_of(whole: str) -> str:
    """Return the code for people."""
    return whole[:CODE].upper()


def written(code: str) -> str:
    """Return a code in groups of four, as it is read aloud."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
