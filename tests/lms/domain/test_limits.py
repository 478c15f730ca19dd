"""What there is against what is asked for."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from lms.domain import behaviour as behaviours
from lms.domain import forecast, sizing
from lms.domain.chart import chart
from lms.domain.limits import Fit, Limits, fit, nodes_tried, taken
from lms.domain.outlook import outlook
from lms.domain.programme import parse
from lms.domain.stretch import stretches

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
BEHAVIOUR = behaviours.parse(Path("load_tests/behaviour.toml").read_text(encoding="utf-8"))
NEEDED = sizing.Sizing(server_cores=8, database_cores=2, nodes=4, gbits=20, growth_gb=1)


def test_the_scarcer_of_line_and_nodes_decides_and_what_is_unknown_does_not() -> None:
    assert fit(NEEDED, Limits(), 2).go is None
    assert fit(NEEDED, Limits(gbits=20), 2) == Fit(1, None)
    assert fit(NEEDED, Limits(gbits=20, nodes=4), 2).go
    assert fit(NEEDED, Limits(gbits=30, nodes=3), 2).filled == pytest.approx(4 / 3)
    assert not fit(NEEDED, Limits(gbits=30, nodes=3), 2).go
    assert fit(NEEDED, Limits(gbits=30, nodes=3), 4).go
    unmeasured = replace(NEEDED, server_cores=None, nodes=None)
    assert fit(unmeasured, Limits(nodes=100), 2).go is None
    assert fit(replace(NEEDED, gbits=0), Limits(gbits=1), 2) == Fit(math.inf, None)


def test_one_node_less_and_one_more_is_tried_where_most_is_asked() -> None:
    window, exam = stretches(PROGRAMME)[1::2]
    needs = [((window,), NEEDED), ((exam,), replace(NEEDED, server_cores=9.0)), ((window, exam), replace(NEEDED, server_cores=None))]
    told = nodes_tried(needs, Limits(nodes=5), 2)
    assert [(one.nodes, one.stated, one.stretches) for one in told] == [(4, False, (exam,)), (5, True, (exam,)), (6, False, (exam,))]
    assert [one.filled for one in told] == pytest.approx([9 / 8, 0.9, 0.75])
    assert [one.nodes for one in nodes_tried(needs, Limits(), 2)] == [4, 5, 6], "around what is needed where nobody has said what there is"
    assert [one.nodes for one in nodes_tried(needs, Limits(nodes=1), 2)] == [1, 2]
    assert nodes_tried(needs[2:], Limits(nodes=1), 2) == (), "nothing was measured"


def test_the_line_of_capacity_is_where_the_need_meets_what_there_is() -> None:
    costs = sizing.Capacity({"heartbeat": 600.0, "save": 900.0, "start": 8e5}, {})
    for stretch in stretches(PROGRAMME)[2:]:
        found = forecast.forecast(stretch, PROGRAMME, BEHAVIOUR, count=20)
        needed = sizing.size(found, costs, 2)
        most = taken(found, costs, 2, Limits(gbits=needed.gbits * 2 or 1, nodes=1)).most_people
        highest = found.total[found.metric].high.max()
        assert most is not None
        assert needed.server_cores is not None
        assert most / highest == pytest.approx(min(2, 2 / needed.server_cores) if needed.gbits else 2 / needed.server_cores, rel=0.05)
        assert taken(found, None, 2, Limits(nodes=1)).most_people is None


def test_among_plans_that_fit_the_one_that_moves_fewest_is_found() -> None:
    free = outlook(PROGRAMME, BEHAVIOUR, None, node_cores=2, count=20)
    asked = [needed.gbits for one, needed in zip(free.forecasts, free.sizes, strict=True) if not one.stretch.exam]
    assert "fits" not in {one.code for one in free.choices}
    most = 0.93 * max(asked)
    tight = outlook(PROGRAMME, BEHAVIOUR, None, node_cores=2, count=20, limits=Limits(gbits=most))
    by_code = {one.code: one for one in tight.choices}
    assert all(tight.fit(needed).go for needed in by_code["fits"].sizes)
    assert not all(tight.fit(needed).go for needed in by_code[""].sizes)
    assert by_code["fits"].plan.moved > 0
    never = outlook(PROGRAMME, BEHAVIOUR, None, node_cores=2, count=20, limits=Limits(gbits=0.1 * max(asked)))
    assert "fits" not in {one.code for one in never.choices}
    come = outlook(PROGRAMME, BEHAVIOUR, None, node_cores=2, count=20, people={"360700": 10})
    assert (come.choices, come.sways) == ((), ()), "nothing is planned any more for those who have come"


def test_a_limit_far_above_everything_does_not_press_the_curve_flat() -> None:
    found = forecast.forecast(stretches(PROGRAMME)[0], PROGRAMME, BEHAVIOUR, count=5)
    band = found.total["watching"]
    highest = float(band.high.max())
    assert chart("", band, found.stretch.opens, limit=1.5 * highest).limit is not None
    assert chart("", band, found.stretch.opens, limit=50 * highest) == chart("", band, found.stretch.opens)
