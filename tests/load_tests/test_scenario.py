"""What a run plays is the forecast's own curve, city by city."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from lms.domain.programme import parse
from lms.domain.stretch import stretches
from load_tests.__main__ import main
from load_tests.scenario import Asked, expected_peaks, pressed, scenario
from load_tests.seed import TooManyPeople, homes_of, places
from tests.support import database

PROGRAMME = Path(__file__).parents[2] / "lms/programmes/jiangxi-2023.toml"
EXAM = 3


def asked(window: int, **more: object) -> Asked:
    return Asked(**{"programme": str(PROGRAMME), "window": window, "people": 100, "seconds": 140} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("window", "cities", "seats"), [(0, 4, 26_850), (1, 5, 41_150), (2, 3, 32_000), (EXAM, 12, 100_000)])
def test_every_stretch_has_its_cities_and_seats(window: int, cities: int, seats: int) -> None:
    found = scenario(asked(window))
    assert found.stretch.people == seats
    assert len(found.cities) == cities
    assert sum(found.cities.values()) == pytest.approx(100)


def test_people_come_as_the_forecast_says_and_the_run_ends() -> None:
    found = scenario(asked(1, seconds=310, lead=0))  # twenty seconds are a day, and the fullest is held
    at = [found.people_at(second) for second in range(310)]
    assert sum(one == max(there for there in at if there) for one in at) >= 30, "whoever comes at the fullest goes her way beside all the others"
    assert max(one for one in at if one) >= 80
    evening, night = at[5 * 20 + 17], at[5 * 20 + 2]
    assert evening is not None
    assert night is not None
    assert evening > 3 * night
    assert max(later - sooner for sooner, later in pairwise(at) if sooner and later) <= 12, "nobody comes in a heap"
    assert found.people_at(310) is None
    assert scenario(asked(1, peak=True)).people_at(70) == 100
    later = scenario(asked(1, peak=True, lead=60))  # people come first, then it counts
    assert [later.people_at(second) for second in (0, 19, 40, 60, 199, 200)] == [2, 50, 100, 100, 100, None]
    assert later.scale == pytest.approx(100 / expected_peaks(PROGRAMME, 1)["figures"])


def test_an_exams_last_evening_is_held_from_when_all_have_come_until_an_exam_has_been_sat() -> None:
    at_ease, hasty, belled = (scenario(asked(EXAM, seconds=0, **more)) for more in ({"pace": 1}, {}, {"barrier": 60}))
    for found in (at_ease, hasty, belled):
        lead, end = found.asked.lead, found.asked.lead + found.asked.seconds
        assert {found.people_at(lead + second) for second in range(int(end - lead))} == {100}
        assert found.people_at(end) is None
        assert found.as_dict()["compressed"] == 1
        assert end - lead >= found.asked.barrier + 50 * 12.6 / found.asked.pace
    assert scenario(asked(EXAM, seconds=0, barrier=60, rate=1)).asked.seconds >= belled.asked.barrier + 100, "the line at the waiting room takes its time"
    assert at_ease.asked.lead >= 100 / 5, "signing in costs a password hash each"


def test_whoever_starts_locust_by_hand_says_all_of_it_by_variables() -> None:
    said = {"LOAD_WINDOW": "4", "LOAD_PEOPLE": "200", "LOAD_PACE": "1", "LOAD_BARRIER": "30", "LOAD_MEDIA": "0.5", "LOAD_PEAK": "true", "LOAD_WORKERS": "2"}
    found = Asked.from_environment(said)
    assert (found.window, found.people, found.pace, found.barrier, found.media, found.peak, found.workers) == (3, 200, 1.0, 30.0, 0.5, True, 2)
    assert found.lead == 20 + 200 / 5
    assert found == Asked.from_environment({"LOAD_SCENARIO": msgspec.json.encode(found).decode()})


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


NOWHERE = "postgresql://nobody@127.0.0.1:9/none"


@pytest.mark.parametrize(
    "wrong",
    [
        ["run", str(PROGRAMME), "--window", "9"],
        ["run", str(PROGRAMME), "--compress", "two weeks"],
        ["run", str(PROGRAMME), "--compress", "14d:0m"],
        ["seed", str(PROGRAMME), "--window", "9"],
        ["seed", str(PROGRAMME), "--database", NOWHERE],
        ["judge", "--folder", "nowhere"],
        ["review", "jiangxi-2023", "--window", "w2", "--database", ""],
        ["review", "jiangxi-2023", "--window", "w2", "--database", NOWHERE],
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["load_tests", *wrong])
    with database.elsewhere():
        assert main() == 2
    assert capsys.readouterr().err.startswith("✗ ")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--window", "0"],
        ["--people", "-5"],
        ["--pace", "-1"],
        ["--processes", "0"],
        ["--media", "7"],
        ["--offline", "3"],
        ["--barrier", "-1"],
        ["--rate", "nan"],
    ],
)
def test_numbers_that_mean_nothing_are_refused(wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["load_tests", "run", str(PROGRAMME), *wrong])
    with pytest.raises(SystemExit):
        main()
    assert wrong[0] in capsys.readouterr().err


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
