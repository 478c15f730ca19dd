"""Figures that others have printed for the two sections of the LSAT and for verbal aggression.

Sources read: the reference pages LSAT6 and LSAT7 of the R package mirt 1.45 (itemstats, coef, itemfit; three decimals); its
test test-01-mirtOne.R (section 7 with the tighter tolerance of SE.type = "SEM", four decimals; section 6 Rasch); the
output of ltm's descript(LSAT) and summary(ltm(LSAT ~ z1)) (section 6, four decimals) on public pages. Of verbal aggression: the
output of difR's difMH(verbal, group = 25, focal.name = 1), kept beside its tests (four decimals).
"""

import numpy as np
import pytest

from question_bank.domain import classical, latent_trait
from question_bank.domain.differential import differential
from question_bank.domain.item_fit import item_fit
from question_bank.domain.latent_trait import Model
from tests.support import lsat, verbal


def printed(figures: object, digits: int) -> list[float]:
    return list(map(float, np.round(np.asarray(figures, float), digits)))


def test_section_6_classical_as_ltm_prints_it() -> None:
    found = classical.analyse(lsat.responses(lsat.SECTION_6))
    assert printed([one.difficulty for one in found], 3) == [0.924, 0.709, 0.553, 0.763, 0.870]
    assert printed([one.point_biserial_total for one in found], 4) == [0.3620, 0.5668, 0.6184, 0.5344, 0.4354]
    assert printed([one.point_biserial for one in found], 4) == [0.1128, 0.1532, 0.1728, 0.1444, 0.1216]
    alpha = classical.alpha(lsat.responses(lsat.SECTION_6))
    assert alpha is not None
    assert printed([alpha.alpha, *alpha.without], 4) == [0.2950, 0.2754, 0.2376, 0.2168, 0.2459, 0.2663]
    assert printed([alpha.mean, alpha.deviation, alpha.standard_error], 3) == [3.819, 1.035, 0.869]


def test_section_7_classical_as_mirt_prints_it() -> None:
    found = classical.analyse(lsat.responses(lsat.SECTION_7))
    assert printed([one.difficulty for one in found], 3) == [0.828, 0.658, 0.772, 0.606, 0.843]
    assert printed([one.point_biserial_total for one in found], 3) == [0.530, 0.600, 0.611, 0.592, 0.461]
    assert printed([one.point_biserial for one in found], 3) == [0.246, 0.247, 0.313, 0.223, 0.175]
    alpha = classical.alpha(lsat.responses(lsat.SECTION_7))
    assert alpha is not None
    assert printed([alpha.alpha, *alpha.without], 3) == [0.453, 0.396, 0.394, 0.345, 0.415, 0.438]
    assert printed([alpha.mean, alpha.deviation, alpha.standard_error], 3) == [3.707, 1.199, 0.886]


def test_section_7_two_parameter_model_as_mirt_prints_it() -> None:
    fit = latent_trait.estimate(lsat.right(lsat.SECTION_7), Model.TWO_PARAMETER)
    assert fit.converged
    assert round(fit.log_likelihood, 3) == -2658.805
    # The first slope is 0.98755: mirt prints it rounded up, having stopped a little before the maximum.
    assert fit.slopes == pytest.approx([0.9876, 1.0808, 1.7075, 0.7650, 0.7357], abs=6e-5)
    assert fit.intercepts == pytest.approx([1.8559, 0.8080, 1.8052, 0.4860, 1.8545], abs=6e-5)
    # mirt's own fit statistics stand on parameters with its looser tolerance.
    found = item_fit(lsat.right(lsat.SECTION_7), fit)
    assert [one.s_x2 for one in found] == pytest.approx([4.749440, 14.451071, 1.270381, 5.237400, 0.941125], abs=3e-3)
    assert {one.degrees for one in found} == {2}


def test_section_6_rasch_model_as_mirt_prints_it() -> None:
    fit = latent_trait.estimate(lsat.right(lsat.SECTION_6), Model.RASCH)
    assert round(fit.log_likelihood, 3) == -2466.938
    assert printed(fit.slopes[:1], 3) == [0.755]
    assert printed(fit.slopes[:1] ** 2, 2) == [0.57]
    assert printed(fit.intercepts, 3) == [2.730, 0.999, 0.240, 1.306, 2.099]
    found = item_fit(lsat.right(lsat.SECTION_6), fit)
    assert printed([one.s_x2 for one in found], 3) == [0.436, 1.576, 0.872, 0.190, 0.190]
    assert [one.degrees for one in found] == [2, 2, 1, 2, 2]
    assert [one.p_value for one in found] == pytest.approx([0.804, 0.455, 0.351, 0.909, 0.909], abs=1e-3)


