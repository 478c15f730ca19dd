"""What must hold for any test: nothing depends on the order, what is not given does not count, what was put in is found again."""

import numpy as np
import pytest

from question_bank.domain import classical, latent_trait
from question_bank.domain.analysis import analyse
from question_bank.domain.concern import Concern, drifts
from question_bank.domain.differential import differential
from question_bank.domain.item_fit import tail
from question_bank.domain.latent_trait import Model
from question_bank.domain.responses import Responses, Right


def simulated(people: int, items: int, *, seed: int, given: float = 1.0) -> tuple[Right, np.ndarray, np.ndarray]:
    """Draw responses of a two-parameter test; returns them with slopes and difficulties."""
    draw = np.random.default_rng(seed)
    slopes, difficulties = draw.uniform(0.6, 1.8, items), draw.normal(0, 1, items)
    chance = 1 / (1 + np.exp(-slopes * (draw.standard_normal((people, 1)) - difficulties)))
    right = (draw.random((people, items)) < chance).astype(np.int8)
    right[draw.random((people, items)) >= given] = -1
    return right, slopes, difficulties


def chosen_of(right: Right, *, seed: int) -> np.ndarray:
    """Return for right responses option A, for wrong ones any of B, C, D."""
    wrong = 2 << np.random.default_rng(seed).integers(0, 3, right.shape)
    return np.where(right == 1, 1, np.where(right == 0, wrong, 0)).astype(np.uint32)


def choices(right: Right, chosen: np.ndarray) -> Responses:
    items = right.shape[1]
    return Responses(tuple(f"q{at}" for at in range(items)), right, chosen, (("A", "B", "C", "D"),) * items, (1,) * items)


@pytest.mark.parametrize("given", [1.0, 0.6])
def test_the_order_of_people_and_items_changes_nothing(given: float) -> None:
    right, _, _ = simulated(300, 8, seed=5, given=given)
    chosen = chosen_of(right, seed=6)
    draw = np.random.default_rng(7)
    people, items = draw.permutation(300), draw.permutation(8)
    first = analyse(choices(right, chosen))
    turned = choices(right[people][:, items], chosen[people][:, items])
    turned = Responses(tuple(f"q{at}" for at in items), turned.right, turned.chosen, turned.options, turned.keys)
    second = {one.statistics.item: one for one in analyse(turned).items}
    for one in first.items:
        other = second[one.statistics.item]
        assert one.statistics.point_biserial == pytest.approx(other.statistics.point_biserial, abs=1e-12)
        assert one.statistics.discrimination == pytest.approx(other.statistics.discrimination, abs=1e-12)
        assert one.statistics.by_group == pytest.approx(other.statistics.by_group, abs=1e-12, nan_ok=True)
        for mine, theirs in zip(one.statistics.options, other.statistics.options, strict=True):
            assert (mine.count, mine.label) == (theirs.count, theirs.label)
            assert mine.point_biserial == pytest.approx(theirs.point_biserial, abs=1e-12, nan_ok=True)
        for model in Model:
            assert one.estimates[model].difficulty == pytest.approx(other.estimates[model].difficulty, abs=1e-4)


def test_the_sums_agree_with_correlations_worked_out_person_by_person() -> None:
    right, _, _ = simulated(200, 6, seed=3, given=0.7)
    chosen = chosen_of(right, seed=4)
    found = classical.analyse(choices(right, chosen))
    for at, one in enumerate(found):
        here = (right[:, at] >= 0) & ((right >= 0).sum(axis=1) > 1)
        others = np.delete(right[here], at, axis=1)
        rest = (others == 1).sum(axis=1) / (others >= 0).sum(axis=1)
        assert one.point_biserial == pytest.approx(np.corrcoef(right[here, at], rest)[0, 1])
        for bit, option in enumerate(one.options):
            picked = (chosen[here, at] >> bit & 1).astype(bool)
            assert option.point_biserial == pytest.approx(np.corrcoef(picked, rest)[0, 1])
            assert option.mean_rest == pytest.approx(rest[picked].mean())
        assert sum(option.count for option in one.options) == one.answers


