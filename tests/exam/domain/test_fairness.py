"""What neighbours share and how hard papers proved to be."""

from math import exp, isclose

import numpy as np

from exam.domain.fairness import hardness, neighbours


def test_only_those_who_began_one_after_another_in_one_school_are_neighbours() -> None:
    versions = np.array([(1, 2, 3), (1, 2, 3), (5, 4, 3), (3, 4, 6)])
    found = neighbours(versions, np.array([0, 1, 0, 0]))
    assert found is not None
    assert (found.pairs, found.mean, found.most) == (2, 1.5, 2)
    assert neighbours(versions[:2], np.array([0, 1])) is None
    assert neighbours(versions[:0], np.zeros(0, np.int64)) is None


def test_a_paper_of_harder_items_gives_an_average_learner_less() -> None:
    logits = {1: -1.0, 2: 0.0, 3: 1.0}
    found = hardness(np.array([(1, 2), (2, 3), (3, 9)]), (200, 300), logits)
    assert found is not None
    easy, hard = 2 / (1 + exp(-1)) + 1.5, 1.0 + 3 / (1 + exp(1))
    assert (found.papers, found.unmeasured) == (2, 1)
    assert isclose(found.highest, easy)
    assert isclose(found.lowest, hard)
    assert isclose(found.sd, (easy - hard) / 2)
    assert hardness(np.array([(9,)]), (200,), logits) is None
