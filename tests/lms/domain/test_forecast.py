"""The forecast against what can be reckoned by hand, and against what may neither appear nor vanish."""

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pytest

from lms.domain import behaviour as behaviours
from lms.domain import forecast, load, sizing
from lms.domain.programme import parse
from lms.domain.stretch import Stretch, quarter_of, stretches, told_apart, whole_quarters

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
BEHAVIOUR = behaviours.parse(Path("load_tests/behaviour.toml").read_text(encoding="utf-8"))
EVEN = BEHAVIOUR.having(sharpness=0, weekend=1, rush=0, dropout=0, overwatch=1, uptake=1)
FIRST, SECOND, THIRD, EXAM = stretches(PROGRAMME)


def test_the_notice_s_windows_hold_the_people_it_names() -> None:
    assert [(one.people, one.days) for one in (FIRST, SECOND, THIRD, EXAM)] == [(26_850, 12), (41_150, 14), (32_000, 14), (100_000, 31)]


def test_32_hours_of_45_minutes_in_14_whole_days_are_2939_watching_on_average() -> None:
    # The closed form presumes all 24 hours of each of the 14 days: 41 150 × 24 h / (14 × 24 h).
    watching = forecast.central(SECOND, PROGRAMME, EVEN)["watching"]
    assert watching.mean() == pytest.approx(41_150 * 24 / (14 * 24))
    assert round(watching.mean()) == 2939
    assert [round(forecast.central(one, PROGRAMME, EVEN)["watching"].mean()) for one in (FIRST, THIRD)] == [2238, 2286]
    assert forecast.mean_watching(SECOND, PROGRAMME) == pytest.approx(watching.mean())
    # However people spread over day and window, the mean over all its hours stays.
    spread = BEHAVIOUR.having(dropout=0, overwatch=1, uptake=1)
    assert forecast.central(SECOND, PROGRAMME, spread)["watching"].mean() == pytest.approx(41_150 / 14)


@pytest.mark.parametrize("stretch", [FIRST, SECOND, THIRD])
def test_no_hour_of_film_appears_or_vanishes(stretch: Stretch) -> None:
    figures = behaviours.draws(BEHAVIOUR, 20, seed=7)
    noise = np.exp(0.3 * np.random.default_rng(3).standard_normal((20, 20)))
    each = forecast.each(stretch, PROGRAMME, BEHAVIOUR, figures, noise=noise)
    played = forecast.watched_seconds(PROGRAMME, figures)[:, 0]
    assert each["watching"].sum(axis=1) * 900 == pytest.approx(played)
    again = 1 + figures["retry_share"][:, 0]
    assert each["heartbeats"].sum(axis=1) * 900 * 15 == pytest.approx(played * again)
    stored = each["growth"].sum(axis=1) * 1e6 - each["quiz_starts"].sum(axis=1) * 900 * figures["quiz_bytes"][:, 0]
    lessons = played / 60 / figures["lesson_minutes"][:, 0]
    assert stored == pytest.approx(played / 15 * figures["heartbeat_bytes"][:, 0] + lessons * figures["lesson_bytes"][:, 0]), (
        "what is sent again is stored once"
    )
    phone, small, slow = figures["phone_share"], figures["phone_small"], figures["slow_line"]
    bits = (phone * small + (1 - phone) * slow) * figures["small_kbits"] + (phone * (1 - small) + (1 - phone) * (1 - slow)) * figures["large_kbits"]
    assert each["egress"].sum(axis=1) * 900 * 1e6 == pytest.approx(played * (bits * figures["fetched"])[:, 0])


def test_no_more_are_there_than_there_are() -> None:
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR.having(rush=60, rush_days=0.1), count=40)
    assert all(found.total[code].high.max() <= SECOND.people for code in forecast.AT_ONCE)
    assert all(found.city(city, code).high.max() <= seats for code in forecast.AT_ONCE for city, seats in SECOND.seats.items())
    assert found.peaks["signed_in"].high == SECOND.people, "a rush like this one is pressed into an evening"


def test_what_is_fetched_beforehand_is_spread_but_not_lost() -> None:
    plain, early = forecast.central(SECOND, PROGRAMME, BEHAVIOUR, [{}, {"downloaded": 0.5}])["egress"]
    assert early.sum() == pytest.approx(plain.sum())
    assert early.max() < plain.max()


