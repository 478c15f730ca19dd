"""A programme file is read whole, or refused with every fault at once."""

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.domain import programme as rules
from lms.domain import programme_check, programme_counts, programme_dates, programme_reading
from tests.support.programmes import DOCS, EXAM, TEXT, WINDOW_2, damaged

MARKING = 'marking = { from = "2024-01-01", to = "2024-01-31" }'
ACCEPTED = 'reason = "通知的两个阶段本来就重叠"\naccepts = "marking_before_hand_in_ends"'
CITIES_2 = '"360700", "360300", "360500", "360600", "361000"'

# code, path, what is replaced by what
DAMAGE = [
    ("unknown_key", "hours.onlin", [("online = 32", "online = 32\nonlin = 32")]),
    ("unknown_key", "windows[1].until", [(WINDOW_2, WINDOW_2 + '\nuntil = "2023-12-02"')]),
    ("missing_key", "windows[1].to", [(WINDOW_2, 'from = "2023-11-18"')]),
    ("missing_key", "fees", [("[fees]", "[charges]")]),
    ("wrong_type", "hours.online", [("online = 32", 'online = "32"')]),
    ("wrong_type", "hours.offline", [("offline = 28", "offline = true")]),
    ("wrong_type", "enrolment.to", [('to = "2023-11-05"', "to = 2023-11-05")]),
    ("wrong_type", "enrolment.to", [('to = "2023-11-05"', "to = 5")]),
    ("wrong_type", "enrolment.by", [('by = "school"', "by = 1")]),
    ("wrong_type", "quotas.totals", [("totals = { school = 82210, kindergarten = 17790 }", "totals = 100000")]),
    ("wrong_type", "windows[1].cities", [(f"[{CITIES_2}]", '"360700"')]),
    ("wrong_type", "participants[0].condition", [('condition = { text = "分管学生工作的校领导" }', "condition = 1")]),
    ("empty", "organisation.platform", [('platform = "赣教云"', 'platform = " "')]),
    ("empty", "windows[1].cities", [(f"[{CITIES_2}]", "[]")]),
    ("out_of_range", "assessment.components[0].weight", [("weight = 60", "weight = 160")]),
    ("out_of_range", "hours.rate", [("rate = 1.0", "rate = nan")]),
    ("out_of_range", "source.published", [("2023-10-30", "0023-10-30")]),
    ("not_allowed", "hours.rounding", [('rounding = "exact"', 'rounding = "up"')]),
    ("malformed_code", "windows[1].code", [('code = "w2"', 'code = "w 2"')]),
    ("malformed_date", "windows[1].to", [(WINDOW_2, 'from = "2023-11-18"\nto = "12月1日"')]),
    ("impossible_date", "windows[1].to", [(WINDOW_2, 'from = "2023-11-18"\nto = "2023-09-31"')]),
    ("impossible_date", "exam.to", [(EXAM, EXAM.replace("01-31", "01-31T24:00"))]),
    ("unknown_time_zone", "time_zone", [("Asia/Shanghai", "Asia/Nanchang")]),
    ("code_twice", "windows[1].code", [('code = "w2"', 'code = "w1"')]),
    ("city_twice", "quotas.cities[1].code", [('code = "360400"', 'code = "360100"')]),
    ("city_twice", "windows[1].cities[5]", [(CITIES_2, CITIES_2 + ', "360700"')]),
    ("city_twice", "windows[1].cities[5]", [(CITIES_2, CITIES_2 + ', "360100"')]),
    ("city_without_quota", "windows[0].cities[3]", [('"360200", "36GJXQ"', '"360200", "36GZXQ"')]),
    ("city_without_window", "quotas.cities[11].code", [('"360200", "36GJXQ"', '"360200"')]),
    (
        "windows_overlap",
        "windows[1].cities[5]",
        [(WINDOW_2, 'from = "2023-11-17"\nto = "2023-12-01"'), (CITIES_2, CITIES_2 + ', "360100"')],
    ),
    ("code_not_official", "quotas.cities[11].code", [("own_code = true", "own_code = false")]),
    ("code_not_official", "quotas.cities[0].code", [('name = "南昌"', 'name = "南昌"\nown_code = true')]),
    ("unknown_sector", "quotas.cities[0].seats.college", [("school = 7500,", "school = 7500, college = 1,")]),
    ("missing_sector", "quotas.cities[0].seats", [("school = 7500, kindergarten = 3600", "school = 7500")]),
    ("quota_total_mismatch", "quotas.totals.school", [("school = 7500", "school = 7501")]),
    ("quota_total_mismatch", "quotas.total", [("total = 100000", "total = 99999")]),
    ("period_reversed", "windows[1].to", [(WINDOW_2, 'from = "2023-11-18"\nto = "2023-11-17"')]),
    ("period_reversed", "stages[1].to", [('to = "2023-12-31"', 'to = "2023-11-01"')]),
    ("range_reversed", "volunteers[2].most", [("least = 5\nmost = 10", "least = 5\nmost = 4")]),
    ("range_reversed", "certificate.best_case.most_characters", [("most_characters = 2000", "most_characters = 200")]),
    ("range_reversed", "hours.presence.to_minutes", [("[quiz]", "[hours.presence]\nfrom_minutes = 15\nto_minutes = 10\n[quiz]")]),
    ("outside_programme", "exam", [(EXAM, EXAM.replace("01-31", "02-01"))]),
    ("window_outside_stage", "windows[2]", [('from = "2023-12-02"\nto = "2023-12-15"', 'from = "2023-12-02"\nto = "2023-12-16"')]),
    ("outside_stage", "exam", [('activity = "assessment"\nfrom = "2024-01-01"', 'activity = "assessment"\nfrom = "2024-01-02"')]),
    ("outside_stage", "assignments[0].hand_in", [('hand_in = { from = "2023-11-20"', 'hand_in = { from = "2023-11-19"')]),
    ("outside_stage", "assignments[0].marking", [(MARKING, MARKING.replace("01-31", "02-01"))]),
    ("enrolment_after_learning_starts", "enrolment.to", [('to = "2023-11-05"', 'to = "2023-11-06"')]),
    ("window_too_short", "windows[1].to", [(WINDOW_2, 'from = "2023-11-18"\nto = "2023-11-19"')]),
    ("marking_before_hand_in_ends", "assignments[0].marking.from", [(ACCEPTED, 'reason = "不接受"')]),
    ("exam_before_learning_ends", "exam.from", [(EXAM, EXAM.replace("2024-01-01", "2023-12-15"))]),
    ("exam_too_short", "exam.to", [(EXAM, EXAM.replace("2024-01-31", "2024-01-01T01:29"))]),
    ("pass_mark_above_total", "requirements.total", [("total = 60", "total = 101")]),
    ("pass_mark_above_total", "exam.pass_mark", [("attempts = 1", "attempts = 1\npass_mark = 100.5")]),
    ("weights_not_hundred", "assessment.components", [("weight = 40", "weight = 30")]),
    ("shares_not_hundred", "assignments", [("share = 50", "share = 40")]),
    ("quiz_missing", "hours.quiz_required", [("quiz_required = false", "quiz_required = true"), ("[quiz]\nitems = 5\npass_percent = 60\ntries = 0\n", "")]),
    ("unknown_path", "deviations[0].path", [('path = "windows[0].cities"', 'path = "windows[9].cities"')]),
    ("unknown_path", "additions[0].path", [('path = "hours.minutes_per_hour"', 'path = "hours.minutes"')]),
    ("acceptance_not_possible", "deviations[0].accepts", [('赣州市另在第二时段"', '赣州市另在第二时段"\naccepts = "city_twice"')]),
    ("acceptance_unused", "deviations[0].accepts", [('赣州市另在第二时段"', '赣州市另在第二时段"\naccepts = "window_too_short"')]),
]


