"""Everything an operator wants to know before the windows open, reckoned once: curves, sizes, sways, and better windows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from lms.domain import forecast, sizing, window_plan
from lms.domain.behaviour import Behaviour
from lms.domain.exam_terms import ExamTime
from lms.domain.forecast import DRAWS, Overlap, StretchForecast
from lms.domain.limits import Fit, Limits, NodesTried, Taken, fit, nodes_tried, taken
from lms.domain.programme import Programme, Window
from lms.domain.sizing import Alternative, Capacity, Sizing, Sways
from lms.domain.stretch import Stretch, sectors_of, stretches, whole_quarters
from lms.domain.window_plan import Cost, WindowPlan
from lms.kernel.refusal import N_

NEAR = 0.02  # so much above the lowest peak may be if far fewer people are moved for it
TIGHTER = (1.0, 0.97, 0.94, 0.91, 0.88)  # shares of the limits a plan is looked for in: a window's band is that of its own cities, drawn when it is found


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to lay the windows; `code` names it where the operator adopts it, the notice's own has none. `sizes` are of its windows."""

    code: str
    title: str
    plan: WindowPlan
    sizes: tuple[Sizing, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a programme; alternatives are those of the fullest window, sways of each stretch, `draws` how many cases were drawn."""

    programme: Programme
    behaviour: Behaviour
    capacity: Capacity | None
    node_cores: int
    forecasts: tuple[StretchForecast, ...]
    sizes: tuple[Sizing, ...]
    overlaps: tuple[tuple[Overlap, Sizing], ...]
    fullest: StretchForecast
    sways: tuple[Sways, ...]
    alternatives: tuple[Alternative, ...]
    choices: tuple[Choice, ...]
    limits: Limits
    draws: int

    @property
    def unmoved(self) -> tuple[str, ...]:
        """Name the figures that nobody knows for certain and that yet move no peak by themselves: they widen the band, or nothing here depends on them."""
        moved = {sway.figure.name for stretch in self.sways for rows in stretch.values() for sway in rows}
        return tuple(one.name for one in self.behaviour.ranged if one.name not in moved)

    def fit(self, needed: Sizing) -> Fit:
        """Compare what is needed with what there is."""
        return fit(needed, self.limits, self.node_cores)

    @property
    def needs(self) -> tuple[tuple[tuple[Stretch, ...], Sizing], ...]:
        """Return what every stretch needs by itself, then together with those that are open at the same time."""
        alone = (((one.stretch,), needed) for one, needed in zip(self.forecasts, self.sizes, strict=True))
        return (*alone, *((both.stretches, needed) for both, needed in self.overlaps))

    @property
    def nodes_tried(self) -> tuple[NodesTried, ...]:
        """Say what one node less or more comes to."""
        return nodes_tried(self.needs, self.limits, self.node_cores)

    def taken(self, found: StretchForecast) -> Taken:
        """Say what one person at it takes of what there is."""
        return taken(found, self.capacity, self.node_cores, self.limits)


def outlook(
    programme: Programme,
    behaviour: Behaviour,
    capacity: Capacity | None,
    *,
    node_cores: int,
    people: Mapping[str, int] | None = None,
    exams: Sequence[ExamTime] = (),
    count: int = DRAWS,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Outlook:
    """Reckon it; of people who have come only the curves, since nothing is planned any more."""
    found = tuple(forecast.forecast(one, programme, behaviour, count=count) for one in stretches(programme, people, exams))
    fullest = max(found, key=lambda one: one.peaks["watching"].median)
    ahead = people is None
    reckoned = Outlook(
        programme=programme,
        behaviour=behaviour,
        capacity=capacity,
        node_cores=node_cores,
        forecasts=found,
        sizes=tuple(sizing.size(one, capacity, node_cores) for one in found),
        overlaps=tuple((one, sizing.size(one, capacity, node_cores)) for one in forecast.overlaps(found)),
        fullest=fullest,
        sways=tuple(sizing.sways(one.stretch, programme, behaviour) for one in found) if ahead else (),
        alternatives=sizing.alternatives(fullest.stretch, programme, behaviour) if ahead else (),
        choices=(),
        limits=limits,
        draws=count,
    )
    return replace(reckoned, choices=choices(reckoned, count)) if ahead else reckoned


def choices(found: Outlook, count: int) -> tuple[Choice, ...]:
    """Return the notice's own windows and the better ones; nothing where there is nothing to plan."""
    programme = found.programme
    seats = {row.code: sum(row.seats.values()) for row in programme.quotas.cities}
    if not window_plan.plannable(programme) or not any(seats.values()):
        return ()
    cost, sized = peak_of_one(programme, found.behaviour), _sizes(found, count)
    offered = [
        ("", N_("现行安排"), window_plan.as_noticed(programme, seats, cost)),
        ("near", N_("日期不变，少动人"), window_plan.better(programme, seats, cost, keep_dates=True, slack=NEAR)),
        ("even", N_("日期不变，每天人数最匀"), _again(programme, seats, window_plan.better(programme, seats, _days, keep_dates=True), cost)),
        ("lowest", N_("日期也调，峰值最低"), window_plan.better(programme, seats, cost)),
    ]
    within = next((one for one in _within_limits(found, seats) if all(found.fit(needed).go for needed in sized(one))), None)
    if within:
        offered.insert(1, ("fits", N_("日期不变，现有条件够用，少动人"), _again(programme, seats, within, cost)))
    return tuple(Choice(code, title, plan, sized(plan)) for code, title, plan in offered)


def _within_limits(found: Outlook, seats: Mapping[str, int]) -> Iterator[WindowPlan]:
    """Yield what moves fewest people so that line and nodes should suffice for every window, each more careful; nothing where they suffice as it is."""
    shares = [(one.stretch, found.fit(needed).filled) for one, needed in zip(found.forecasts, found.sizes, strict=True) if not one.stretch.exam]
    filled = {(one.opens, one.closes): share / one.people for one, share in shares if share is not None and one.people}
    if len(filled) < len(shares) or all(share <= 1 for _one, share in shares if share is not None):
        return

    def cost(opens: datetime, closes: datetime) -> float:
        return filled[whole_quarters(opens, closes)]

    lowest = window_plan.better(found.programme, seats, cost, keep_dates=True).peak
    yield from (window_plan.better(found.programme, seats, cost, keep_dates=True, slack=most / lowest - 1) for most in TIGHTER if lowest <= most)


def _sizes(found: Outlook, count: int) -> Callable[[WindowPlan], tuple[Sizing, ...]]:
    """Return what says what the windows of a plan need; the same dates and cities are reckoned once."""
    known = {_key(one.stretch.opens, one.stretch.closes, one.stretch.seats): needed for one, needed in zip(found.forecasts, found.sizes, strict=True)}

    def sized(window: Window) -> Sizing:
        seats = {city: sum(found.programme.quotas.of(city).values()) for city in window.cities}
        opens, closes = whole_quarters(window.opens, window.closes)
        key = _key(opens, closes, seats)
        if key not in known:
            stretch = Stretch(window.code, window.title, (), opens, closes, seats, sectors_of(found.programme))
            drawn = forecast.forecast(stretch, found.programme, found.behaviour, count=count)
            known[key] = sizing.size(drawn, found.capacity, found.node_cores)
        return known[key]

    return lambda plan: tuple(sized(one.window) for one in plan.windows)


def _key(opens: datetime, closes: datetime, seats: Mapping[str, int]) -> tuple[datetime, datetime, frozenset[str]]:
    return opens, closes, frozenset(seats)


def peak_of_one(programme: Programme, behaviour: Behaviour) -> Cost:
    """Return what one participant adds to the fullest moment of a window with these dates: of the province's mix of sectors, so that all are alike."""
    seats = [row.seats for row in programme.quotas.cities]
    total = sum(sum(one.values()) for one in seats) or 1
    mix = {sector.code: sum(one.get(sector.code, 0) for one in seats) / total for sector in programme.sectors}

    @cache
    def cost(opens: datetime, closes: datetime) -> float:
        one = Stretch("", "", (), opens, closes, {"": 1}, {"": mix})
        return float(forecast.central(one, programme, behaviour)["watching"].max())

    return cost


def _days(opens: datetime, closes: datetime) -> float:
    return 1 / (closes - opens).days


def _again(programme: Programme, seats: Mapping[str, int], plan: WindowPlan, cost: Cost) -> WindowPlan:
    """Reckon a plan found by another measure by this one."""
    places = {city: number for number, one in enumerate(plan.windows) for city in one.window.cities}
    return window_plan.laid(programme, [(one.window.opens, one.window.closes) for one in plan.windows], seats, places, cost)