@pytest.mark.parametrize("given", [1.0, 0.7])
def test_an_item_with_part_points_counts_by_its_share_of_them(given: float) -> None:
    right, _, _ = simulated(240, 7, seed=21, given=given)
    share = np.where(right[:, 2] == 1, 1.0, np.random.default_rng(22).choice([0.0, 0.25, 0.5], 240)) * (right[:, 2] != -1)
    groups = {"city": np.array(["one", "two"])[np.arange(240) % 2]}
    marked = Responses(tuple(f"q{at}" for at in range(7)), right, groups=groups, shares={2: share})
    earned = np.where(right == 1, 1.0, 0.0)
    earned[:, 2] = share
    found = analyse(marked)
    for at, one in enumerate(found.items):
        here = (right[:, at] >= 0) & ((right >= 0).sum(axis=1) > 1)
        rest = np.delete(earned[here], at, axis=1).sum(axis=1) / (np.delete(right[here], at, axis=1) >= 0).sum(axis=1)
        whole = earned[here].sum(axis=1) / (right[here] >= 0).sum(axis=1)
        assert one.statistics.difficulty == pytest.approx(earned[right[:, at] >= 0, at].mean())
        assert one.statistics.point_biserial == pytest.approx(np.corrcoef(earned[here, at], rest)[0, 1])
        if given == 1:
            assert one.statistics.point_biserial_total == pytest.approx(np.corrcoef(earned[here, at], whole)[0, 1])
    assert (found.items[2].left_out, found.items[2].estimates, found.items[2].differential) == ("by_share", {}, ())
    assert {one.left_out for at, one in enumerate(found.items) if at != 2} == {""}
    alpha = classical.alpha(marked)
    if given == 1:
        assert alpha is not None
        assert alpha.alpha == pytest.approx(7 / 6 * (1 - earned.var(axis=0).sum() / earned.sum(axis=1).var()))
        others = np.delete(earned, 2, axis=1)
        assert alpha.without[2] == pytest.approx(6 / 5 * (1 - others.var(axis=0).sum() / others.sum(axis=1).var()))
    whole_points = Responses(marked.items, right, groups=groups, shares={2: (right[:, 2] == 1).astype(float)})
    plain = classical.analyse(Responses(marked.items, right, groups=groups))
    for whole_point, other in zip(classical.analyse(whole_points), plain, strict=True):
        assert whole_point.point_biserial == pytest.approx(other.point_biserial, abs=1e-12), "nothing or all is right or wrong"


@pytest.mark.parametrize(("given", "items"), [(1.0, 12), (0.5, 16)])
def test_simulated_parameters_come_back_within_their_errors(given: float, items: int) -> None:
    right, slopes, difficulties = simulated(2000, items, seed=11, given=given)
    fit = latent_trait.estimate(right, Model.TWO_PARAMETER)
    assert fit.converged
    for off in ((fit.slopes - slopes) / fit.slope_errors, (fit.difficulties - difficulties) / fit.difficulty_errors):
        assert np.abs(off).max() < 3.5
        assert 0.3 < (off**2).mean() < 1.9  # errors neither too small nor too large


def test_errors_from_gradients_agree_with_the_observed_information(monkeypatch: pytest.MonkeyPatch) -> None:
    right, _, _ = simulated(2000, 7, seed=2, given=0.8)
    exact = latent_trait.estimate(right, Model.TWO_PARAMETER)
    monkeypatch.setattr(latent_trait, "EXACT", 0)
    quick = latent_trait.estimate(right, Model.TWO_PARAMETER)
    assert quick.slope_errors == pytest.approx(exact.slope_errors, rel=0.08)
    assert quick.difficulty_errors == pytest.approx(exact.difficulty_errors, rel=0.08)
    monkeypatch.setattr(latent_trait, "WIDEST", 0)
    alone = latent_trait.estimate(right, Model.TWO_PARAMETER)
    assert not alone.jointly
    assert (alone.slope_errors < quick.slope_errors * 1.001).all()
    assert alone.slope_errors == pytest.approx(quick.slope_errors, rel=0.25)


@pytest.mark.parametrize("model", list(Model))
def test_errors_of_each_item_for_itself_are_those_of_a_matrix_that_knows_no_others(model: Model) -> None:
    right, _, _ = simulated(300, 6, seed=5, given=0.7)
    data, theta = latent_trait.patterns(right, model), np.stack([np.full(6, 1.2), np.linspace(-1, 1, 6)])
    information = latent_trait._cross_product(data, theta)
    at = np.arange(12)
    information[at[:, None] % 6 != at % 6] = 0
    for whole, alone in zip(latent_trait._together(model, information), latent_trait._one_by_one(model, data, theta), strict=True):
        assert alone == pytest.approx(whole, rel=1e-6)


def test_putting_scores_together_gives_the_same_rasch_model() -> None:
    right, _, _ = simulated(400, 6, seed=9)
    together = latent_trait.estimate(right, Model.RASCH)
    right[0, 0] = -1  # one missing response, and every row must be looked at by itself
    apart = latent_trait.estimate(right, Model.RASCH)
    assert together.difficulties == pytest.approx(apart.difficulties, abs=0.01)
    assert together.difficulty_errors == pytest.approx(apart.difficulty_errors, rel=0.01)


