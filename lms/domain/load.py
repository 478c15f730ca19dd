"""What really happens beside what was expected: where reality leaves the band."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain.forecast import Band, StretchForecast

IN_A_ROW = 2  # quarters outside the band before anybody is called: one in twenty lies outside by chance


@dataclass(frozen=True, slots=True)
class Alarm:
    """A city that has been outside its band for some time."""

    city: str
    at: datetime
    seen: int
    low: float
    high: float

    @property
    def above(self) -> bool:
        """Tell whether there are more than expected."""
        return self.seen > self.high


def curve(found: StretchForecast, seen: Mapping[datetime, int]) -> list[int | None]:
    """Lay what was seen on the quarters of a stretch, None where nothing was."""
    return [seen.get(found.stretch.at(quarter)) for quarter in range(found.stretch.quarters)]


def summed(seen: Mapping[str, Sequence[int | None]]) -> list[int | None]:
    """Add the cities' curves; None where nothing was seen."""
    return [sum(found) if (found := [one for one in row if one is not None]) else None for row in zip(*seen.values(), strict=True)]


def alarms(found: StretchForecast, metric: str, seen: Mapping[str, Sequence[int | None]]) -> tuple[Alarm, ...]:
    """Name the cities that have left their band, on the same side, in each of the newest quarters that were seen."""
    told = []
    for city, people in seen.items():
        band = found.city(city, metric)
        newest = [(quarter, count) for quarter, count in enumerate(people) if count is not None][-IN_A_ROW:]
        sides = {_side(band, quarter, count) for quarter, count in newest}
        if len(newest) == IN_A_ROW and len(sides) == 1 and 0 not in sides:
            quarter, count = newest[-1]
            told.append(Alarm(city, found.stretch.at(quarter), count, float(band.low[quarter]), float(band.high[quarter])))
    return tuple(told)


def _side(band: Band, quarter: int, count: int) -> int:
    """Return -1 below the band, 1 above it, 0 inside; counts are whole, so half a person is room on either side."""
    return int(count > band.high[quarter] + 0.5) - int(count < band.low[quarter] - 0.5)
