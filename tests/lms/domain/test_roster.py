"""Rosters: headings in any order, every fault at once, ids as they are."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from lms.domain.person import identity_is_valid
from lms.domain.roster import MESSAGES, Cell, read


def codes(*table: Sequence[Cell]) -> list[tuple[int, str]]:
    return [(fault.row, fault.code) for fault in read(enumerate(table, start=1)).faults]


def identity(body: str) -> str:
    return next(body + sign for sign in "0123456789X" if identity_is_valid(body + sign))


def test_headings_come_in_any_order_under_any_name_below_a_title() -> None:
    reading = read(
        enumerate(
            [
                ["某县教师名册", "", ""],
                ["联系电话", "*教师姓名", "用户名（工号）", "工作单位"],
                ["138 0000 1234", " 林 晓梅 ", "LIN2026", "一小"],
                ["", "", "", ""],
                [13800001235.0, "陶建国", 20260001.0, ""],
            ],
            start=1,
        )
    )
    assert not reading.faults
    first, second = reading.lines
    assert (first.row, first.account, first.name, first.phone, first.school) == (3, "lin2026", "林 晓梅", "13800001234", "一小")
    assert (second.row, second.account, second.phone) == (5, "20260001", "13800001235")


def test_every_fault_is_told_at_once_with_its_row() -> None:
    found = codes(
        ["账号", "姓名", "手机号", "身份证号", "岗位"],
        ["a", "", "12345", "123", "x" * 61],
        ["lin", "林" * 61, "13800001234", "", ""],
        ["LIN", "林", "13800001234", "", ""],
        ["", "陶", "", "", ""],
    )
    assert found == [
        (2, "account_invalid"),
        (2, "name_missing"),
        (2, "post_too_long"),
        (2, "phone_invalid"),
        (2, "identity_invalid"),
        (3, "name_too_long"),
        (4, "account_twice"),
        (4, "phone_twice"),
        (5, "account_missing"),
    ]


def test_an_identity_number_in_a_numeric_cell_has_lost_its_digits() -> None:
    assert codes(["账号", "姓名", "身份证号"], ["lin", "林", 1.10101199003070e17]) == [(2, "identity_digits_lost")]
    assert codes(["账号", "姓名"], [1.5, "林"]) == [(2, "digits_lost")]


def test_a_table_without_headings_or_people_says_so() -> None:
    assert codes(*[["a", "b"]] * 21) == [(1, "no_headings")]
    assert codes() == [(1, "no_headings")]
    assert codes(["账号", "姓名"]) == [(1, "empty")]
    assert codes(["账号", "姓名", "帐号"], ["lin", "林", "lin"]) == [(1, "heading_twice")]


def test_every_fault_has_a_sentence() -> None:
    assert all(text.endswith("。") for text in MESSAGES.values())


@given(st.from_regex(r"[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{3}", fullmatch=True))
def test_an_identity_number_passes_unchanged(body: str) -> None:
    number = identity(body)
    reading = read(enumerate([["账号", "姓名", "身份证号"], ["lin", "林", number]], start=1))
    assert not reading.faults
    assert reading.lines[0].identity == number


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=20), st.floats()), max_size=6), max_size=8))
def test_no_table_breaks_the_reading(table: list[list[Cell]]) -> None:
    for head in ([], [["账号", "姓名", "身份证号", "手机号"]]):
        read(enumerate([*head, *table], start=1))
