"""What a run plays is the forecast's own curve, city by city."""

from pathlib import Path

import pytest

from lms.domain.programme import parse
from lms.domain.stretch import stretches
from load_tests.__main__ import main
from load_tests.scenario import Asked, expected_peaks, pressed, scenario
from load_tests.seed import TooManyPeople, homes_of, places

PROGRAMME = Path(__file__).parents[2] / "lms/programmes/jiangxi-2023.toml"
EXAM = 3


def asked(window: int, **more: object) -> Asked:
    return Asked(programme=str(PROGRAMME), window=window, people=100, seconds=140, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("window", "cities", "seats"), [(0, 4, 26_850), (1, 5, 41_150), (2, 3, 32_000), (EXAM, 12, 100_000)])
def test_every_stretch_has_its_cities_and_seats(window: int, cities: int, seats: int) -> None:
    found = scenario(asked(window))
    assert found.stretch.people == seats
    assert len(found.cities) == cities
    assert sum(max(curve) for curve in found.cities.values()) == pytest.approx(100)


def test_people_come_as_the_forecast_says_and_the_run_ends() -> None:
    found = scenario(asked(1))  # ten seconds are a day
    at = [found.people_at(second) for second in range(140)]
    assert max(one for one in at if one) >= 80
    evening, night = at[5 * 10 + 8], at[5 * 10 + 1]
    assert evening is not None
    assert night is not None
    assert evening > 3 * night
    assert found.people_at(140) is None
    assert scenario(asked(1, peak=True)).people_at(70) == 100
    later = scenario(asked(1, peak=True, lead=60))  # people come first, then it counts
    assert [later.people_at(second) for second in (0, 60, 199, 200)] == [100, 100, 100, None]
    assert later.scale == pytest.approx(100 / expected_peaks(PROGRAMME, 1)["figures"])


def test_scale_and_compression_are_read_and_faults_named() -> None:
    assert pressed("14d:20m") == 14 * 24 * 3
    peaks = expected_peaks(PROGRAMME, 1)
    assert 15_000 < peaks["figures"] < peaks["median"] < peaks["high"] < 60_000
    with pytest.raises(ValueError, match="14d:20m"):
        pressed("two weeks")
    with pytest.raises(ValueError, match="exam's month"):
        scenario(asked(4))


def test_scale_one_is_the_peak_of_the_band_and_a_higher_one_brings_more_people_who_do_the_same() -> None:
    peaks = {"figures": 20_000.0, "median": 25_000.0, "high": 40_000.0}
    found = {band: scenario(asked(1, peak=True, pace=1, band=band, peaks=peaks)) for band in peaks}
    assert {band: one.scale for band, one in found.items()} == {band: pytest.approx(100 / peak) for band, peak in peaks.items()}
    assert found["high"].rates["heartbeats"] == pytest.approx(2 * found["figures"].rates["heartbeats"])
    assert found["high"].planned["heartbeats"] == pytest.approx(found["figures"].planned["heartbeats"]), "a hundred people are a hundred people"
    assert found["median"].as_dict()["scales"] == {"figures": 0.005, "median": 0.004, "high": 0.0025}


@pytest.mark.parametrize("wrong", [["--window", "9"], ["--compress", "two weeks"], ["--compress", "14d:0m"]])
def test_what_cannot_be_played_is_said_in_a_line(wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["load_tests", "run", str(PROGRAMME), *wrong])
    assert main() == 2
    assert capsys.readouterr().err.startswith("✗ ")


def test_the_seed_spreads_teachers_over_cities_and_sectors_as_the_seats_are() -> None:
    programme = parse(PROGRAMME.read_text(encoding="utf-8"))
    exam = stretches(programme)[EXAM]
    everybody = places(programme, exam, 100_000)
    for row in programme.quotas.cities:
        for sector, seats in row.seats.items():
            assert sum(one.city == row.code and one.sector == sector for one in everybody[:10_000]) == pytest.approx(seats / 10, abs=2)
    assert len(places(programme, exam, 7)) == 7
    with pytest.raises(TooManyPeople, match="41150 seats"):
        places(programme, stretches(programme)[1], 50_000)


def test_more_teachers_than_a_window_has_seats_live_all_over_the_province_and_those_of_the_window_come_first() -> None:
    programme = parse(PROGRAMME.read_text(encoding="utf-8"))
    second = stretches(programme)[1]
    homes = homes_of(programme, second, 50_000)
    inside = [one.city in second.seats for one in homes]
    assert inside == sorted(inside, reverse=True)
    assert sum(inside) == pytest.approx(41_150 / 2, abs=40)
    assert homes_of(programme, second, 100) == places(programme, second, 100)
