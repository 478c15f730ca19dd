from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lms.domain.enrolment import EnrolmentClosed, NoSeats, QuotaFull, UnknownParticipant, earning_window, may_enrol, sector_of
from lms.domain.programme import Programme, parse, window_of
from lms.domain.window import Period

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
OPENS, CLOSES = PROGRAMME.enrolment.opens, PROGRAMME.enrolment.closes
SECOND = timedelta(seconds=1)


def enrol(programme: Programme = PROGRAMME, **changes: object) -> None:
    stated = {"participants": ("homeroom",), "city": "360700", "sector": "school", "taken": 0, "now": OPENS} | changes
    may_enrol(programme, **stated)  # type: ignore[arg-type]


def test_enrolment_is_half_open() -> None:
    enrol(now=OPENS)
    enrol(now=CLOSES - SECOND)
    for late in (OPENS - SECOND, CLOSES):
        with pytest.raises(EnrolmentClosed):
            enrol(now=late)


def test_the_last_seat_is_given_and_not_one_more() -> None:
    enrol(taken=10999)
    with pytest.raises(QuotaFull):
        enrol(taken=11000)


@pytest.mark.parametrize("participants", [(), ("nobody",), ("homeroom", "nobody")])
def test_only_the_kinds_of_the_notice_take_part(participants: tuple[str, ...]) -> None:
    with pytest.raises(UnknownParticipant):
        enrol(participants=participants)


def test_a_city_or_sector_without_quota_has_no_seats() -> None:
    with pytest.raises(NoSeats):
        enrol(city="110000")
    with pytest.raises(NoSeats):
        enrol(sector="university")


@pytest.mark.parametrize(("school", "sector"), [("第一小学", "school"), ("红星幼儿园", "kindergarten"), ("启明特殊教育学校", "school")])
def test_the_sector_follows_from_the_name_of_the_school(school: str, sector: str) -> None:
    assert sector_of(PROGRAMME, school) == sector


def days(first: int, last: int) -> Period:
    return Period(opens=datetime(2023, 11, first, tzinfo=UTC), closes=datetime(2023, 11, last, tzinfo=UTC))


def test_the_city_s_window_holds_without_another() -> None:
    assert earning_window(PROGRAMME, "360700", (), OPENS) == window_of(PROGRAMME, "360700")
    assert earning_window(PROGRAMME, "110000", (), OPENS) is None


def test_a_personal_window_is_another_chance_and_never_a_smaller_one() -> None:
    first, second = days(2, 4), days(8, 10)
    windows = (first, second)
    at = {day: earning_window(PROGRAMME, "110000", windows, datetime(2023, 11, day, tzinfo=UTC)) for day in (1, 2, 4, 9, 10)}
    assert at == {1: first, 2: first, 4: second, 9: second, 10: second}


def test_the_open_window_that_closes_last_is_meant() -> None:
    short, long = days(2, 4), days(3, 9)
    assert earning_window(PROGRAMME, "110000", (long, short), datetime(2023, 11, 3, tzinfo=UTC)) == long
