"""A half-open period of time: its first instant belongs to it, its last does not."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal


@dataclass(frozen=True, slots=True)
class Name:
    """Give a field the key it has in a programme file."""

    key: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Say which end of a day a bare date stands for."""

    of_day: Literal["start", "end"]


Opens = Annotated[datetime, Name("from"), Edge("start")]
Closes = Annotated[datetime, Name("to"), Edge("end")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `opens` up to, and without, `closes`."""

    opens: Opens
    closes: Closes

    def contains(self, moment: datetime) -> bool:
        """Tell whether the moment lies inside."""
        return self.opens <= moment < self.closes

    def encloses(self, other: "Period") -> bool:
        """Tell whether the other period lies wholly inside."""
        return self.opens <= other.opens and other.closes <= self.closes

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two have an instant in common."""
        return self.opens < other.closes and other.opens < self.closes

    @property
    def first_day(self) -> date:
        """Name the first day, as people say it."""
        return self.opens.date()

    @property
    def last_day(self) -> date:
        """Name the last day, as people say it ("until 17 November")."""
        return (self.closes - timedelta(microseconds=1)).date()

    def minutes_held(self, longest_day: int) -> int:
        """Count the minutes a person has, at most so many on one calendar day."""
        total = 0
        day = self.opens
        while day < self.closes:
            midnight = datetime.combine(day.date() + timedelta(days=1), datetime.min.time(), day.tzinfo)
            end = min(midnight, self.closes)
            total += min(int((end - day).total_seconds() // 60), longest_day)
            day = end
        return total