def test_section_6_two_parameter_model_against_ltm() -> None:
    """The search of ltm stopped at a gradient of 0.024, so that its third decimal is not the maximum's; ours is at least as likely."""
    fit = latent_trait.estimate(lsat.right(lsat.SECTION_6), Model.TWO_PARAMETER)
    assert round(fit.log_likelihood, 3) == -2466.653
    slopes, difficulties = [0.8254, 0.7229, 0.8905, 0.6886, 0.6575], [-3.3597, -1.3696, -0.2799, -1.8659, -3.1236]
    assert fit.slopes == pytest.approx(slopes, abs=1e-3)
    assert fit.difficulties == pytest.approx(difficulties, abs=3e-3)
    assert fit.slope_errors == pytest.approx([0.2581, 0.1867, 0.2326, 0.1852, 0.2100], abs=3e-4)
    assert fit.difficulty_errors == pytest.approx([0.8669, 0.3073, 0.0997, 0.4341, 0.8700], abs=2e-3)
    theirs = np.stack([slopes, -np.multiply(slopes, difficulties)])
    assert fit.log_likelihood >= latent_trait.log_likelihood(lsat.right(lsat.SECTION_6), theirs)


def test_abilities_of_section_7_as_mirt_prints_them() -> None:
    """Expected ability and its deviation of nothing right and everything right (fscores); mirt's test integrates from -4 to 4, we from -6 to 6."""
    fit = latent_trait.estimate(lsat.right(lsat.SECTION_7), Model.TWO_PARAMETER)
    assert [fit.abilities[0], fit.abilities[-1]] == pytest.approx([-1.8666, 0.7270], abs=4e-3)
    assert [fit.ability_errors[0], fit.ability_errors[-1]] == pytest.approx([0.6873, 0.8005], abs=6e-3)


def test_differences_between_men_and_women_in_verbal_aggression_as_difr_prints_them() -> None:
    """The men are 73: the figures are told, marked as of few, and no class is given."""
    found = differential(verbal.responses())
    odds = [
        1.7005,
        1.7702,
        1.4481,
        1.9395,
        1.9799,
        2.8804,
        0.9439,
        0.7194,
        1.5281,
        1.6849,
        1.0901,
        2.3458,
        0.7967,
        0.4995,
        1.1765,
        0.3209,
        0.3746,
        0.7931,
        0.4616,
        0.4727,
        0.6373,
        0.6444,
        0.6385,
        1.6053,
    ]
    deltas = [
        -1.2476,
        -1.342,
        -0.8701,
        -1.5567,
        -1.6052,
        -2.4861,
        0.1358,
        0.7741,
        -0.9965,
        -1.226,
        -0.2028,
        -2.0036,
        0.534,
        1.6313,
        -0.3821,
        2.6709,
        2.3072,
        0.5447,
        1.8165,
        1.7606,
        1.0585,
        1.0327,
        1.0541,
        -1.1123,
    ]
    squares = [
        1.7076,
        2.1486,
        0.9926,
        1.9302,
        2.954,
        9.6032,
        0.0013,
        0.6752,
        0.8185,
        1.6292,
        0.0152,
        4.1188,
        0.1324,
        2.7501,
        0.0683,
        6.3029,
        6.8395,
        0.217,
        5.7817,
        3.888,
        0.2989,
        1.122,
        1.4491,
        0.839,
    ]
    chances = [
        0.1913,
        0.1427,
        0.3191,
        0.1647,
        0.0857,
        0.0019,
        0.9711,
        0.4112,
        0.3656,
        0.2018,
        0.902,
        0.0424,
        0.716,
        0.0972,
        0.7938,
        0.0121,
        0.0089,
        0.6414,
        0.0162,
        0.0486,
        0.5846,
        0.2895,
        0.2287,
        0.3597,
    ]
    # The logarithm of the odds ratio over its standard error, with MHstat = "logOR".
    certainties = [
        1.4759,
        1.6751,
        1.1404,
        1.6327,
        1.9103,
        3.1373,
        -0.1889,
        -0.9984,
        1.1136,
        1.4869,
        0.2735,
        2.2368,
        -0.5675,
        -1.8434,
        0.4495,
        -2.6614,
        -2.6876,
        -0.6396,
        -2.4687,
        -2.1368,
        -0.8366,
        -1.2436,
        -1.381,
        1.1203,
    ]
    assert [one.item for one in found] == list(verbal.ITEMS)
    assert {(one.grouping, one.group, one.answers, one.grade, one.few) for one in found} == {("gender", "man", 73, "", True)}
    assert printed([one.odds_ratio for one in found], 4) == odds
    assert printed([one.delta for one in found], 4) == deltas
    assert printed([one.chi_square for one in found], 4) == squares
    assert printed([one.p_value for one in found], 4) == chances
    assert printed([-one.delta / one.standard_error for one in found], 4) == certainties