def test_the_bundled_programme_has_no_fault() -> None:
    assert rules.check(TEXT) == ()


@pytest.mark.parametrize(("code", "path", "replacements"), DAMAGE, ids=[f"{code}-{path}" for code, path, _ in DAMAGE])
def test_damage_is_found_where_it_is(code: str, path: str, replacements: list[tuple[str, str]]) -> None:
    faults = rules.check(damaged(*replacements))
    found = [fault for fault in faults if (fault.code, fault.path) == (code, path)]
    assert found, faults
    assert all(re.search(r"[\u4e00-\u9fff]", fault.message) for fault in faults)


def test_assignments_that_count_must_exist() -> None:
    start, end = TEXT.index("[[assignments]]"), TEXT.index("[exam]")
    codes = {(fault.code, fault.path) for fault in rules.check(TEXT[:start] + TEXT[end:])}
    assert ("component_without_source", "assessment.components[1].source") in codes


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    (fault,) = rules.check('code = "a"\ntitle = \n')
    assert (fault.code, fault.line) == ("not_toml", 2)
    assert [fault.code for fault in rules.check("a = [" * 5000)] == ["not_toml"]
    assert [fault.code for fault in rules.check("a = 1e-99999999999999999999999")] == ["not_toml"]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert rules.check("\ufeff" + TEXT.replace("\n", "\r\n")) == ()


