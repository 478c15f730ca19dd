"""The verdict of the last rehearsal of an exam, as `python -m load_tests run` leaves it in VAR_DIR; those of learning windows lie beside it."""

from datetime import datetime
from pathlib import Path

import msgspec

FILE = "load_test_verdict_exam.json"


class Played(msgspec.Struct, frozen=True):
    """Which stretch of a programme was played, and with which share of the forecast's peak: as it was asked for, and of each band."""

    title: str = ""
    scale: float = 0.0
    scales: dict[str, float] = {}

    @property
    def share(self) -> float:
        """Return the share of the 95 % edge, by which machines are sized."""
        return self.scales.get("high", self.scale)


class LoadTest(msgspec.Struct, frozen=True):
    """What a run came to; `starts_per_second` is the most that were begun in a second over ten, 0 where no exam was sat."""

    passed: bool
    at: datetime
    scenario: Played = Played()
    starts_per_second: float = 0.0


def last(var_dir: Path) -> LoadTest | None:
    """Return the last verdict; None where there is none that can be read."""
    try:
        return msgspec.json.decode((var_dir / FILE).read_bytes(), type=LoadTest)
    except (OSError, msgspec.MsgspecError):
        return None


def bearable(var_dir: Path) -> float:
    """Return how many starts a second the last passed load test bore; 0 where none says."""
    found = last(var_dir)
    return found.starts_per_second if found and found.passed else 0.0
