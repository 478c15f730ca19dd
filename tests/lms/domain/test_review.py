"""What is learnt from a window that was seen."""

from pathlib import Path

import numpy as np
import pytest

from lms.domain import behaviour as behaviours
from lms.domain import forecast, review
from lms.domain.programme import parse

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
BEHAVIOUR = behaviours.parse(Path("load_tests/behaviour.toml").read_text(encoding="utf-8"))
SECOND = forecast.stretches(PROGRAMME)[1]


def test_a_window_that_was_seen_gives_back_how_people_behaved() -> None:
    really = BEHAVIOUR.having(weekend=0.6, rush=3.2, rush_days=1.0, overwatch=1.15, sharpness=1.2, dropout=0.05)
    truth = forecast.central(SECOND, PROGRAMME, really)["watching"][0]
    chance = np.random.default_rng(5)
    seen: dict[str, list[int | None]] = {city: [int(one) for one in chance.poisson(truth * people / SECOND.people)] for city, people in SECOND.seats.items()}
    seen["360700"][40:44] = [None] * 4  # an hour in which the worker stood still
    planned = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=60)
    found = review.review(planned, PROGRAMME, BEHAVIOUR, seen)
    figures = found.proposed.figures
    assert figures["weekend"].value == pytest.approx(0.6, rel=0.1)
    assert figures["rush"].value == pytest.approx(3.2, rel=0.15)
    assert figures["rush_days"].value == pytest.approx(1.0, rel=0.2)
    assert figures["overwatch"].value == pytest.approx(1.15, rel=0.03)
    assert found.hours_seen == pytest.approx(truth.sum() / 4, rel=0.01)
    assert found.peak_seen > found.peak_expected
    # The next forecast, with the figures proposed, has the peak that was seen.
    again = forecast.central(SECOND, PROGRAMME, found.proposed)["watching"].max()
    assert again == pytest.approx(found.peak_seen, rel=0.08)
    assert all(one.low <= one.value <= one.high for one in figures.values())


def test_half_a_window_teaches_nothing() -> None:
    planned = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=5)
    half: dict[str, list[int | None]] = {city: [10] * 600 + [None] * 744 for city in SECOND.seats}
    with pytest.raises(review.NothingLearntError, match="45%"):
        review.review(planned, PROGRAMME, BEHAVIOUR, half)


def test_an_exam_is_refused_for_what_it_is_and_not_for_too_little_seen() -> None:
    exam = forecast.stretches(PROGRAMME)[-1]
    planned = forecast.forecast(exam, PROGRAMME, BEHAVIOUR, count=5)
    seen: dict[str, list[int | None]] = {city: [10] * exam.quarters for city in exam.seats}
    with pytest.raises(review.NothingLearntError, match="is the exam") as refused:
        review.review(planned, PROGRAMME, BEHAVIOUR, seen)
    assert "%" not in str(refused.value)
