"""What a reader has found so far: drafts, losses, refusals and pictures, each at its place."""

from dataclasses import dataclass, field, replace

from lms.kernel.refusal import Refusal
from question_bank.domain.draft import Draft, tidy
from question_bank.domain.exchange import Loss, Picture, Reading
from question_bank.domain.fault import Fault, fault
from question_bank.formats import picture as pictures


@dataclass(slots=True)
class Findings:
    """Grows while a file is read; `reading` closes it."""

    format: str
    drafts: list[Draft] = field(default_factory=list)
    losses: dict[Loss, None] = field(default_factory=dict)
    refused: list[tuple[Draft, Fault]] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)

    def at(self, place: str) -> "Place":
        """Return the door for one item."""
        return Place(self, place)

    def reading(self) -> Reading:
        """Return everything that was found."""
        return Reading(self.format, tuple(self.drafts), tuple(self.losses), tuple(self.refused), tuple(self.pictures.values()))


@dataclass(frozen=True, slots=True)
class Place:
    """One item's place in a file: what is found there is noted with it."""

    found: Findings
    name: str

    def part(self, number: int) -> "Place":
        """Return the door for one of the items that an item becomes."""
        return Place(self.found, f"{self.name}（{number}）")

    def lose(self, what: str) -> None:
        """Note once what is not kept."""
        self.found.losses.setdefault(Loss(self.name, what))

    def keep(self, draft: Draft) -> None:
        """Keep a draft."""
        self.found.drafts.append(tidy(replace(draft, place=self.name)))

    def refuse(self, code: str, words: str = "", external_id: str = "") -> None:
        """Refuse the item with the reason; some words tell people which one it is."""
        self.found.refused.append((Draft(place=self.name, external_id=external_id[:120], stem=words[:300]), fault(code)))

    def picture(self, content: bytes, name: str) -> str | None:
        """Keep a picture and return its digest; one that cannot be read is a loss."""
        try:
            read = pictures.read(content)
            moves = pictures.moves(content)
        except Refusal as refusal:
            self.lose(f"图片“{name[:80]}”未导入：{refusal.message}")
            return None
        if moves:
            self.lose(f"图片“{name[:80]}”是动图，只保留第一帧")
        self.found.pictures.setdefault(read.digest, read)
        return read.digest
