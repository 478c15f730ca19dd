"""A version as it is stored: content, key, explanations and what classifies them."""

from dataclasses import dataclass
from datetime import datetime

from question_bank.domain.item import Explanation, ItemContent, Key
from question_bank.domain.review import Standing, Status


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is about to be stored."""

    content: ItemContent
    key: Key
    explanation: Explanation
    topic: str
    level: str | None
    difficulty: float
    points: int | None
    tags: tuple[str, ...]
    source: str
    plain: str
    digest: str


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version of one item, with the item's own facts."""

    item_id: int
    version_id: int
    bank_id: int
    external_id: str
    number: int
    status: Status
    author_id: int | None
    authors: frozenset[int]  # everybody who wrote since the last approval
    created_at: datetime
    is_latest: bool
    is_approved: bool
    content: ItemContent
    key: Key
    explanation: Explanation
    topic: str
    level: str | None
    difficulty: float
    points: int | None
    tags: tuple[str, ...]
    source: str
    pool: str | None
    enemies: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        """Return where the newest version stands, for the rules of review."""
        return Standing(self.status, self.authors)
