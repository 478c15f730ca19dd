"""What a run's clients have measured, as its processes leave it for the verdict."""

from pathlib import Path

import msgspec

FILE = "figures.json"
EVERYBODY = ""


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
    slowest_ms: float
    people: int = 0  # teachers who were there


class Figures(msgspec.Struct, frozen=True):
    """Everything that the clients measured."""

    lines: list[Line]
    seconds: list[Second]


def read(folder: Path) -> Figures:
    """Read what a run has left."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Figures)
