"""Better windows: which city studies when, so that the fullest moment of all is as small as it can be; found exactly.

The span of the notice's windows is cut into as many windows as the notice has, and every city goes into one. One participant
of a window costs so much at its fullest moment (`cost`); a window's peak is that times its people. No plan can be better than
everybody shared out in proportion (`bound`), and what is found is the best of all plans: branch and bound leaves out only
what cannot beat the best so far.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from lms.domain.programme import Programme, Window

SHORTEST_DAYS = 7
_EQUAL = 1e-9

Cost = Callable[[datetime, datetime], float]


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """One window of a plan."""

    window: Window
    people: int
    peak: float

    @property
    def days(self) -> int:
        """Say how many days it lasts."""
        return (self.window.closes - self.window.opens).days

    @property
    def for_each_day(self) -> float:
        """Say how many people there are for each of its days: the measure of even load."""
        return self.people / self.days


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """All windows; `bound` is what no plan with these dates can go below, `moved` how many get another window than by the notice."""

    windows: tuple[PlannedWindow, ...]
    bound: float
    moved: int = 0
    cities_moved: tuple[str, ...] = ()

    @property
    def peak(self) -> float:
        """Return the highest peak of all windows."""
        return max(one.peak for one in self.windows)


@dataclass(slots=True)
class _Best:
    """The best shares found so far."""

    peak: float
    moved: int
    places: tuple[int, ...] | None = field(default=None)


def plannable(programme: Programme) -> bool:
    """Tell whether there is anything to plan: two windows or more, one after the other."""
    return len(programme.windows) > 1 and all(one.closes <= following.opens for one, following in pairwise(programme.windows))


def as_noticed(programme: Programme, seats: Mapping[str, int], cost: Cost) -> WindowPlan:
    """Reckon the notice's own windows the same way."""
    costs = [cost(one.opens, one.closes) for one in programme.windows]
    held = [sum(seats.get(city, 0) for city in one.cities) for one in programme.windows]
    planned = tuple(PlannedWindow(window, people, people * each) for window, people, each in zip(programme.windows, held, costs, strict=True))
    return WindowPlan(planned, _bound(sum(held), costs))


def better(programme: Programme, seats: Mapping[str, int], cost: Cost, *, keep_dates: bool = False, slack: float = 0.0) -> WindowPlan:
    """Find the plan with the lowest peak; among those within `slack` of it, with its dates, the one that moves fewest people."""
    cities = [city for window in programme.windows for city in window.cities]
    home = {city: place for place, window in enumerate(programme.windows) for city in window.cities}
    order = sorted(cities, key=lambda city: -seats.get(city, 0))
    people = [seats.get(city, 0) for city in order]
    homes = [home[city] for city in order]
    dates = [[(one.opens, one.closes) for one in programme.windows]] if keep_dates else list(_dates(programme))
    found: tuple[_Best, Sequence[tuple[datetime, datetime]]] | None = None
    noticed = [window.opens for window in programme.windows]

    def first(offer: tuple[list[float], list[tuple[datetime, datetime]]]) -> tuple[float, timedelta]:
        shift = sum((abs(row[0] - opens) for row, opens in zip(offer[1], noticed, strict=True)), timedelta())
        return round(_bound(sum(people), offer[0]), 6), shift

    offers = sorted((([cost(*one) for one in row], row) for row in dates), key=first)
    for costs, row in offers:
        if found and _bound(sum(people), costs) >= found[0].peak * (1 - _EQUAL):
            break  # the offers come by their bounds, so no later one can be better
        best = share_out(people, costs, homes, found[0].peak if found else None, slack)
        if best.places is not None:
            found = best, row
    assert found is not None
    assert found[0].places is not None
    return laid(programme, found[1], seats, dict(zip(order, found[0].places, strict=True)), cost)


