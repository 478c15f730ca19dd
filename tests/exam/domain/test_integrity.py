"""Similarity of responses and person fit, against exact enumeration and simulated people (IN-07)."""

import sys
from itertools import product
from math import exp, log, prod, sqrt
from time import process_time

import numpy as np
import pytest

from exam.domain import integrity as rules
from exam.domain.integrity import Sheets

OPTIONS = 4


def simulated(people: int, items: int, pool: int, *, planted: int, share: float, seed: int = 3) -> tuple[Sheets, np.ndarray, set[tuple[int, int]]]:
    """Let people of different ability answer papers drawn at random; so many pairs share a paper and copy a share of it."""
    dice = np.random.default_rng(seed)
    ability, difficulty = dice.normal(size=people), dice.normal(size=pool)
    lure = dice.dirichlet(np.ones(OPTIONS - 1), size=pool)
    schools = np.arange(people) // 40
    copying = {(40 * number, 40 * number + 1) for number in range(planted)}
    item, chosen, right = np.zeros((people, items), np.int32), np.zeros((people, items), np.uint32), np.zeros((people, items), np.float32)
    for person in range(people):
        source = person - 1 if (person - 1, person) in copying else None
        paper = dice.choice(pool, items, replace=False) if source is None else item[source]
        knows = dice.random(items) < 1 / (1 + np.exp(difficulty[paper] - ability[person]))
        wrong = 1 + (dice.random(items)[:, None] > np.cumsum(lure[paper], axis=1)).sum(axis=1).clip(0, OPTIONS - 2)
        choice = np.where(knows, 0, wrong)
        if source is not None:
            copied = dice.random(items) < share
            choice = np.where(copied, np.log2(chosen[source]).astype(int), choice)
        item[person], chosen[person], right[person] = paper, 1 << choice, choice == 0
    return Sheets(np.arange(people, dtype=np.int32).repeat(items), item.ravel(), chosen.ravel(), right.ravel()), schools, copying


def of_table(right: np.ndarray) -> Sheets:
    """Return people × items as sheets."""
    people, items = right.shape
    person, item = np.arange(people, dtype=np.int32).repeat(items), np.tile(np.arange(items, dtype=np.int32), people)
    return Sheets(person, item, np.zeros(people * items, np.uint32), right.ravel().astype(np.float32))


def test_in_07_copied_papers_are_found_and_honest_ones_are_left_alone() -> None:
    sheets, schools, copying = simulated(1_200, 100, 200, planted=30, share=0.6)
    found = rules.similarity(sheets, schools)
    leads = {(lead.one, lead.other) for lead in found.leads}
    assert found.pairs == 30 * 780 - found.too_few
    assert len(leads & copying) >= 0.8 * len(copying)
    assert len(leads - copying) <= 1 + len(leads) * rules.FALSE_SHARE


@pytest.mark.parametrize("people", [24, 60])
def test_few_honest_people_are_left_alone_and_a_copied_paper_is_found(people: int) -> None:
    honest = [rules.similarity(*simulated(people, 50, 50, planted=0, share=0, seed=seed)[:2]) for seed in range(20)]
    assert sum(found.pairs for found in honest) > 5_000
    assert not [lead for found in honest for lead in found.leads]
    copied = [rules.similarity(*simulated(people, 50, 50, planted=1, share=0.9, seed=seed)[:2]) for seed in range(10)]
    assert sum((0, 1) in {(lead.one, lead.other) for lead in found.leads} for found in copied) >= 8


def test_a_school_too_large_to_compare_everybody_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets, _schools, _copying = simulated(80, 20, 24, planted=0, share=0)
    monkeypatch.setattr(rules, "MOST_TOGETHER", 30)
    found = rules.similarity(sheets, np.zeros(80, np.int64))
    assert found.pairs + found.too_few == 435 + 435 + 190
    assert found.pairs + found.too_few + found.left_out == 80 * 79 // 2