def test_everybody_who_sits_the_exam_begins_once_and_saves_what_she_changes() -> None:
    found = forecast.central(EXAM, PROGRAMME, BEHAVIOUR.having(uptake=1, exam_share=1, exam_rush=0, exam_left=0))
    assert found["exam_starts"].sum() * 900 == pytest.approx(100_000)
    # Little's law: those under way on average are starts a second times how long one takes.
    lasts = 0.6 * 90 * 60
    assert found["in_exam"].mean() == pytest.approx(100_000 * lasts / (31 * 86_400), rel=0.01)
    assert found["saves"].sum() * 900 == pytest.approx(100_000 * 50 * 1.3 * 1.01, rel=0.01)
    # Who goes away is there until her time is up.
    left = forecast.central(EXAM, PROGRAMME, BEHAVIOUR.having(uptake=1, exam_share=1, exam_rush=0, exam_left=0.1))["in_exam"].mean()
    assert left == pytest.approx(100_000 * (0.9 * lasts + 0.1 * 5_400) / (31 * 86_400), rel=0.01)


def test_the_peak_is_the_evening_of_the_last_day_and_follows_the_rush() -> None:
    calm, rushed = forecast.central(SECOND, PROGRAMME, BEHAVIOUR, [{"rush": 0.0}, {"rush": 3.0}])["watching"]
    assert rushed.max() > 1.5 * calm.max()
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=40)
    assert found.peaks["watching"].at.strftime("%m-%d %H") == "12-01 20"
    assert found.peaks["watching"].median < found.peaks["watching"].high < 41_150


def test_95_of_100_further_draws_lie_in_the_band_of_a_city() -> None:
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=300)
    figures = behaviours.draws(BEHAVIOUR, 300, seed=99)
    chance = np.random.default_rng(98)
    noise = np.exp(figures["day_noise"] * chance.standard_normal((300, 20)))
    spread = np.exp(figures["city_spread"] * chance.standard_normal((300, 1)))
    expected = forecast.each(SECOND, PROGRAMME, BEHAVIOUR, figures, noise=noise)["watching"] * spread * SECOND.seats["360300"]
    happened = chance.poisson(expected)
    band = found.city("360300", "watching")
    inside = ((happened >= band.low - 1) & (happened <= band.high + 1)).mean()
    assert 0.92 < inside < 0.985


def test_cities_differ_by_their_sectors_and_the_sum_stays() -> None:
    apart = EVEN.having(daytime_kindergarten=0.5)
    found = forecast.forecast(FIRST, PROGRAMME, apart.having(day_noise=0, city_spread=0), count=5)
    curves = {city: found.city(city, "watching").median / seats for city, seats in FIRST.seats.items()}
    share = {row.code: row.seats["kindergarten"] / sum(row.seats.values()) for row in PROGRAMME.quotas.cities}
    by_share = sorted(curves, key=lambda city: share[city])
    noon = [curves[city][12 * 4] for city in by_share]  # of a Monday
    assert noon == sorted(noon, reverse=True)
    assert noon[0] > 1.05 * noon[-1], "where more teach at kindergartens, fewer learn by day"
    assert [curves[city].sum() for city in by_share] == pytest.approx([96 * 24 / 24] * 4), "and everybody watches her 24 hours"
    assert sum(curves[city] * FIRST.seats[city] for city in curves) == pytest.approx(found.total["watching"].median)
    assert forecast.central(FIRST, PROGRAMME, apart)["watching"].mean() == pytest.approx(26_850 / 12)
    # By 1 nobody differs; and where a programme has no kindergartens, nobody does by any.
    alike = forecast.forecast(FIRST, PROGRAMME, EVEN.having(day_noise=0, city_spread=0, daytime_kindergarten=1), count=5)
    assert {round(alike.city(city, "watching").median[48] / seats, 9) for city, seats in FIRST.seats.items()} == {round(1 / 12, 9)}
    schools = replace(FIRST, sectors={})
    assert told_apart(schools, apart) == ("",)


