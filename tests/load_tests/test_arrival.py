"""People come as the programme's windows say."""

from pathlib import Path

import pytest

from lms.domain.programme import Programme, parse
from load_tests.arrival import Arrival


@pytest.fixture(scope="module")
def programme() -> Programme:
    return parse((Path(__file__).parents[2] / "lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))


def test_every_window_has_the_seats_of_its_cities_and_its_own_days(programme: Programme) -> None:
    arrivals = [Arrival.of(programme, window) for window in range(len(programme.windows))]
    everyone = sum(sum(row.seats.values()) for row in programme.quotas.cities)
    assert sum(one.seats for one in arrivals) == everyone
    assert [len(one.hours) for one in arrivals] == [12 * 24, 14 * 24, 14 * 24]


def test_evenings_and_the_ends_of_a_window_are_fullest(programme: Programme) -> None:
    one = Arrival.of(programme, 1)
    assert max(one.hours) == 1.0
    assert one.hours[20] == 1.0
    assert one.hours[5 * 24 + 20] < one.hours[20]
    assert one.hours[4] < one.hours[9] < one.hours[20]


def test_scale_and_compression_keep_the_form(programme: Programme) -> None:
    one = Arrival.of(programme, 1)
    compress = len(one.hours) * 3600 / 60
    people = [one.people_at(second, scale=100 / one.seats, compress=compress) for second in range(60)]
    assert max(number for number in people if number) == 100
    assert one.people_at(60, scale=1, compress=compress) is None