def share_out(people: Sequence[int], costs: Sequence[float], homes: Sequence[int], below: float | None = None, slack: float = 0.0) -> _Best:
    """Put cities (largest first) into windows exactly: lowest peak, then fewest people moved; no places if `below` cannot be beaten."""
    best = _Best(peak=below if below is not None else float("inf"), moved=sum(people) + 1)
    least = _bound(sum(people), costs)
    if not _search(people, costs, homes, best, least, strict=True) and best.places is None:
        return best
    # The lowest peak is known now; look again for the plan of that peak which moves fewest.
    lowest = best.peak
    best.peak *= 1 + slack
    _search(people, costs, homes, best, least, strict=False)
    best.peak = lowest
    return best


def _search(people: Sequence[int], costs: Sequence[float], homes: Sequence[int], best: _Best, least: float, *, strict: bool) -> bool:
    """Go through all ways that could beat the best; strict looks at the peak alone, otherwise at people moved within that peak."""
    loads = [0] * len(costs)
    places = [0] * len(people)
    rest = [sum(people[place:]) for place in range(len(people) + 1)]

    def room() -> list[int]:
        return [int(best.peak * (1 - _EQUAL if strict else 1 + _EQUAL) / cost) - load for cost, load in zip(costs, loads, strict=True)]

    def go(at: int, moved: int) -> bool:
        if at == len(people):
            best.peak = max(load * cost for load, cost in zip(loads, costs, strict=True)) if strict else best.peak
            best.moved, best.places = moved, tuple(places)
            return strict and best.peak <= least * (1 + _EQUAL)
        left = room() if best.peak != float("inf") else [rest[at]] * len(costs)
        if min(left) < 0 or sum(left) < rest[at]:
            return False
        tried = set()
        for window in sorted(range(len(costs)), key=lambda one: (one != homes[at], loads[one] * costs[one])):
            further = moved + (people[at] if window != homes[at] else 0)
            twin = (loads[window], costs[window])
            if people[at] > left[window] or (not strict and further >= best.moved) or (strict and twin in tried):
                continue
            tried.add(twin)
            loads[window] += people[at]
            places[at] = window
            done = go(at + 1, further)
            loads[window] -= people[at]
            if done:
                return True
            if strict:
                left = room() if best.peak != float("inf") else left
        return False

    return go(0, 0)


def _bound(people: int, costs: Sequence[float]) -> float:
    return people / sum(1 / cost for cost in costs)


def _dates(programme: Programme) -> Iterator[list[tuple[datetime, datetime]]]:
    """Cut the notice's span into as many windows of whole days, none shorter than a week (or the notice's own shortest)."""
    opens, closes = programme.windows[0].opens, programme.windows[-1].closes
    days = (closes.date() - opens.date()).days + (closes.time() > opens.time())
    shortest = min(SHORTEST_DAYS, *((one.closes - one.opens).days for one in programme.windows))
    for cuts in _cuts(0, days, len(programme.windows), max(1, shortest)):
        marks = [opens, *(opens + timedelta(days=cut) for cut in cuts), closes]
        yield list(pairwise(marks))


def _cuts(start: int, end: int, parts: int, shortest: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield ()
        return
    for cut in range(start + shortest, end - shortest * (parts - 1) + 1):
        for further in _cuts(cut, end, parts - 1, shortest):
            yield (cut, *further)


def laid(programme: Programme, dates: Sequence[tuple[datetime, datetime]], seats: Mapping[str, int], place_of: Mapping[str, int], cost: Cost) -> WindowPlan:
    """Reckon the plan with these dates and the cities in these places."""
    planned = []
    for number, (window, (opens, closes)) in enumerate(zip(programme.windows, dates, strict=True)):
        cities = tuple(row.code for row in programme.quotas.cities if place_of.get(row.code) == number)
        held = sum(seats.get(city, 0) for city in cities)
        planned.append(PlannedWindow(replace(window, opens=opens, closes=closes, cities=cities), held, held * cost(opens, closes)))
    away = tuple(city for number, window in enumerate(programme.windows) for city in window.cities if place_of[city] != number)
    bound = _bound(sum(one.people for one in planned), [cost(*one) for one in dates])
    return WindowPlan(tuple(planned), bound, sum(seats.get(city, 0) for city in away), away)
