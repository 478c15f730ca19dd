"""Better windows: no plan found any other way is better, and the exact split of the notice's province is found."""

from datetime import datetime
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.domain import behaviour as behaviours
from lms.domain import forecast, window_plan
from lms.domain.programme import parse
from lms.domain.stretch import Stretch

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
BEHAVIOUR = behaviours.parse(Path("load_tests/behaviour.toml").read_text(encoding="utf-8"))
SEATS = {row.code: sum(row.seats.values()) for row in PROGRAMME.quotas.cities}


def even(opens: datetime, closes: datetime) -> float:
    return 1 / (closes - opens).days


def test_an_even_load_of_2500_a_day_exists_with_the_notice_s_own_dates() -> None:
    noticed = window_plan.as_noticed(PROGRAMME, SEATS, even)
    assert [round(one.for_each_day) for one in noticed.windows] == [2238, 2939, 2286]
    found = window_plan.better(PROGRAMME, SEATS, even)
    # 100 000 people in 40 days: no plan can be below 2 500, and this one is at 2 500, so none is better.
    assert found.bound == pytest.approx(2500)
    assert [one.people for one in found.windows] == [30_000, 35_000, 35_000]
    assert {one.for_each_day for one in found.windows} == {2500.0}
    assert [(one.window.opens, one.window.closes) for one in found.windows] == [(one.opens, one.closes) for one in PROGRAMME.windows]
    assert sorted(city for one in found.windows for city in one.window.cities) == sorted(SEATS)


def test_the_lowest_of_all_half_million_assignments_is_found() -> None:
    def peak(opens: datetime, closes: datetime) -> float:
        return float(forecast.central(Stretch("", "", (), opens, closes, {"": 1}), PROGRAMME, BEHAVIOUR)["watching"].max())

    found = window_plan.better(PROGRAMME, SEATS, peak, keep_dates=True)
    costs = [peak(one.opens, one.closes) for one in PROGRAMME.windows]
    people = np.array(list(SEATS.values()))
    places = np.array(list(product(range(3), repeat=len(people))), dtype=np.int8)
    peaks = np.stack([((places == number) @ people) * cost for number, cost in enumerate(costs)]).max(axis=0)
    assert found.peak == pytest.approx(peaks.min())
    home = np.array([next(n for n, window in enumerate(PROGRAMME.windows) if city in window.cities) for city in SEATS])
    moved = (places != home) @ people
    assert found.moved == moved[peaks <= peaks.min() * (1 + 1e-9)].min()
    # Two in a hundred above the lowest, far fewer people have to be moved; and no plan within that moves fewer.
    near = window_plan.better(PROGRAMME, SEATS, peak, keep_dates=True, slack=0.02)
    assert near.moved == moved[peaks <= peaks.min() * 1.02].min() < found.moved / 2
    assert near.peak <= found.peak * 1.02 < window_plan.as_noticed(PROGRAMME, SEATS, peak).peak
    free = window_plan.better(PROGRAMME, SEATS, peak)
    assert free.bound <= free.peak < found.peak
    assert free.windows[0].window.opens == PROGRAMME.windows[0].opens
    assert free.windows[-1].window.closes == PROGRAMME.windows[-1].closes
    assert sum(one.days for one in free.windows) == 40


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(st.integers(0, 400), min_size=1, max_size=7).map(lambda row: sorted(row, reverse=True)),
    costs=st.lists(st.floats(0.1, 3), min_size=1, max_size=3),
    draw=st.randoms(use_true_random=False),
)
def test_any_small_province_is_shared_out_as_well_as_by_trying_everything(people: list[int], costs: list[float], draw: object) -> None:
    homes = [draw.randrange(len(costs)) for _ in people]  # type: ignore[attr-defined]
    found = window_plan.share_out(people, costs, homes)
    ways = list(product(range(len(costs)), repeat=len(people)))

    def peak(way: tuple[int, ...]) -> float:
        return max(sum(n for n, place in zip(people, way, strict=True) if place == window) * cost for window, cost in enumerate(costs))

    lowest = min(map(peak, ways))
    assert found.peak == pytest.approx(lowest)
    assert found.places is not None
    assert peak(found.places) == pytest.approx(lowest)
    moves = [sum(n for n, place, home in zip(people, way, homes, strict=True) if place != home) for way in ways if peak(way) <= lowest * (1 + 1e-9)]
    assert found.moved == min(moves)