def test_a_slip_of_the_pen_is_guessed() -> None:
    messages = {fault.code: fault.message for fault in rules.check(damaged(("online = 32", "onlin = 32")))}
    assert messages["unknown_key"].endswith("是不是「online」？")
    assert messages["missing_key"] == "缺少键「online」"


def test_an_empty_file_lacks_every_required_key() -> None:
    faults = rules.check("")
    assert {fault.code for fault in faults} == {"missing_key"}
    assert {"code", "windows", "quotas", "exam"} <= {fault.path for fault in faults}


def test_all_faults_come_at_once_with_their_lines() -> None:
    text = damaged(
        (WINDOW_2, 'from = "2023-11-18"\nto = "2023-09-31"'),
        ('"360200", "36GJXQ"', '"360200", "36GZXQ"'),
        ("weight = 40", "weight = 30"),
        ("school = 7500", "school = 7501"),
        ("online = 32", "online = 32\nspeed = 2"),
    )
    rows = text.split("\n")
    faults = rules.check(text)
    assert {(fault.code, rows[fault.line - 1].split("=")[0].strip()) for fault in faults} == {
        ("impossible_date", "to"),
        ("city_without_quota", "cities"),
        ("city_without_window", "code"),
        ("weights_not_hundred", "[[assessment.components]]"),
        ("quota_total_mismatch", "totals"),
        ("unknown_key", "speed"),
    }
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    with pytest.raises(rules.FaultyProgrammeError) as refused:
        rules.parse(text)
    assert refused.value.faults == faults


def test_every_fault_code_is_tested_and_documented() -> None:
    codes = set()
    for module in (rules, programme_check, programme_counts, programme_dates, programme_reading):
        for call in ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))):
            name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and name in {"Finding", "_fault", "Fault"}:
                place = call.args[2 if name == "Fault" else 1]
                codes |= {one.value for one in ast.walk(place) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    tested = {code for code, _, _ in DAMAGE} | {"not_toml", "component_without_source", "hours_exceed_courses", "lesson_without_quiz"}
    assert codes == tested
    assert {code for code in codes if f"\n| `{code}` |" not in DOCS} == set()


def test_hours_beyond_the_courses_are_told() -> None:
    assert rules.check(TEXT, course_minutes=Decimal(1440)) == ()
    (fault,) = rules.check(TEXT, course_minutes=Decimal("1439.99"))
    assert (fault.path, fault.code) == ("hours.online", "hours_exceed_courses")
    assert "hours_exceed_courses" not in {one.code for one in rules.check("", course_minutes=Decimal(1))}


def test_lessons_have_no_minutes_to_check() -> None:
    text = damaged(('credit = "nominal"', 'credit = "lesson"'))
    assert rules.check(text, course_minutes=Decimal(1)) == ()


def test_a_deviation_accepts_only_its_own_fault() -> None:
    faults = rules.check(damaged(('path = "assignments[1].marking.from"', 'path = "assignments[0].hand_in.from"')))
    assert {(fault.code, fault.path) for fault in faults} == {("marking_before_hand_in_ends", "assignments[1].marking.from")}


POSITIONS = st.integers(0, len(TEXT))
PIECES = st.sampled_from(
    [
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        "=",
        "\n",
        ",",
        ".",
        "#",
        '"""',
        "'''",
        "\\",
        "nan",
        "1e999999",
        "-1",
        "true",
        "2023-02-30",
        "\r\n",
        "[[windows]]\n",
        "[hours]\n",
    ]
)


@settings(deadline=None)
@given(cuts=st.lists(st.tuples(POSITIONS, st.integers(0, 40), PIECES | st.text(max_size=6)), min_size=1, max_size=4))
def test_mutated_text_is_read_or_refused_and_nothing_else(cuts: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for at, length, piece in cuts:
        text = text[:at] + piece + text[at + length :]
    faults = rules.check(text, course_minutes=Decimal(100))
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in faults)


ASSIGNED = re.compile(r"(?m)(?<== ).+$")
VALUES = st.sampled_from(
    ["0", "-1", "1e400", "inf", "[]", "{}", "[[]]", '""', '"x"', "true", "2023-11-06", '"2023-02-30"', '"9999-12-31"', "[{}]", '["a", 1]', "{ a = 1 }"]
)


@settings(deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, 10_000), VALUES), min_size=1, max_size=6))
def test_wrong_values_anywhere_are_told(places: list[tuple[int, str]]) -> None:
    text = TEXT
    for place, value in places:
        spots = list(ASSIGNED.finditer(text))
        spot = spots[place % len(spots)]
        text = text[: spot.start()] + value + text[spot.end() :]
    for fault in rules.check(text):
        assert fault.code
        assert fault.line >= 1


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert rules.check(text) != ()
