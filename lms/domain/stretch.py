"""A city window or the time an exam is open, with whoever may come: by city, and by the sectors they teach in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lms.domain.behaviour import Behaviour
from lms.domain.exam_terms import ExamShape, ExamTime, as_filed
from lms.domain.programme import Programme

QUARTER = timedelta(minutes=15)
SECONDS = 900


def quarter_of(moment: datetime) -> datetime:
    """Return when the quarter of an hour began that a moment lies in."""
    return datetime.fromtimestamp(moment.timestamp() // SECONDS * SECONDS, tz=moment.tzinfo)


def whole_quarters(opens: datetime, closes: datetime) -> tuple[datetime, datetime]:
    """Widen a time to whole quarters of an hour, as people are counted."""
    return quarter_of(opens), quarter_of(closes + QUARTER - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A city window, or the time an exam is open for everybody: then `exam` says what is sat. `sectors` are the shares of a city's people by sector."""

    code: str
    title: str
    exam: tuple[ExamShape, ...]
    opens: datetime
    closes: datetime
    seats: Mapping[str, int] = field(hash=False)
    sectors: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)

    @property
    def people(self) -> int:
        """Count everybody who may come."""
        return sum(self.seats.values())

    @property
    def days(self) -> float:
        """Say how long it lasts."""
        return (self.closes - self.opens) / timedelta(days=1)

    @property
    def quarters(self) -> int:
        """Count its quarters of an hour."""
        return max(1, round((self.closes - self.opens) / QUARTER))

    def at(self, quarter: int) -> datetime:
        """Return the instant a quarter begins."""
        return (self.opens.astimezone(UTC) + quarter * QUARTER).astimezone(self.opens.tzinfo)


def stretches(programme: Programme, people: Mapping[str, int] | None = None, exams: Sequence[ExamTime] = ()) -> tuple[Stretch, ...]:
    """Return the windows of a programme and its exams (without any, as the file says) in whole quarters of an hour; without `people` every seat counts."""
    held = people if people is not None else {row.code: sum(row.seats.values()) for row in programme.quotas.cities}
    sectors = sectors_of(programme)
    windows = (Stretch(one.code, one.title, (), *whole_quarters(one.opens, one.closes), _of(held, one.cities), sectors) for one in programme.windows)
    times = exams or as_filed(programme)
    return (*windows, *(Stretch(one.code, one.title, one.shapes, *whole_quarters(one.opens, one.closes), dict(held), sectors) for one in times))


def sectors_of(programme: Programme) -> dict[str, dict[str, float]]:
    """Return the sectors' shares of each city's seats."""
    return {row.code: {sector: seats / (sum(row.seats.values()) or 1) for sector, seats in row.seats.items()} for row in programme.quotas.cities}


def _of(held: Mapping[str, int], cities: Sequence[str]) -> dict[str, int]:
    return {city: held.get(city, 0) for city in cities}


def told_apart(stretch: Stretch, behaviour: Behaviour) -> tuple[str, ...]:
    """Return the sectors among a stretch's people of which the behaviour says something of their own; all others are together under no name."""
    here = {sector for city in stretch.seats for sector, share in stretch.sectors.get(city, {}).items() if share}
    return "", *(one for one in behaviour.sectors if one in here)


def people_by_sector(stretch: Stretch, apart: Iterable[str], city: str | None = None) -> dict[str, float]:
    """Count a city's people, or everybody, by the sectors that are told apart."""
    found = dict.fromkeys(apart, 0.0)
    for code in stretch.seats if city is None else (city,):
        seats, shares = stretch.seats[code], stretch.sectors.get(code, {})
        for sector in found:
            found[sector] += seats * (shares.get(sector, 0.0) if sector else 1.0 - sum(shares.get(other, 0.0) for other in found))
    return found
