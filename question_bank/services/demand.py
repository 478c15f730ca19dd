"""What those who draw on a bank ask of it: filled by the packages above when they are mounted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """So many approved items for exams of one kind, asked for by `title`; None means any, difficulty as expected share of right answers."""

    title: str
    type: str
    topic: str | None
    level: str | None
    hardest: float
    easiest: float
    needed: int
    found: int

    @property
    def lacking(self) -> int:
        """Return how many items must be written before a paper can be drawn at all."""
        return max(0, self.needed - self.found)


Source = Callable[[Session, str, datetime], Sequence[Demand]]
_sources: list[Source] = []


def register_demand(source: Source) -> None:
    """Have a source asked for its demands on a bank."""
    _sources.append(source)


def demands(session: Session, bank_code: str, now: datetime) -> tuple[Demand, ...]:
    """Return every demand on a bank, the least served first."""
    found = [demand for source in _sources for demand in source(session, bank_code, now)]
    return tuple(sorted(found, key=lambda demand: demand.found / max(1, demand.needed)))
