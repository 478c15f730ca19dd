"""What a run's clients have measured, as its processes leave it for the verdict."""

import time
from pathlib import Path

import msgspec

from load_tests.scenario import Asked

FILE = "figures.json"
EVERYBODY = ""
WAITED, LONGER, INTERVAL = "waited for a turn", "waited longer than told", "asked to report after"  # what is noted beside requests


def wall() -> float:
    """Return the time of day by which Locust stamps requests."""
    return time.time()  # noqa: TID251 - Locust's clock, not the product's


class Line(msgspec.Struct, frozen=True):
    """One path of one city; the city is empty for all together."""

    city: str
    method: str
    name: str
    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    queue_p95_ms: float = 0.0  # of the time in which nobody handled it; 0 where the server does not say


class Second(msgspec.Struct, frozen=True):
    """One second of the run."""

    at: int
    requests: float
    failures: float
    mean_ms: float
    people: int = 0  # teachers who were there


class Class(msgspec.Struct, frozen=True):
    """What became of the requests of one class under load."""

    name: str
    requests: int
    refused: int  # with 503 and when to come again
    failed: int

    @property
    def share(self) -> float:
        """Return which share was refused."""
        return self.refused / max(1, self.requests)


class Figures(msgspec.Struct, frozen=True):
    """Everything that the clients measured."""

    lines: list[Line]
    seconds: list[Second]
    classes: list[Class] = []
    asked: Asked | None = None  # what was played
    first: int = 0  # the first second that was judged, since 1970


def read(folder: Path) -> Figures:
    """Read what a run has left."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Figures)
