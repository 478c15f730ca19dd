"""Everything an operator wants to know before the windows open, reckoned once: curves, sizes, sways, and better windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from lms.domain import forecast, sizing, window_plan
from lms.domain.behaviour import Behaviour
from lms.domain.forecast import DRAWS, Overlap, Stretch, StretchForecast
from lms.domain.programme import Programme
from lms.domain.sizing import Alternative, Capacity, Sizing, Sway
from lms.domain.window_plan import Cost, WindowPlan
from lms.kernel.refusal import N_

NEAR = 0.02  # so much above the lowest peak may be if far fewer people are moved for it


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to lay the windows; `code` names it where the operator adopts it, the notice's own has none."""

    code: str
    title: str
    plan: WindowPlan


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a programme; sways and alternatives are those of the fullest window."""

    programme: Programme
    behaviour: Behaviour
    capacity: Capacity | None
    node_cores: int
    forecasts: tuple[StretchForecast, ...]
    sizes: tuple[Sizing, ...]
    overlaps: tuple[tuple[Overlap, Sizing], ...]
    fullest: StretchForecast
    sways: tuple[Sway, ...]
    alternatives: tuple[Alternative, ...]
    choices: tuple[Choice, ...]


def outlook(
    programme: Programme,
    behaviour: Behaviour,
    capacity: Capacity | None,
    *,
    node_cores: int,
    people: Mapping[str, int] | None = None,
    count: int = DRAWS,
) -> Outlook:
    """Reckon it."""
    found = tuple(forecast.forecast(one, programme, behaviour, count=count) for one in forecast.stretches(programme, people))
    fullest = max(found, key=lambda one: one.peaks["watching"].median)
    return Outlook(
        programme=programme,
        behaviour=behaviour,
        capacity=capacity,
        node_cores=node_cores,
        forecasts=found,
        sizes=tuple(sizing.size(one, capacity, node_cores) for one in found),
        overlaps=tuple((one, sizing.size(one, capacity, node_cores)) for one in forecast.overlaps(found)),
        fullest=fullest,
        sways=sizing.sways(fullest.stretch, programme, behaviour, "egress"),
        alternatives=sizing.alternatives(fullest.stretch, programme, behaviour),
        choices=choices(programme, behaviour, people),
    )


def choices(programme: Programme, behaviour: Behaviour, people: Mapping[str, int] | None = None) -> tuple[Choice, ...]:
    """Return the notice's own windows and the better ones; nothing where there is nothing to plan."""
    seats = people if people is not None else {row.code: sum(row.seats.values()) for row in programme.quotas.cities}
    if not window_plan.plannable(programme) or not any(seats.values()):
        return ()
    cost = peak_of_one(programme, behaviour)
    return (
        Choice("", N_("现行安排"), window_plan.as_noticed(programme, seats, cost)),
        Choice("near", N_("日期不变，少动人"), window_plan.better(programme, seats, cost, keep_dates=True, slack=NEAR)),
        Choice("even", N_("日期不变，每天人数最匀"), _again(programme, seats, window_plan.better(programme, seats, _days, keep_dates=True), cost)),
        Choice("lowest", N_("日期也调，峰值最低"), window_plan.better(programme, seats, cost)),
    )


def peak_of_one(programme: Programme, behaviour: Behaviour) -> Cost:
    """Return what one participant adds to the fullest moment of a window with these dates."""

    @cache
    def cost(opens: datetime, closes: datetime) -> float:
        one = Stretch("", "", False, opens, closes, {"": 1})
        return float(forecast.central(one, programme, behaviour)["watching"].max())

    return cost


def _days(opens: datetime, closes: datetime) -> float:
    return 1 / (closes - opens).days


def _again(programme: Programme, seats: Mapping[str, int], plan: WindowPlan, cost: Cost) -> WindowPlan:
    """Reckon a plan found by another measure by this one."""
    places = {city: number for number, one in enumerate(plan.windows) for city in one.window.cities}
    return window_plan.laid(programme, [(one.window.opens, one.window.closes) for one in plan.windows], seats, places, cost)
