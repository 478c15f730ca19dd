"""Assembly: quotas exact, no item twice, enemies apart, equally hard, replayable (IN-03, IN-04)."""

import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from statistics import fmean, pstdev
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam.domain import assembly
from exam.domain import blueprint as blueprints
from exam.domain.assembly import Assembly, ExposureExceeded, PapersUnequal, assemble
from exam.domain.blueprint import Blueprint, BlueprintFaulty, PoolLacking
from exam.domain.fairness import pooled
from question_bank.domain.item import ItemType, Level, PoolItem

TOPICS = ("crisis", "group")
OPTIONS = {ItemType.SINGLE: 4, ItemType.MULTIPLE: 5, ItemType.TRUE_FALSE: 2}


def pool(each: int = 20, enemies: dict[int, set[int]] | None = None) -> list[PoolItem]:
    """Return so many items of each type and topic, their difficulties spread."""
    items: list[PoolItem] = []
    for kind in OPTIONS:
        for topic in TOPICS:
            for index in range(each):
                number = len(items) + 1
                items.append(
                    PoolItem(
                        version_id=1000 + number, item_id=number, external_id=str(number), type=kind, topic=topic, level=Level.APPLY,
                        difficulty=0.4 + 0.5 * index / each, enemies=frozenset((enemies or {}).get(number, set())),
                    )
                )  # fmt: skip
    return items


def table(
    single: int = 4, multiple: int = 2, true_false: int = 2, *, points: tuple[str, str, str] = ("2", "3", "1"), tolerance: str = "1.5", exposure: int = 60
) -> Blueprint:
    """Return a blueprint over both topics."""
    kinds = {"single": (points[0], single), "multiple": (points[1], multiple), "true_false": (points[2], true_false)}
    return blueprints.from_mapping(
        {
            "code": "t", "title": "t", "tolerance": tolerance, "exposure_percent": exposure,
            "sections": [
                {"title": kind, "points": points, "type": kind, "cells": [{"topics": list(TOPICS), "count": count}]}
                for kind, (points, count) in kinds.items()
            ],
        }
    )  # fmt: skip


def drawn(items: list[PoolItem], blueprint: Blueprint, many: int, seed: int = 1) -> Assembly:
    """Assemble with the types' own numbers of options."""
    return assemble(blueprint, items, {item.version_id: OPTIONS[item.type] for item in items}, papers_wanted=many, seed=seed)