def test_of_an_exam_held_again_only_a_few_are_expected_and_of_two_components_everybody_twice() -> None:
    calm = BEHAVIOUR.having(uptake=1, exam_share=1, resit_share=0.2)
    (once,) = EXAM.exam
    for sat, times in (((once,), 1.0), ((replace(once, again=True),), 0.2), ((once, once), 2.0)):
        found = forecast.central(replace(EXAM, exam=sat), PROGRAMME, calm)
        assert found["exam_starts"].sum() * 900 == pytest.approx(times * 100_000)


def test_sizing_adds_the_paths_and_says_nothing_without_a_measurement() -> None:
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=30)
    assert sizing.size(found, None, 2).nodes is None
    assert sizing.measured(None) is sizing.measured("{}") is sizing.measured('{"figures": []}') is None
    only = sizing.measured('{"figures": [{"name": "heartbeat", "server_us": 600, "database_us": 60}]}')
    assert only is not None
    assert "save" in only.missing
    sized = sizing.size(found, only, 2)
    cores = found.total["heartbeats"].high.max() * 600e-6 / sizing.BUSY
    assert sized.server_cores == pytest.approx(cores)
    assert sized.database_cores == pytest.approx(cores / 10)
    assert sized.nodes == int(np.ceil(cores / 2))


def test_the_sway_of_a_figure_is_what_the_peak_does_when_it_alone_changes() -> None:
    by_metric = sizing.sways(SECOND, PROGRAMME, BEHAVIOUR)
    sways = by_metric["egress"]
    assert [one.width for one in sways] == sorted((one.width for one in sways), reverse=True)
    large = next(one for one in sways if one.figure.name == "large_kbits")
    again = forecast.central(SECOND, PROGRAMME, BEHAVIOUR.having(large_kbits=large.figure.high))["egress"].max()
    assert large.high == pytest.approx(again)
    assert "heartbeat_seconds" not in {one.figure.name for one in sways}
    assert by_metric["sign_ins"][0].figure.name == "session_minutes", "what moves the line is not what moves the sign-ins"
    of_exam = sizing.sways(EXAM, PROGRAMME, BEHAVIOUR)
    assert "egress" not in of_exam
    assert of_exam["in_exam"][0].figure.name == "exam_rush"
    moved = {row.figure.name for found in (by_metric, of_exam) for rows in found.values() for row in rows}
    only_drawn = {"day_noise", "city_spread", "resit_share"}  # Jiangxi's exam is held once
    assert moved | only_drawn == {one.name for one in BEHAVIOUR.ranged}
    (first, *_others) = sizing.swayed(of_exam, ("saves",), "en", most=2)
    assert (first.metric.code, len(first.bars), first.others) == ("saves", 2, len(of_exam["saves"]) - 2)
    planned, *others = sizing.alternatives(SECOND, PROGRAMME, BEHAVIOUR)
    by_code = {one.what_if.code: one for one in others}
    assert by_code["slow_heartbeat"].heartbeats == pytest.approx(planned.heartbeats / 2)
    assert by_code["school_cache"].egress == pytest.approx(planned.egress * 0.6)
    assert by_code["small_rendition"].egress < planned.egress


def test_the_disk_is_bought_for_the_worst_of_95_percent_of_cases_and_the_sums_are_those_of_whole_cases() -> None:
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=200)
    grown = found.sums["growth"]
    assert sizing.size(found, None, 2).growth_gb == grown.high > 1.15 * grown.median
    assert grown.high < found.total["growth"].high.sum() / 1000, "not every quarter is at its edge in the same case"
    hours = forecast.watched_seconds(PROGRAMME, behaviours.cases(BEHAVIOUR))[0, 0] / 3600
    assert found.sums["watching"].figures == pytest.approx(SECOND.people * hours) == found.figures["watching"].sum() / 4
    assert found.peaks["egress"].figures == pytest.approx(forecast.central(SECOND, PROGRAMME, BEHAVIOUR)["egress"].max())
    assert found.sums["egress"].figures == pytest.approx(found.figures["egress"].sum() * 900 / 8 / 1000), "Gbit/s for 900 s, in TB"
    assert all(one.low <= one.median <= one.high for one in (*found.peaks.values(), *found.sums.values()))


