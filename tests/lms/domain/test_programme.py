"""A programme says what its notice says; the demo's says what it changes."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from demo.programme import derive
from lms.domain import hours
from lms.domain import programme as rules
from lms.domain.hours import Worth
from lms.domain.programme_tree import Asked
from tests.support.programmes import DOCS, EXAM, TEXT, WINDOW_2, damaged


def test_every_key_is_documented_and_every_documented_key_exists() -> None:
    documented = set(re.findall(r"^\| `([a-z_.\[\]*]+)` \| (?:required|default [^|]*)? ?\|", DOCS, re.MULTILINE))
    assert documented == set(rules.known_keys())


def test_no_key_knows_a_province() -> None:
    words = {"jiangxi", "hebei", "hunan", "jingmen", "handan", "ganjiang", "gan"}
    assert not {word for key in rules.known_keys() for word in re.split(r"[^a-z]+", key)} & words


def test_the_notice_is_transcribed() -> None:
    programme = rules.parse(TEXT)
    assert [len(window.cities) for window in programme.windows] == [4, 5, 3]
    assert [(window.closes - window.opens).days for window in programme.windows] == [12, 14, 14]
    assert dict(programme.quotas.of("360700")) == {"school": 11000, "kindergarten": 1650}
    assert (int(programme.hours.online), int(programme.hours.offline), programme.hours.minutes_per_hour) == (32, 28, 45)
    assert [component.weight for component in programme.assessment.components] == [60, 40]
    assert [assignment.min_characters for assignment in programme.assignments] == [800, 800]
    assert programme.requirements.total == 60
    assert [award.count for award in programme.awards] == [3, 10, 30]
    assert programme.certificate.excellent is not None
    assert programme.certificate.excellent.percent == 5
    assert programme.exam.minutes == 90
    assert hash(programme) == hash(rules.parse(TEXT))


def test_a_bare_date_is_the_whole_day_where_the_programme_is() -> None:
    window = rules.parse(TEXT).windows[1]
    first = datetime(2023, 11, 17, 16, 0, tzinfo=UTC)
    end = datetime(2023, 12, 1, 16, 0, tzinfo=UTC)
    assert (window.opens, window.closes) == (first, end)
    assert window.contains(first)
    assert not window.contains(first - timedelta(microseconds=1))
    assert window.contains(end - timedelta(microseconds=1))
    assert not window.contains(end)
    assert (window.first_day, window.last_day) == (date(2023, 11, 18), date(2023, 12, 1))


def test_a_time_of_day_is_taken_as_written() -> None:
    programme = rules.parse(damaged((EXAM, EXAM.replace('"2024-01-31"', '"2024-01-31T18:00"'))))
    assert programme.exam.closes == datetime(2024, 1, 31, 10, 0, tzinfo=UTC)


def test_every_city_finds_its_window() -> None:
    programme = rules.parse(TEXT)
    found = {row.name: getattr(rules.window_of(programme, row.code), "code", None) for row in programme.quotas.cities}
    assert found["赣江新区"] == "w1"
    assert found["赣州"] == "w2"
    assert found["吉安"] == "w3"
    assert rules.window_of(programme, "110000") is None


def test_a_difference_names_key_and_both_values() -> None:
    old = rules.parse(TEXT)
    assert rules.difference(old, old) == []
    new = rules.parse(damaged((WINDOW_2, 'from = "2023-11-18"\nto = "2023-12-03"'), ("attempts = 1", "attempts = 1\npass_mark = 60")))
    changes = rules.difference(old, new)
    assert [str(change) for change in changes] == ["windows[1].to：「2023-12-01」改为「2023-12-03」", "exam.pass_mark：新增「60」"]
    assert [str(change) for change in rules.difference(new, old)][1] == "exam.pass_mark：删去「60」"


def test_an_entry_that_only_moved_is_no_difference() -> None:
    start, end = TEXT.index('[[quotas.cities]]\ncode = "360100"'), TEXT.index('[[quotas.cities]]\ncode = "360200"')
    one, two = TEXT[start:end].split("\n\n")[:2]
    moved = TEXT[:start] + two + "\n\n" + one + "\n\n" + TEXT[end:]
    assert rules.difference(rules.parse(TEXT), rules.parse(moved)) == []


@settings(deadline=None, max_examples=25)
@given(days=st.integers(0, 20_000))
def test_the_demo_lies_around_any_day_and_records_every_difference(days: int) -> None:
    today = date(2024, 1, 1) + timedelta(days=days)
    original, demo = rules.parse(TEXT), rules.parse(derive(TEXT, today))
    noon = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
    window = rules.window_of(demo, "360700")
    assert window is not None
    assert window.code == "w2"
    assert window.contains(noon)
    assert demo.exam.contains(noon)
    assert demo.enrolment.closes <= demo.windows[0].opens
    assert rules.unrecorded(original, demo) == ()


def test_the_demo_names_no_real_authority() -> None:
    original, demo = rules.parse(TEXT), rules.parse(derive(TEXT, date(2026, 3, 1)))
    assert "样本" in demo.certificate.issuer
    for word in ("教育厅办公室", original.organisation.provider, "江西省教育厅"):
        assert word not in f"{demo.certificate} {demo.organisation} {demo.fees}"
    assert rules.unrecorded(demo, original) != ()


PROGRAMME = rules.parse(TEXT)
KINDS = [one.code for one in PROGRAMME.participants]
_amounts = st.none() | st.decimals(0, 60, places=1)
_asked = st.none() | st.builds(Asked, online=_amounts, offline=_amounts, total=_amounts)


@given(st.lists(_asked, min_size=len(KINDS), max_size=len(KINDS)), st.sets(st.sampled_from(KINDS), min_size=1), st.integers(0, 60 * 2700))
def test_who_is_of_several_kinds_is_asked_the_strictest_of_each(stated: list[Asked | None], kinds: set[str], seconds: int) -> None:
    programme = replace(PROGRAMME, participants=tuple(replace(one, asked=asked) for one, asked in zip(PROGRAMME.participants, stated, strict=True)))
    together, alone = programme.asked_of(kinds), [programme.asked_of([kind]) for kind in kinds]
    assert together.hours.online == max(one.hours.online for one in alone)
    assert together.hours.offline == max(one.hours.offline for one in alone)
    assert together.requirements.total == max(one.requirements.total for one in alone)
    for kind, one in zip(kinds, alone, strict=True):
        asked = next(each.asked for each in programme.participants if each.code == kind)
        for name, value, otherwise in (
            ("online", one.hours.online, programme.hours.online),
            ("offline", one.hours.offline, programme.hours.offline),
            ("total", one.requirements.total, programme.requirements.total),
        ):
            own = getattr(asked, name) if asked else None
            assert value == (otherwise if own is None else own)
    earned = Worth(seconds, 0)
    assert hours.online_complete(together.hours, earned) == all(hours.online_complete(one.hours, earned) for one in alone)


def test_the_strictest_requirement_is_what_a_window_must_hold() -> None:
    asked = TEXT.replace('title = "班主任"\n', 'title = "班主任"\nasked = { online = 900, total = 101 }\n', 1)
    assert {fault.code for fault in rules.check(asked)} == {"window_too_short", "pass_mark_above_total"}
    assert {
        fault.code for fault in rules.check(asked.replace("online = 900", "online = 32").replace("total = 101", "total = 88"), course_minutes=Decimal(32 * 45))
    } == set()
