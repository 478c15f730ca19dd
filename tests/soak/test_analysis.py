"""A hundred thousand people and a hundred items: within the time, on the processor's clock, and within the memory."""

import time
import tracemalloc

import numpy as np
import pytest

from question_bank.domain import classical, latent_trait
from question_bank.domain.latent_trait import Model
from question_bank.domain.responses import Responses

pytestmark = pytest.mark.soak
PEOPLE, ITEMS = 100_000, 100


def test_a_hundred_thousand_people_by_a_hundred_items_in_time() -> None:
    draw = np.random.default_rng(1)
    slopes, difficulties = draw.lognormal(0, 0.3, ITEMS), draw.normal(0, 1, ITEMS)
    right = np.empty((PEOPLE, ITEMS), np.int8)
    for start in range(0, PEOPLE, 5000):
        chance = 1 / (1 + np.exp(-slopes * (draw.standard_normal((5000, 1)) - difficulties)))
        right[start : start + 5000] = draw.random((5000, ITEMS)) < chance
    chosen = np.where(right == 1, 1, 2 << draw.integers(0, 3, right.shape)).astype(np.uint32)
    responses = Responses(tuple(map(str, range(ITEMS))), right, chosen, (("A", "B", "C", "D"),) * ITEMS, (1,) * ITEMS)

    began = time.process_time()
    figures = classical.analyse(responses)
    assert classical.alpha(responses) is not None
    assert time.process_time() - began < 30
    assert all(len(one.options) == 4 for one in figures)

    tracemalloc.start()
    began = time.process_time()
    fit = latent_trait.estimate(right, Model.TWO_PARAMETER)
    assert time.process_time() - began < 60
    assert tracemalloc.get_traced_memory()[1] < 400 * 1024**2
    tracemalloc.stop()
    assert fit.converged
    assert np.abs((fit.slopes - slopes) / fit.slope_errors).max() < 4.5
    assert np.abs((fit.difficulties - difficulties) / fit.difficulty_errors).max() < 4.5
