"""What a page is expected to ask is asked along with its first question, and never answers anything else."""

from collections import OrderedDict
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel import db, foresight
from lms.kernel.statement import Statement

READER = b"reader"
WHO = Statement(text("SELECT CAST(:token_hash AS text) AS who, CAST(:person_id AS int) AS person"))
VALUE = Statement(text("SELECT value #>> '{}' AS value FROM installation WHERE key = :key"))
DIVIDED = Statement(text("SELECT 1 / CAST(:number AS int)"))


@pytest.fixture
def page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Open pages one after the other; the list notes how many questions each foresaw."""
    foreseen: list[int] = []
    all_at_once = foresight._all_at_once

    def noted(link: foresight.Link, asks: list[foresight.Ask]) -> list[foresight.Answer]:
        found = all_at_once(link, asks)
        foreseen.append(len(found))
        return found

    monkeypatch.setattr(foresight, "_all_at_once", noted)
    monkeypatch.setattr(foresight, "_questions", OrderedDict())
    foresight.know(READER, 7, "teacher")
    yield foreseen
    foresight.drop()


def _asked(key: str = "seen", number: int = 1) -> tuple[int, list[str]]:
    foresight.begin("page", READER, None)
    try:
        with db.reading() as session:
            who = WHO.row(session, token_hash="a", person_id=7)
            values = [row.value for row in VALUE.rows(session, key=key)]
            DIVIDED.rows(session, number=number)
            return int(who.person), values
    finally:
        foresight.end()


KEEP = text("INSERT INTO installation (key, value) VALUES (:key, to_json(CAST(:value AS text))) ON CONFLICT (key) DO UPDATE SET value = excluded.value")


def _write(key: str, value: str) -> None:
    with db.transaction() as session:
        session.execute(KEEP, {"key": key, "value": value})


def test_the_second_time_a_page_asks_everything_at_once_and_reads_what_holds_now(page: list[int]) -> None:
    _write("seen", "old")
    assert _asked() == (7, ["old"])
    _write("seen", "new")
    assert _asked() == (7, ["new"])
    assert page == [0, 3]


def test_what_was_not_foreseen_is_asked_as_ever(page: list[int]) -> None:
    _write("seen", "one")
    _write("other", "two")
    _asked()
    assert _asked("other") == (7, ["two"])
    assert _asked("other") == (7, ["two"])
    assert page == [0, 3, 3]


def test_a_question_that_fails_fails_only_where_it_is_asked(page: list[int]) -> None:
    _asked()
    with pytest.raises(Exception, match="division by zero"):
        _asked(number=0)
    assert _asked() == (7, [])
    assert _asked(number=2) == (7, [])
    assert page[-1] == 3


def test_a_request_that_writes_reads_what_it_wrote(page: list[int]) -> None:
    _asked()
    foresight.begin("page", READER, None)
    with db.reading() as session:
        WHO.row(session, token_hash="a", person_id=7)
        _write("seen", "mine")
        assert [row.value for row in VALUE.rows(session, key="seen")] == ["mine"]
    foresight.end()


def test_who_is_new_to_the_process_is_asked_for_first_and_the_rest_all_at_once(page: list[int]) -> None:
    _write("seen", "one")
    _asked()
    assert not foresight.begin("page", b"new", None)
    with db.reading() as session:
        assert WHO.row(session, token_hash="b", person_id=9).person == 9
        foresight.know(b"new", 9, "teacher")
        foresight.begin("page", b"new", None, late=True)
        assert [row.value for row in VALUE.rows(session, key="seen")] == ["one"]
        DIVIDED.rows(session, number=1)
    foresight.end()
    assert _asked() == (7, ["one"])
    assert page == [0, 2, 3]


def test_each_reader_is_foreseen_under_her_own_number(page: list[int]) -> None:
    foresight.know(b"another", 8, "teacher")
    _asked()
    foresight.begin("page", b"another", None)
    with db.reading() as session:
        assert WHO.row(session, token_hash="a", person_id=8).person == 8
    foresight.end()
    assert page == [0, 3]
