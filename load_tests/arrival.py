"""How people come: one shape for each city window of a programme, read from its file.

Seats of the window's cities say how many; days and hours say when: the first days and the last two are fuller, evenings
fuller than mornings. `scale` is the share of people who really come in the test, `compress` how many seconds of the window
pass in one second of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lms.domain.programme import Programme

HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 9, 8, 9, 8, 8, 8, 9, 9, 10, 13, 15, 13, 8, 3)  # of a hundred and seventy
FULL_DAYS, FULLNESS = 2, 1.5


@dataclass(frozen=True, slots=True)
class Arrival:
    """One window's people and hours."""

    code: str
    seats: int
    hours: tuple[float, ...]  # shares of the window's people who are at it in each of its hours, the fullest 1.0

    @classmethod
    def of(cls, programme: Programme, window: int) -> "Arrival":
        """Read it from a programme."""
        asked = programme.windows[window]
        seats = sum(sum(row.seats.values()) for row in programme.quotas.cities if row.code in asked.cities)
        days = round((asked.closes - asked.opens).total_seconds() / 86_400)
        fullness = [FULLNESS if day < FULL_DAYS or day >= days - FULL_DAYS else 1.0 for day in range(days)]
        hours = [share * hour for share in fullness for hour in HOURS]
        most = max(hours)
        return cls(asked.code, seats, tuple(hour / most for hour in hours))

    def people_at(self, second: float, *, scale: float, compress: float) -> int | None:
        """Return how many are at it at a second of the test; None when the window is over."""
        hour = int(second * compress / 3600)
        return None if hour >= len(self.hours) else max(1, round(self.seats * scale * self.hours[hour]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was asked for."""

    programme: Path
    window: int
    people: int
    seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Plan":
        """Read what `python -m load_tests run` has passed on."""
        return cls(
            Path(environment["LOAD_PROGRAMME"]),
            int(environment["LOAD_WINDOW"]),
            int(environment["LOAD_PEOPLE"]),
            float(environment["LOAD_SECONDS"]),
        )
