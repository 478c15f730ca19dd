"""What is learnt from a window that was seen."""

from pathlib import Path

import numpy as np
import pytest

from lms.domain import behaviour as behaviours
from lms.domain import forecast, review
from lms.domain.programme import parse
from lms.domain.stretch import stretches

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
BEHAVIOUR = behaviours.parse(Path("load_tests/behaviour.toml").read_text(encoding="utf-8"))
SECOND = stretches(PROGRAMME)[1]


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
    assert found.compared.hours_seen == pytest.approx(truth.sum() / 4, rel=0.01)
    assert found.compared.peak_seen > found.compared.peak_expected
    # The next forecast, with the figures proposed, has the peak that was seen.
    again = forecast.central(SECOND, PROGRAMME, found.proposed)["watching"].max()
    assert again == pytest.approx(found.compared.peak_seen, rel=0.08)
    assert all(one.low <= one.value <= one.high for one in figures.values())


def test_curves_seen_of_everybody_know_the_kindergartens_day_already() -> None:
    really = BEHAVIOUR.having(sharpness=1.0, daytime_kindergarten=0.2)
    planned = forecast.forecast(SECOND, PROGRAMME, really, count=5)
    truth = forecast.central(SECOND, PROGRAMME, really)["watching"][0]
    seen: dict[str, list[int | None]] = {city: [round(one) for one in truth * people / SECOND.people] for city, people in SECOND.seats.items()}
    again = forecast.central(SECOND, PROGRAMME, review.review(planned, PROGRAMME, really, seen).proposed)["watching"][0]
    by_day = [number for number in range(SECOND.quarters) if SECOND.at(number).weekday() < 5 and 9 <= SECOND.at(number).hour < 16]
    assert again[by_day].sum() == pytest.approx(truth[by_day].sum(), rel=0.04)


def test_half_a_window_teaches_nothing() -> None:
    planned = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=5)
    half: dict[str, list[int | None]] = {city: [10] * 600 + [None] * 744 for city in SECOND.seats}
    with pytest.raises(review.NothingLearntError, match="45%"):
        review.review(planned, PROGRAMME, BEHAVIOUR, half)


EXAM = stretches(PROGRAMME)[-1]


def test_an_exam_gives_back_when_people_began_how_many_sat_and_how_long_it_took() -> None:
    really = BEHAVIOUR.having(uptake=1, exam_share=0.83, exam_time=0.75, exam_rush=14, exam_rush_days=1.0)
    planned = forecast.forecast(EXAM, PROGRAMME, BEHAVIOUR.having(uptake=1), count=20)
    truth, chance = forecast.central(EXAM, PROGRAMME, really), np.random.default_rng(5)
    shares = {city: people / EXAM.people for city, people in EXAM.seats.items()}
    seen: dict[str, list[int | None]] = {city: [int(one) for one in chance.poisson(truth["in_exam"][0] * share)] for city, share in shares.items()}
    starts: list[int | None] = [int(one) for one in chance.poisson(truth["exam_starts"][0] * 900)]
    seen["360700"][40:44] = starts[40:44] = [None] * 4
    found = review.review(planned, PROGRAMME, BEHAVIOUR, seen, starts)
    figures = found.proposed.figures
    assert figures["exam_share"].value == pytest.approx(0.83, rel=0.02)
    assert figures["exam_time"].value == pytest.approx(0.75, rel=0.03)
    assert figures["exam_rush"].value == pytest.approx(14, rel=0.15)
    assert figures["exam_rush_days"].value == pytest.approx(1.0, rel=0.15)
    assert figures["weekend"] == BEHAVIOUR.figures["weekend"], "what is learnt of an exam changes no window"
    assert found.proposed.workday == BEHAVIOUR.workday
    assert found.compared.hours_seen == pytest.approx(0.83 * 100_000 * 0.75 * 1.5, rel=0.02)
    with pytest.raises(review.NothingLearntError, match="exam starts"):
        review.review(planned, PROGRAMME, BEHAVIOUR, seen)


def test_a_window_that_runs_is_compared_as_far_as_it_went() -> None:
    planned = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=20)
    median = planned.total["watching"].median
    so_far: dict[str, list[int | None]] = {
        city: [int(one * people / SECOND.people) for one in median[:200]] + [None] * (SECOND.quarters - 200) for city, people in SECOND.seats.items()
    }
    found = review.compare(planned, so_far)
    assert found is not None
    assert found.recorded == pytest.approx(200 / 1344)
    assert found.hours_seen == pytest.approx(found.hours_expected, rel=0.01)
    assert found.peak_expected == median[:200].max()
    assert found.inside > 0.99
    assert review.compare(planned, {city: [None] * SECOND.quarters for city in SECOND.seats}) is None