def test_difficulties_come_back_from_papers_drawn_from_a_large_pool() -> None:
    dice = np.random.default_rng(5)
    true = np.array(dice.normal(size=300))
    item = np.concatenate([dice.choice(300, 60, replace=False) for _ in range(2_000)]).astype(np.int32)
    person = np.arange(2_000, dtype=np.int32).repeat(60)
    right = dice.random(len(item)) < 1 / (1 + np.exp(true[item] - dice.normal(size=2_000)[person]))
    sheets = Sheets(person, item, np.zeros(len(item), np.uint32), right.astype(np.float32))
    found = rules.difficulties(sheets)
    assert np.polyfit(true, found, 1)[0] == pytest.approx(1, abs=0.03)
    assert np.sqrt(np.mean((found - true + true.mean()) ** 2)) < 0.16  # 400 responses an item: a standard error of about 0.12
    sheets.share[item == 7] = 0.5
    assert np.isnan(rules.difficulties(sheets)[7])


def test_too_few_common_items_are_an_answer() -> None:
    sheets, schools, _none = simulated(80, 20, 400, planted=0, share=0)
    found = rules.similarity(sheets, schools)
    assert (found.pairs, found.too_few, found.leads) == (0, 2 * 780, ())


def test_the_generalised_binomial_is_what_enumeration_gives() -> None:
    chances = np.array([0.1, 0.35, 0.5, 0.8, 0.95, 0.2])
    for least in range(7):
        exact = sum(prod(p if hit else 1 - p for p, hit in zip(chances, hits, strict=True)) for hits in product((0, 1), repeat=6) if sum(hits) >= least)
        assert rules.at_least(least, chances) == pytest.approx(exact, abs=1e-12)


def test_omega_counts_standard_deviations_above_the_expected_matches() -> None:
    assert rules.omega(8, np.full(10, 0.5)) == pytest.approx(3 / sqrt(2.5))


def test_lz_star_is_its_definition_and_standard_for_honest_people() -> None:
    dice = np.random.default_rng(1)
    difficulty = dice.normal(size=80)
    right = (dice.random((2_000, 80)) < 1 / (1 + np.exp(difficulty - dice.normal(size=2_000)[:, None]))).astype(np.int8)
    fit = rules.person_fit(of_table(right), difficulty)
    assert np.nanmean(fit) == pytest.approx(0, abs=0.1)
    assert np.nanstd(fit) == pytest.approx(1, abs=0.07)
    right[0] = difficulty > np.median(difficulty)  # the hard ones right, the easy ones wrong
    assert rules.person_fit(of_table(right[:1]), difficulty)[0] < rules.MISFIT
    # By the definition of Snijders (2001) for one person, written out.
    row, theta = right[1], 0.0
    for _step in range(100):
        chance = [1 / (1 + exp(d - theta)) for d in difficulty]
        theta += (row.sum() - sum(chance)) / sum(p * (1 - p) for p in chance)
    weight = [log(p / (1 - p)) for p in chance]
    centre = sum(p * (1 - p) * w for p, w in zip(chance, weight, strict=True)) / sum(p * (1 - p) for p in chance)
    above = sum((x - p) * w for x, p, w in zip(row, chance, weight, strict=True))
    assert rules.person_fit(of_table(right[1:2]), difficulty)[0] == pytest.approx(
        above / sqrt(sum((w - centre) ** 2 * p * (1 - p) for p, w in zip(chance, weight, strict=True))), abs=1e-6
    )


@pytest.mark.soak
@pytest.mark.parametrize("pool", [400, 10_000])
def test_in_07_forty_thousand_people_within_five_minutes(pool: int) -> None:
    sheets, schools, copying = simulated(40_000, 100, pool, planted=50, share=0.6)
    began = process_time()
    found = rules.similarity(sheets, schools)
    compared = process_time() - began
    fit = rules.person_fit(sheets, rules.difficulties(sheets))
    seconds = process_time() - began
    leads = {(lead.one, lead.other) for lead in found.leads}
    measured = f"{found.pairs} pairs, {found.too_few} too few, {compared:.0f} + {seconds - compared:.0f} s, {len(leads & copying)} of 50 found"
    sys.stdout.write(f"\n{measured}, {len(leads - copying)} others, {int((fit < rules.MISFIT).sum())} misfits\n")
    assert found.pairs + found.too_few == 1_000 * 780
    assert seconds < 300, measured
    assert len(leads & copying) >= 40
    assert len(leads - copying) <= 1 + len(leads) * rules.FALSE_SHARE
