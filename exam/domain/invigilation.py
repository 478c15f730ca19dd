"""What an invigilator watches: how many of a unit's learners do what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

RECENT = timedelta(minutes=2)  # a save this long ago is "just now"
SILENT = timedelta(seconds=150)  # a page in front speaks every 50 to 70 s: two words missed


@dataclass(frozen=True, slots=True)
class Counts:
    """Learners of a unit by what they do; `waiting` are among the not started, `dropped` and `saving` among the open ones."""

    enrolled: int = 0
    not_started: int = 0
    waiting: int = 0
    open: int = 0
    saving: int = 0
    dropped: int = 0
    paused: int = 0
    handed_in: int = 0
    swept: int = 0  # ended by the server at the deadline
    takeovers: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add two units."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))


NAMES = tuple(field.name for field in fields(Counts))
NONE = Counts()


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from a save's arrival to its being stored, and how many saves there were a second."""

    median: int
    p95: int
    p99: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All units of an exam at one instant, by path; each unit holds those below it."""

    at: datetime
    by_path: Mapping[str, Counts]
    latency: Latency | None
    beyond: Mapping[str, int]  # further papers that go beyond a rule, by its name in fairness.BEYOND

    def of(self, path: str) -> Counts:
        """Return the counts of a unit."""
        return self.by_path.get(path, NONE)


def rolled_up(rows: Iterable[tuple[str, Counts]]) -> dict[str, Counts]:
    """Add each unit's own counts to all units above it."""
    found: dict[str, Counts] = {}
    for path, counts in rows:
        above = "/"
        for part in path.strip("/").split("/"):
            above += f"{part}/"
            found[above] = found.get(above, NONE) + counts
    return found
