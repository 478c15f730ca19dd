from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lms.domain.attendance import FAULTS, Listed, Roll, WrittenRow, amount_of, read, work_score

ROLL = Roll.of(
    [
        Listed(1, 11, "lin", "林晓梅", "一小"),
        Listed(2, 12, "lan", "林晓梅", "二小"),
        Listed(3, 13, "wu", "吴一", "一小"),
        Listed(4, 14, "wv", "吴一", "一小"),
    ]
)


def fault(*, account: str = "", name: str = "", school: str = "", amount: str = "1") -> str | None:
    return read([WrittenRow(2, account, name, school, amount)], ROLL, Decimal(28))[0].fault


def test_a_person_is_found_by_account_or_by_name_and_school() -> None:
    rows = [WrittenRow(2, "lin", "", "", "1"), WrittenRow(3, "", "林晓梅", "二小", "2.5")]
    assert [(line.enrolment_id, line.amount) for line in read(rows, ROLL, Decimal(28))] == [(1, 100), (2, 250)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "nobody"),
        ({"name": "林晓梅"}, "nobody"),
        ({"account": "nn"}, "unknown"),
        ({"name": "赵", "school": "一小"}, "unknown"),
        ({"name": "吴一", "school": "一小"}, "several"),
        ({"account": "lin", "name": "吴一"}, "other_name"),
        ({"account": "lin", "amount": ""}, "no_amount"),
        ({"account": "lin", "amount": "缺席"}, "not_a_number"),
        ({"account": "lin", "amount": "nan"}, "not_a_number"),
        ({"account": "lin", "amount": "-1"}, "out_of_bounds"),
        ({"account": "lin", "amount": "28.01"}, "out_of_bounds"),
        ({"account": "lin", "amount": "1.005"}, "too_fine"),
    ],
)
def test_every_fault_of_a_row_is_told(row: dict[str, str], code: str) -> None:
    assert fault(**row) == code
    assert code in FAULTS


def test_the_same_person_twice_counts_once() -> None:
    lines = read([WrittenRow(2, "lin", "", "", "1"), WrittenRow(3, "", "林晓梅", "一小", "1")], ROLL, Decimal(28))
    assert [line.fault for line in lines] == [None, "twice"]


@given(some.decimals(0, 100, places=2))
def test_hundredths_are_exact(amount: Decimal) -> None:
    assert amount_of(str(amount), Decimal(100)) == (int(amount * 100), None)


def test_the_assignments_are_weighed_exactly_and_only_together() -> None:
    shares = {"plan": 50, "report": 50}
    assert work_score(shares, {"plan": 8550}) is None
    assert work_score(shares, {"plan": 8550, "report": 9000}) == (8775, 10000)
    assert work_score(shares, {"plan": 8555, "report": 9000}) == (877750, 1000000)
