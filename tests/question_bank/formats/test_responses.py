"""Files of responses as people make them, and as nobody should."""

import numpy as np
import pytest

from question_bank.formats import responses
from question_bank.formats.unreadable import Unreadable

GOOD = "考号,设区市,第1题,第2题\n答案,,A,BD\n1,赣州,A,DB\n2,南昌,C,-\n3,赣州,,BD\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_options_are_scored_by_the_row_with_the_key(encoding: str) -> None:
    found = responses.read(GOOD.encode(encoding))
    assert found.faults == ()
    assert found.responses.items == ("第1题", "第2题")
    assert found.responses.right.tolist() == [[1, 1], [0, 0], [-1, 1]]  # empty: not on her paper; a dash: left empty
    assert found.responses.chosen is not None
    assert found.responses.chosen.tolist() == [[1, 3], [2, 0], [0, 3]]
    assert found.responses.options == (("A", "C"), ("B", "D"))
    assert found.responses.keys == (1, 3)
    assert found.responses.groups["city"].tolist() == ["赣州", "南昌", "赣州"]


@pytest.mark.parametrize("key", [b"q1,A\nq2,B\n", b"item,key\nq1,a\nq2,b\n", b"q1;q2;q3\nA;B;\n"])
def test_the_key_may_be_a_file_of_its_own(key: bytes) -> None:
    found = responses.read(b"q1,q2,q3\nA,A,0\nb,b,1\n", key)
    assert found.responses.right.tolist() == [[1, 0, 0], [0, 1, 1]]


def test_zeros_and_ones_need_neither_names_nor_a_key() -> None:
    found = responses.read(b"1,0,1\n0,0,1\n")
    assert found.responses.items == ("1", "2", "3")
    assert found.responses.right.tolist() == [[1, 0, 1], [0, 0, 1]]
    assert found.responses.chosen is None


@pytest.mark.parametrize("heading", ["student_id", "考生", "whoever"])
def test_a_column_of_all_different_cells_says_who_the_people_are(heading: str) -> None:
    people = "".join(f"{36_000 + number},{number % 2},1\n" for number in range(50))
    found = responses.read(f"{heading},q1,q2\n{people}".encode())
    assert (found.responses.items, found.faults, found.responses.is_complete) == (("q1", "q2"), (), True)


def test_more_people_than_there_are_codes_for_answers_are_read() -> None:
    people = "".join(f"person-{number},1\n" for number in range(66_000))
    assert responses.read(f"whoever,q1\n{people}".encode()).responses.people == 66_000


def test_every_fault_is_named_with_its_place_and_the_rest_is_kept() -> None:
    found = responses.read(b"id,q1,q2,q2,q3\n1,1,0,0,A\n2,x,1,1,B\n3,1\n\n4,0,1,1,A\n")
    places = [(fault.place, fault.code) for fault in found.faults]
    assert places == [("q2", "header_twice"), ("4", "row_width"), ("3: q1", "cell_unknown"), ("q3", "key_missing")]
    assert found.faulty == 4
    assert found.responses.items == ("q1", "q2")
    assert found.responses.right.tolist() == [[1, 0], [-1, 1], [0, 1]]
    assert all(fault.message for fault in found.faults)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"id,q1\n", b"nothing here", b"\x00\x01\x02", b"id\n1\n2\n", b'q1,"q2\n1,0\n', b"q1," * 4000 + b"q\n"])
def test_what_holds_no_responses_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        responses.read(content)


def test_what_is_too_large_is_refused_before_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(responses.TooManyResponses):
        responses.read(b"q1,q2\n" + b"1,0\n" * 51, most_cells=100)
    monkeypatch.setattr(responses, "MOST_BYTES", 100)
    with pytest.raises(responses.TooManyResponses):
        responses.read(b"1" * 101)


def test_thousands_of_faults_are_counted_and_the_first_thousand_listed() -> None:
    found = responses.read(b"q1,q2\n" + b"1,x\n" * 3000 + b"1,1\n")
    assert (len(found.faults), found.faulty) == (1000, 3000)
    assert np.array_equal(found.responses.right[:, 1] == -1, [True] * 3000 + [False])