def test_items_without_variation_or_answers_are_named_not_estimated() -> None:
    right, _, _ = simulated(200, 6, seed=1)
    right[:, 0], right[:, 1], right[20:, 2] = 1, 0, -1
    found = analyse(Responses(tuple("abcdef"), right))
    assert [one.left_out for one in found.items] == ["all_right", "all_wrong", "too_few", "", "", ""]
    assert [bool(one.estimates) for one in found.items] == [False, False, False, True, True, True]
    assert np.isnan(found.items[0].statistics.point_biserial)
    assert [concern.code for concern in found.items[2].concerns] == ["too_few_answers"]


@pytest.mark.parametrize("right", [np.zeros((0, 3)), np.full((5, 3), -1), np.ones((40, 2)), np.array([[1, 0, 1]])])
def test_next_to_nothing_is_analysed_without_a_crash(right: np.ndarray) -> None:
    found = analyse(Responses(tuple("abc"[: right.shape[1]]), right.astype(np.int8)))
    assert found.models == ()
    assert len(found.items) == right.shape[1]


def test_random_papers_have_a_reliability_of_the_model_that_agrees_with_alpha() -> None:
    right, _, _ = simulated(1200, 20, seed=21)
    whole = analyse(Responses(tuple(map(str, range(20))), right)).reliability
    draw = np.random.default_rng(22)
    for row in right:
        row[draw.permutation(20)[10:]] = -1
    part = analyse(Responses(tuple(map(str, range(20))), right)).reliability
    assert whole is not None
    assert part is not None
    assert (whole.kind, part.kind, part.items) == ("alpha", "empirical", 10)
    # Spearman-Brown: half the length.
    assert part.value == pytest.approx(whole.value / (2 - whole.value), abs=0.04)
    assert part.standard_error == pytest.approx(whole.standard_error / np.sqrt(2), rel=0.05)


def test_a_wrong_key_is_seen() -> None:
    right, _, _ = simulated(800, 10, seed=31)
    chosen = chosen_of(right, seed=32)
    keys = (2, *(1,) * 9)  # B was keyed, A is right
    right[:, 0] = chosen[:, 0] == 2
    found = analyse(Responses(tuple(map(str, range(10))), right, chosen, (("A", "B", "C", "D"),) * 10, keys))
    worst = max(found.items, key=lambda one: one.severity)
    assert worst.statistics.item == "0"
    assert Concern("key_suspect", "A") in worst.concerns
    assert not any(concern.code == "key_suspect" for one in found.items[1:] for concern in one.concerns)


def test_only_the_item_that_is_harder_for_a_group_is_graded_c() -> None:
    draw = np.random.default_rng(41)
    group = np.where(draw.random(4000) < 0.4, "village", "town")
    ability = draw.standard_normal(4000) - 0.8 * (group == "village")  # the group is weaker as a whole: that is no difference of the item
    hard = np.zeros((4000, 15))
    hard[group == "village", 3] = 1.0
    right = (draw.random((4000, 15)) < 1 / (1 + np.exp(-(ability[:, None] - hard)))).astype(np.int8)
    found = differential(Responses(tuple(map(str, range(15))), right, groups={"city": group}))
    assert {one.group for one in found} == {"village"}  # of two groups the smaller one: the other is its mirror
    village = {one.item: one for one in found}
    assert [item for item, one in village.items() if one.grade == "C"] == ["3"]
    assert village["3"].delta == pytest.approx(-2.35, abs=0.5)


def test_drift_is_told_from_a_better_year() -> None:
    before = {str(at): (at / 10, 0.05) for at in range(10)}
    now = {name: (value - 0.7, error) for name, (value, error) in before.items()}  # everything became easier: other people
    assert drifts(now, before) == {}
    now["4"] = (now["4"][0] - 0.5, 0.05)
    assert drifts(now, before) == {"4": pytest.approx(-0.5)}
    now["4"] = (now["4"][0], 0.4)  # as far, but not certain
    assert drifts(now, before) == {}
    assert drifts({"1": (9.0, 0.1)}, before) == {}


def test_chances_of_chi_squares_as_in_the_tables() -> None:
    """The 5 % points of Abramowitz & Stegun, table 26.8."""
    for degrees, value in ((1, 3.841), (2, 5.991), (3, 7.815), (10, 18.307), (11, 19.675)):
        assert tail(value, degrees) == pytest.approx(0.05, abs=1e-4)
    assert tail(0, 3) == 1