@given(
    seed=st.integers(0, 2**128 - 1),
    many=st.integers(1, 60),
    single=st.integers(1, 6),
    pairs=st.lists(st.tuples(st.integers(1, 120), st.integers(1, 120)), max_size=30),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_paper_meets_the_blueprint_and_keeps_enemies_apart(seed: int, many: int, single: int, pairs: list[tuple[int, int]]) -> None:
    enemies: dict[int, set[int]] = {}
    for one, other in pairs:
        if one != other:
            enemies.setdefault(one, set()).add(other)
    items = pool(enemies=enemies)
    blueprint = table(single=single, tolerance="6")
    made = drawn(items, blueprint, many, seed)
    by_version = {item.version_id: item for item in items}
    assert len(made.papers) == many
    for paper in made.papers:
        chosen = [by_version[version] for version in paper.version_ids]
        assert len({item.item_id for item in chosen}) == blueprint.items
        for section, first, end in blueprint.spans():
            counted = Counter((str(item.type), item.topic) for item in chosen[first:end])
            assert counted == {(cell.type, cell.topic): cell.count for cell in section.cells}
        ids = {item.item_id for item in chosen}
        assert not any(enemies.get(item, set()) & ids for item in ids)
        assert paper.is_whole()
        for index, item in enumerate(chosen):
            count = OPTIONS[item.type]
            assert sorted(paper.order(index, count)) == list(range(count))
            if item.type is ItemType.TRUE_FALSE:
                assert paper.order(index, count) == (0, 1)


def test_papers_are_equally_hard_where_a_plain_draw_is_not() -> None:
    made = drawn(pool(40), table(tolerance="0.6"), 400)
    statistics = made.statistics
    assert drawn(pool(40), table(tolerance="0.6"), 4).statistics.rejected > 0, "what one batch rejected counts"
    assert statistics.expected_score.sd < 0.5 < statistics.plain_sd
    assert statistics.expected_score.max - statistics.expected_score.min <= 1.2 + 1e-9
    assert statistics.rejected > 0
    assert {paper.expected for paper in made.papers} <= set(range(int(statistics.expected_score.min * 100) - 1, int(statistics.expected_score.max * 100) + 2))


def test_exposure_stays_below_its_cap_and_even() -> None:
    made = drawn(pool(), table(single=4, exposure=25), 400)
    uses = Counter(version for paper in made.papers for version in paper.version_ids)
    assert max(uses.values()) <= 100
    assert made.statistics.exposure_max == max(uses.values()) / 400
    assert len(uses) == 120


def test_the_cap_holds_for_few_papers_and_for_forms_too_and_where_it_cannot_it_is_told() -> None:
    items, blueprint = pool(), table(2, 2, 2, exposure=25, tolerance="6")
    options = {item.version_id: OPTIONS[item.type] for item in items}
    assert drawn(items, blueprint, 10).statistics.exposure_max <= 0.25
    assert assemble(blueprint, items, options, papers_wanted=30, seed=1, forms=8).statistics.exposure_max <= 0.25
    few = drawn(pool(4), table(1, 1, 1, exposure=25, tolerance="6"), 10)  # two uses of four items each do not make ten papers
    assert few.statistics.exposure_max > few.cap == 0.25


def test_where_too_few_items_are_left_only_they_exceed_the_cap_and_only_when_asked_to() -> None:
    blueprint, items = table(1, 1, 1, exposure=25, tolerance="6"), pool(4)[1:]  # of the first cell three are left
    with pytest.raises(ExposureExceeded):
        drawn(items, blueprint, 400)
    made = assemble(blueprint, items, {item.version_id: OPTIONS[item.type] for item in items}, papers_wanted=400, seed=1, exceeding=True)
    uses = made.statistics.uses
    assert sum(uses[str(item.version_id)] for item in items[:3]) == len(made.papers) == 400
    assert max(uses[str(item.version_id)] for item in items[:3]) < 150
    assert max(uses[str(item.version_id)] for item in items[3:]) < 115  # 100, and what one batch adds


def test_a_few_further_papers_are_no_more_than_the_cap_rounds_up_to() -> None:
    blueprint, items = table(1, 1, 1, exposure=25, tolerance="6"), pool(4)  # just enough for any hundred papers
    options = {item.version_id: OPTIONS[item.type] for item in items}
    with pytest.raises(ExposureExceeded):
        drawn(items, blueprint, 23)
    made = assemble(blueprint, items, options, papers_wanted=23, seed=1, further=True)
    assert max(made.statistics.uses.values()) == 6


def test_parallel_forms_are_handed_out_in_turn_and_are_equal_in_information_too() -> None:
    items, blueprint = pool(40), table(single=6, tolerance="1.5")
    made = assemble(blueprint, items, {item.version_id: OPTIONS[item.type] for item in items}, papers_wanted=30, seed=5, forms=4)
    assert (made.statistics.papers, made.statistics.forms) == (30, 4)
    assert [paper.number for paper in made.papers] == list(range(1, 31))
    assert len({paper.hash for paper in made.papers}) == 4
    assert all(made.papers[number].hash == made.papers[number + 4].hash for number in range(26))
    hard = {item.version_id: item.difficulty for item in items}
    information = [sum(hard[version] * (1 - hard[version]) for version in paper.version_ids) for paper in made.papers]
    assert max(information) / min(information) <= 1.05
    found, shared = made.statistics, [len(set(one.version_ids) & set(other.version_ids)) for one, other in combinations(made.papers, 2)]
    assert found.overlap_mean == pytest.approx(fmean(shared), abs=1e-4)
    assert found.overlap_max == blueprint.items
    assert found.exposure_max == pytest.approx(max(Counter(version for paper in made.papers for version in paper.version_ids).values()) / 30, abs=1e-4)
    expected = [paper.expected / 100 for paper in made.papers]
    assert found.expected_score.mean == pytest.approx(fmean(expected), abs=0.01)
    assert found.expected_score.sd == pytest.approx(pstdev(expected), abs=0.01)
    assert drawn(items, blueprint, 400).statistics.information_sd > made.statistics.information_sd


def test_in_04_the_seed_replays_the_papers_whatever_the_order_of_the_pool() -> None:
    items = pool()
    first, again = drawn(items, table(), 50, 7), drawn(items[::-1], table(), 50, 7)
    assert first == again
    assert drawn(items, table(), 50, 8).hash != first.hash


def test_in_04_known_papers_do_not_foretell_the_next() -> None:
    items = pool(40)
    papers = drawn(items, table(), 300, 3).papers
    overlaps = [len(set(one.version_ids) & set(two.version_ids)) for one, two in pairwise(papers)]
    # By chance two papers share count² / 40 items of each cell.
    expected = sum(cell.count * cell.count / 40 for cell in table().cells)
    assert abs(sum(overlaps) / len(overlaps) - expected) < 0.25
    positions = [paper.version_ids.index(version) for paper in papers for version in paper.version_ids if version == items[0].version_id]
    assert len(set(positions)) > 3


def test_all_that_lacks_is_named_at_once() -> None:
    with pytest.raises(PoolLacking) as refused:
        drawn(pool(3), table(single=4, multiple=2, true_false=4), 5)
    assert [(row["section"], row["needed"], row["found"]) for row in refused.value.facts["lacking"]] == [  # type: ignore[attr-defined]
        ("single", 4, 3), ("single", 4, 3), ("true_false", 4, 3), ("true_false", 4, 3),
    ]  # fmt: skip


def test_enemies_of_each_other_do_not_fill_a_cell() -> None:
    clique = {number: set(range(1, 21)) - {number} for number in range(1, 21)}
    with pytest.raises(PoolLacking):
        drawn(pool(enemies=clique), table(), 5)


def test_cells_that_meet_are_a_fault() -> None:
    with pytest.raises(BlueprintFaulty) as refused:
        blueprints.from_mapping(
            {"code": "t", "title": "t", "sections": [{"title": "s", "type": "single", "points": 1, "cells": [{"count": 1}, {"topic": "crisis", "count": 0}]}]}
        )
    assert len(refused.value.facts["faults"]) == 2  # type: ignore[arg-type]


def test_an_impossible_tolerance_is_refused_and_ends() -> None:
    items = [replace(item, difficulty=0.4 + 0.05 * item.item_id**0.5) for item in pool(20)]
    with pytest.raises(PapersUnequal):
        drawn(items, table(tolerance="0"), 5)


def test_a_blueprint_survives_being_stored() -> None:
    blueprint = table(tolerance="1.25")
    assert blueprints.from_mapping(blueprints.to_mapping(blueprint)) == blueprint
    assert (blueprint.items, blueprint.points) == (16, 3200)
    assert blueprint.position_points == (200,) * 8 + (300,) * 4 + (100,) * 4


@pytest.mark.parametrize("points", ["", "1.005", "-1", "a", "1.x", "²"])
def test_points_finer_than_hundredths_are_a_fault(points: str) -> None:
    with pytest.raises(BlueprintFaulty):
        blueprints.hundredths(points)


def test_the_two_papers_most_alike_are_looked_for_in_all_pairs_or_it_is_said_in_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    made = drawn(pool(), table(), 60)
    papers = [set(paper.version_ids) for paper in made.papers]
    most = max(len(one & other) for one, other in combinations(papers, 2))
    assert (made.statistics.overlap_max, made.statistics.overlap_compared) == (most, 1)
    monkeypatch.setattr(assembly, "MOST_LOOKED_AT", 500)
    part = drawn(pool(), table(), 60).statistics
    assert part.overlap_max <= most
    assert 0 < part.overlap_compared < 1


def test_sets_drawn_one_after_another_are_judged_together() -> None:
    sets = [drawn(pool(), table(), 40), drawn(pool(), table(), 25, seed=2)]
    found = pooled([one.statistics for one in sets])
    hard = {item.version_id: item.difficulty for item in pool()}
    points = [points / 100 for points in table().position_points]
    papers = [paper.version_ids for one in sets for paper in one.papers]
    scores = [sum(hard[version] * worth for version, worth in zip(paper, points, strict=True)) for paper in papers]
    information = [sum(hard[version] * (1 - hard[version]) for version in paper) for paper in papers]
    uses = Counter(version for paper in papers for version in paper)
    shared = [len(set(one) & set(other)) for one, other in combinations(papers, 2)]
    assert (found.papers, found.forms, found.uses) == (65, 65, {str(version): count for version, count in uses.items()})
    assert (found.expected_score.mean, found.expected_score.sd) == pytest.approx((fmean(scores), pstdev(scores)), abs=2e-4)
    assert (found.expected_score.min, found.expected_score.max) == pytest.approx((min(scores), max(scores)), abs=2e-4)
    assert found.information_sd == pytest.approx(pstdev(information), abs=2e-4)
    assert found.exposure_max == pytest.approx(max(uses.values()) / 65, abs=1e-4)
    assert found.overlap_mean == pytest.approx(fmean(shared), abs=1e-4)
    assert found.overlap_max <= max(shared)
    assert found.overlap_compared == pytest.approx((40 * 39 + 25 * 24) / (65 * 64), abs=1e-4)


@pytest.mark.parametrize(
    ("papers", "free", "expected", "rate", "wanted"),
    [
        (2_010, 100, 40_000, 30.0, 8_900),  # five minutes of the gate
        (2_010, 100, 40_000, 0.0, 39_900),  # no gate
        (2_010, 2_010, 300, 30.0, 0),
        (2_010, 100, 0, 30.0, 402),  # who comes may try again
        (2_010, 500, 0, 30.0, 0),
        (6, 0, 1, 30.0, 50),
    ],
)
def test_papers_last_for_those_who_may_come_at_the_gates_pace(papers: int, free: int, expected: int, rate: float, wanted: int) -> None:
    assert assembly.more(papers=papers, free=free, expected=expected, rate=rate) == wanted


def test_papers_wait_for_all_who_hold_an_extra_attempt() -> None:
    assert assembly.more(papers=2_010, free=500, expected=0, rate=30.0, extra=700) == 200


@pytest.mark.soak
def test_in_03_a_hundred_thousand_papers() -> None:
    items, began = pool(1_666), process_time()  # 9 996 items, papers of 100 worth 100 points
    made = drawn(items, table(25, 15, 10, points=("1", "1", "1"), tolerance="1.5", exposure=25), 100_000)
    seconds, found = process_time() - began, made.statistics
    sys.stdout.write(f"\n{seconds:.0f} s of processor time; {replace(found, uses={})}\n")
    assert seconds < 180
    assert found.expected_score.sd <= 1.0
    assert found.plain_sd > 1.3 * found.expected_score.sd
    assert found.exposure_max <= 0.25
    assert found.overlap_compared == 1