def test_a_forecast_keeps_its_curves_and_not_the_cases_behind_them() -> None:
    found = forecast.forecast(SECOND, PROGRAMME, BEHAVIOUR, count=50)
    bands = [*found.total.values(), *(band for sectors in found.each.values() for band in sectors.values())]
    assert all(edge.base is None for band in bands for edge in (band.low, band.median, band.high)), "a view keeps every case in every process that serves"


def test_evenings_and_weekends_are_those_of_the_window_s_own_zone() -> None:
    calm = BEHAVIOUR.having(rush=0, weekend=0.5)
    for stretch in (SECOND, replace(SECOND, opens=SECOND.opens.astimezone(UTC), closes=SECOND.closes.astimezone(UTC))):
        watching = forecast.central(stretch, PROGRAMME, calm)["watching"][0]
        assert stretch.at(int(watching.argmax())).hour == 20
        days = {stretch.at(quarter).weekday(): 0.0 for quarter in range(stretch.quarters)}
        for quarter, count in enumerate(watching):
            days[stretch.at(quarter).weekday()] += count
        assert days[5] == pytest.approx(days[2] / 2)


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("value = 1.5\nlow = 0.3", "value = 0.1\nlow = 0.3", "figures.rush: 0.1 does not lie between"),
        ('source = "assumption"\nnote = "0 would', 'source = ""\nnote = "0 would', "figures.sharpness names no source"),
        ("set = { cached = 0.4 }", "set = { cashed = 0.4 }", "unknown figures: cashed"),
        ("workday = [4, 2,", "workday = [2,", "24 shares each"),
        ("[curves]", "[curves", "behaviour:"),
    ],
)
def test_a_figure_without_source_or_range_is_refused_by_name(was: str, becomes: str, words: str) -> None:
    text = Path("load_tests/behaviour.toml").read_text(encoding="utf-8")
    assert was in text
    with pytest.raises(behaviours.UnreadBehaviourError, match=words):
        behaviours.parse(text.replace(was, becomes, 1))


def test_a_window_and_an_exam_that_are_open_at_once_are_added_up() -> None:
    exam = replace(EXAM, opens=THIRD.closes - timedelta(days=2))
    third, sat = (forecast.forecast(one, PROGRAMME, BEHAVIOUR, count=20) for one in (THIRD, exam))
    assert forecast.overlaps([third]) == ()
    (both,) = forecast.overlaps([third, sat])
    assert (both.opens, both.closes, both.stretches) == (exam.opens, THIRD.closes, (THIRD, exam))
    count = 2 * 96
    assert both.total["page_views"].median == pytest.approx(third.total["page_views"].median[-count:] + sat.total["page_views"].median[:count])
    assert both.peaks["saves"].high == sat.total["saves"].high[:count].max()
    known = sizing.Capacity({"save": 1e4, "heartbeat": 1e4}, {"save": 1.0})
    alone = [sizing.size(one, known, 1).server_cores or 0 for one in (third, sat)]
    assert max(alone) < (sizing.size(both, known, 1).server_cores or 0) < sum(alone)


def test_every_figure_has_a_title_in_both_languages() -> None:
    titles = [one.titled("en") for one in BEHAVIOUR.figures.values()] + [one.titled("en") for one in BEHAVIOUR.what_ifs]
    assert all(title and title.isascii() for title in titles)
    assert len(set(titles)) == len(titles)
    assert BEHAVIOUR.figures["rush"].titled("zh") == "最后一天学习的加码"


def test_what_opens_off_the_quarter_is_reckoned_and_seen_in_whole_quarters() -> None:
    opens = PROGRAMME.exam.opens.replace(hour=8, minute=50)
    held = replace(PROGRAMME, exam=replace(PROGRAMME.exam, opens=opens, closes=opens + timedelta(minutes=90)))
    exam = stretches(held)[-1]
    assert (f"{exam.opens:%H:%M}", f"{exam.closes:%H:%M}", exam.quarters) == ("08:45", "10:30", 7)
    found = forecast.forecast(exam, held, BEHAVIOUR, count=5)
    assert len(found.total["in_exam"].median) == 7
    counted = {quarter_of(opens + timedelta(minutes=minutes)): minutes for minutes in (2, 89)}
    assert load.curve(found, counted) == [2, *[None] * 5, 89]
    assert whole_quarters(FIRST.opens, FIRST.closes) == (FIRST.opens, FIRST.closes)
