"""The verdict finds what was acknowledged and is not stored, and names it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from msgspec import to_builtins

from lms.kernel import db
from lms.kernel.clock import FixedClock
from load_tests.journal import AnswerKept, BeatKept, HandedIn, Journal, change_hash
from load_tests.verdict import over_budget, stored_is_acknowledged
from tests.support import exams
from tests.support.watching import Player, videos

Owner = Callable[[str], None]


@pytest.fixture
def owner(app: Flask) -> Owner:
    """Do as nobody but the database's owner can."""

    def run(statement: str) -> None:
        with psycopg.connect(db._state["url"].replace("+psycopg", ""), autocommit=True) as link:
            link.execute(statement)

    return run


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def url(app: Flask) -> str:
    return str(db._state["url"]).replace("+psycopg", "")


@pytest.fixture
def sat(app: Flask, journal: Path) -> None:
    """Somebody has saved three answers and handed in; her journal knows."""
    exams.prepared()
    sitter = exams.sitting()
    kept = Journal(journal)
    for position, choices in ((1, [0]), (2, [1]), (1, [1])):
        change = sitter.change(position, choices, revision=1 if (position, choices) == (1, [1]) else 0)
        (saved,) = sitter.save(change).saved
        kept.add(AnswerKept(sitter.opened.token, "lin", position, change.seq, saved.revision, saved.choices, change_hash(to_builtins(change))))
    done = sitter.submit()
    kept.add(HandedIn(sitter.opened.token, "lin", "key-of-the-test", done.receipt, done.answered))


@pytest.mark.usefixtures("sat")
def test_what_is_stored_as_acknowledged_passes(journal: Path, url: str) -> None:
    assert stored_is_acknowledged(journal, url) == []


@pytest.mark.usefixtures("sat")
def test_a_deleted_answer_is_found_and_named(journal: Path, url: str, owner: Owner) -> None:
    owner("DELETE FROM response_event WHERE position = 2")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "answer"
    assert "answer of lin" in fault.words
    assert "position 2" in fault.words
    assert "not in the log" in fault.words


@pytest.mark.usefixtures("sat")
def test_an_answer_that_was_changed_behind_our_back_is_found(journal: Path, url: str, owner: Owner) -> None:
    owner("ALTER TABLE attempt DISABLE TRIGGER USER; UPDATE attempt SET answers[2] = '0'; ALTER TABLE attempt ENABLE TRIGGER USER")
    (fault,) = stored_is_acknowledged(journal, url)
    assert "position 2" in fault.words
    assert "stands as '0'" in fault.words


@pytest.mark.usefixtures("sat")
def test_a_lost_hand_in_is_found(journal: Path, url: str, owner: Owner) -> None:
    owner("TRUNCATE submission CASCADE")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "hand-in"


def test_a_deleted_heartbeat_is_found_and_named(app: Flask, clock: FixedClock, journal: Path, url: str, owner: Owner) -> None:
    (video,) = videos()
    player, kept = Player(app, clock), Journal(journal)
    lease = player.open(video)["lease"]
    for number in range(3):
        clock.instant += timedelta(seconds=15)
        span = (number * 15_000, number * 15_000 + 15_000)
        answer = player.beat(lease, (span[0] / 1000, span[1] / 1000))
        kept.add(BeatKept(lease, "lin", number, [span], [tuple(one) for one in answer["accepted"]], 2_700_000))  # type: ignore[misc]
    assert stored_is_acknowledged(journal, url) == []
    owner("DELETE FROM beat WHERE sequence = 1")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "heartbeat"
    assert "number 1" in fault.words
    owner("UPDATE watched SET accepted = '{[0,15000)}'")
    assert any("do not count" in one.words for one in stored_is_acknowledged(journal, url))


def test_a_slow_or_failing_path_is_over_its_budget(tmp_path: Path) -> None:
    table = tmp_path / "stats.csv"
    table.write_text(
        "Type,Name,Request Count,Failure Count,95%\nPOST,/api/exam/save,100,0,501\nGET,/,100,1,10\nGET,/fine,9,0,900\n,Aggregated,200,1,9000\n",
        encoding="utf-8",
    )
    faults = [fault.words for fault in over_budget(table)]
    assert len(faults) == 2
    assert faults[0].startswith("POST /api/exam/save: 95 %")
    assert "1.00 % of 100 failed" in faults[1]
