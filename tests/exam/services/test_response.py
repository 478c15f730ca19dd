"""Saving answers: durable, idempotent, revised, in time (EX-02, EX-03, EX-09, EX-12, EX-14, RL-06, IN-02)."""

import threading
from datetime import timedelta

import msgspec
import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from exam.domain import attempt as rules
from exam.services import attempt, response, result, timeline, token
from exam.services.payload import Change, ResumeExam, SaveAnswers
from exam.store import attempt as store
from exam.store import response as log
from lms.kernel.db import transaction
from lms.kernel.payload import decode
from lms.kernel.refusal import Invalid, Missing
from lms.kernel.security import TokenRefused
from tests.conftest import NOON
from tests.support import exams
from tests.support.exams import Sitter

DEADLINE = NOON + timedelta(minutes=90)


@pytest.fixture
def lin(app: Flask) -> Sitter:
    """A learner in the exam room."""
    exams.prepared()
    return exams.sitting()


def held(sitter: Sitter) -> dict[int, rules.Answer]:
    """Return the answers as stored."""
    with transaction() as session:
        return store.by_id(session, exams.attempt_id(session, sitter)).answers


def outcomes(sitter: Sitter) -> list[str]:
    """Return what the log says of each change."""
    with transaction() as session:
        return [str(line["outcome"]) for line in log.log_of(session, exams.attempt_id(session, sitter))]


def test_ex_03_a_saved_answer_carries_its_revision_and_the_time_left(lin: Sitter) -> None:
    answer = lin.save(lin.change(1, [2]), lin.change(2, [0], marked=True), at=NOON + timedelta(minutes=10))
    assert [(saved.position, saved.status, saved.revision, saved.choices, saved.marked) for saved in answer.saved] == [
        (1, "saved", 1, [2], False),
        (2, "saved", 1, [0], True),
    ]
    assert answer.remaining_ms == 80 * 60 * 1000
    assert held(lin) == {1: rules.Answer((2,), 1, False), 2: rules.Answer((0,), 1, True)}


def test_ex_02_what_was_acknowledged_is_there_on_another_device(lin: Sitter) -> None:
    lin.save(lin.change(3, [1]))
    back = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), NOON)
    assert [(now.position, now.choices, now.revision) for now in back.answers] == [(3, [1], 1)]


def test_rl_06_a_retry_gets_the_same_acknowledgement_and_stores_nothing(lin: Sitter) -> None:
    change = lin.change(1, [2])
    first = lin.save(change)
    lin.save(lin.change(1, [3], 1))
    again = lin.save(change, at=NOON + timedelta(minutes=1))
    assert again.saved == first.saved
    assert held(lin)[1].choices == (3,)
    assert outcomes(lin) == ["saved", "saved"]


def test_rl_06_a_retry_is_acknowledged_even_after_the_hand_in(lin: Sitter) -> None:
    change = lin.change(1, [2])
    first = lin.save(change)
    lin.submit()
    assert lin.save(change).saved == first.saved


def test_rl_06_retries_from_many_threads_store_one_line(lin: Sitter) -> None:
    change = lin.change(1, [2])
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(lin.save(change).saved)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert all(answer == answers[0] for answer in answers)
    assert outcomes(lin) == ["saved"]


def test_a_sequence_number_is_not_used_for_two_changes(lin: Sitter) -> None:
    change = lin.change(1, [2])
    lin.save(change)
    with pytest.raises(rules.SequenceTaken):
        lin.save(msgspec.structs.replace(change, choices=[1]))


def test_the_log_refuses_a_double_line_by_itself(lin: Sitter, settings: object) -> None:
    lin.save(lin.change(1, [2]))
    with pytest.raises(Exception, match="pk_response_event"), transaction() as session:
        session.execute(
            text(
                "INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at,"
                " login_id, epoch, hash) SELECT attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at,"
                " stored_at, login_id, epoch, hash FROM response_event"
            )
        )


def test_ex_12_a_stale_write_is_refused_with_the_current_value_and_logged(lin: Sitter) -> None:
    lin.save(lin.change(1, [2]))
    with pytest.raises(rules.StaleRevision) as refused:
        lin.save(lin.change(1, [3], 0), lin.change(2, [1], 0))
    saved = refused.value.facts["saved"]
    assert [(one.position, one.status, one.revision, one.choices) for one in saved] == [(1, "stale", 1, [2]), (2, "saved", 1, [1])]  # type: ignore[attr-defined]
    assert held(lin)[1] == rules.Answer((2,), 1, False)
    assert outcomes(lin) == ["saved", "stale", "saved"]


def test_ex_12_a_change_without_revision_is_refused() -> None:
    with pytest.raises(Invalid, match="invalid") as refused:
        decode(b'{"token":"t","changes":[{"position":1,"seq":1,"choices":[0]}]}', SaveAnswers)
    assert "revision" in str(refused.value.facts["reason"])


def test_ex_12_an_answer_is_emptied_only_when_said(lin: Sitter) -> None:
    lin.save(lin.change(1, [2]))
    with pytest.raises(response.ClearNotSaid):
        lin.save(lin.change(1, [], 1))
    assert held(lin)[1].choices == (2,)
    lin.save(lin.change(1, [], 1, clear=True))
    assert held(lin)[1] == rules.Answer((), 2, False)


def test_a_mark_travels_without_an_answer(lin: Sitter) -> None:
    lin.save(lin.change(4, [], marked=True))
    assert held(lin)[4] == rules.Answer((), 1, True)


@pytest.mark.parametrize(
    ("position", "choices"), [(1, [4]), (1, [0, 1]), (5, [5]), (7, [2]), (99, [0])], ids=["no such option", "two of one", "many", "true-false", "position"]
)
def test_a_choice_that_is_not_on_the_paper_is_refused(lin: Sitter, position: int, choices: list[int]) -> None:
    with pytest.raises(response.ChoiceUnknown):
        lin.save(lin.change(position, choices))
    assert outcomes(lin) == []


ZONES = [(-1, "saved", False), (0, "saved", False), (1, "saved", True), (59, "saved", True), (60, "saved", True), (61, "late", True), (600, "late", True)]


@pytest.mark.parametrize(("after", "outcome", "marked"), ZONES)
def test_ex_09_the_arrival_decides_and_queueing_changes_nothing(lin: Sitter, after: int, outcome: str, marked: bool) -> None:
    arrived = DEADLINE + timedelta(seconds=after)
    for queueing, sitter in zip((0, 5, 20), (lin, exams.sitting("tao"), exams.sitting("wei")), strict=True):
        # The sweeper runs when the write has waited inside; it must not close the attempt under what arrived in the grace.
        ended = attempt.finalise_overdue(arrived + timedelta(seconds=queueing))
        if outcome == "saved":
            assert ended == 0
            assert [saved.late for saved in sitter.save(sitter.change(1, [2]), at=arrived).saved] == [marked]
            assert held(sitter)[1].choices == (2,)
        else:
            with pytest.raises((rules.TimeIsUp, rules.AttemptClosed)):
                sitter.save(sitter.change(1, [2]), at=arrived)
            assert held(sitter) == {}
            assert outcomes(sitter) == ["closed" if after == 600 else "time_is_up"]


def test_ex_09_late_answers_are_counted_and_told(lin: Sitter) -> None:
    lin.save(lin.change(1, [2]), at=DEADLINE + timedelta(seconds=30))
    attempt.finalise_overdue(DEADLINE + timedelta(minutes=3))
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert (sheet.by, sheet.late_answers, sheet.answered) == ("deadline", 1, 1)


def test_ex_13_the_device_that_no_longer_leads_is_refused_and_its_change_is_kept(lin: Sitter) -> None:
    attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), NOON)
    with pytest.raises(rules.OtherDeviceLeads):
        lin.save(lin.change(1, [2]))
    assert held(lin) == {}
    assert outcomes(lin) == ["other_device"]


def test_ex_06_an_ended_sign_in_stores_nothing_and_a_new_one_goes_on(lin: Sitter) -> None:
    change = lin.change(1, [2])
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = :now WHERE id = :id"), {"now": NOON, "id": lin.login_id})
    with pytest.raises(response.SignedOut):
        lin.save(change)
    assert outcomes(lin) == []
    with transaction() as session:
        login_id = exams.signed_in(session, lin.person_id)
    lin.opened = attempt.resume(lin.person_id, login_id, ResumeExam(exams.EXAM, "device-one"), NOON)
    assert [saved.status for saved in lin.save(change).saved] == ["saved"]


def test_a_forged_token_and_anothers_attempt_are_refused(lin: Sitter) -> None:
    body = SaveAnswers(lin.opened.token[:-2] + "AA", [lin.change(1, [1])])
    with pytest.raises(TokenRefused):
        response.save(body, NOON)
    sam = exams.sitting("sam")
    bound = token.read(sam.opened.token)
    stolen = msgspec.structs.replace(bound, attempt_id=bound.attempt_id - 1)
    with pytest.raises(Missing):
        response.save(SaveAnswers(token.sign(stolen), [lin.change(1, [1])]), NOON).wait()


def test_ex_14_the_answers_are_the_fold_of_the_log(lin: Sitter) -> None:
    for revision, choice in enumerate([0, 1, 2, 3]):
        lin.save(lin.change(1, [choice], revision), lin.change(2, [choice], revision, marked=choice == 3))
    with transaction() as session:
        attempt_id = exams.attempt_id(session, lin)
        assert rules.fold(log.accepted(session, attempt_id)) == store.by_id(session, attempt_id).answers
    lines = timeline.log_of(attempt_id)
    assert len(lines) == 8
    assert all(line["hash"] and line["arrived_at"] and line["stored_at"] and line["login_id"] for line in lines)


@pytest.mark.parametrize("statement", ["UPDATE response_event SET value = ''", "DELETE FROM response_event", "TRUNCATE response_event"])
@pytest.mark.parametrize("table", ["response_event", "submission", "deadline_adjustment", "result"])
def test_ex_14_the_app_role_cannot_change_the_record(app: Flask, statement: str, table: str) -> None:
    statement = statement.replace("response_event", table).replace("value = ''", "attempt_id = 0")
    with pytest.raises(ProgrammingError) as refused, transaction() as session:
        session.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_saves_of_many_people_share_commits_and_keep_apart(lin: Sitter) -> None:
    room = [exams.sitting(f"teacher-{number}") for number in range(5)]
    threads = [threading.Thread(target=one.save, args=(one.change(1, [index % 4]), one.change(3, [1]))) for index, one in enumerate(room)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [held(one)[1].choices for one in room] == [(index % 4,) for index in range(5)]


def test_in_02_no_answer_of_the_save_path_names_a_key(lin: Sitter) -> None:
    body = msgspec.json.encode(lin.save(lin.change(1, [2]))).decode()
    assert set(msgspec.json.decode(body)) == {"saved", "deadline", "remaining_ms"}
    assert not any(word in body for word in ("correct", "key", "score", "explanation", "feedback", "points"))


def test_a_change_is_typed() -> None:
    with pytest.raises(Invalid):
        decode(b'{"token":"t","changes":[{"position":1,"seq":1,"revision":0,"choices":[0],"score":5}]}', SaveAnswers)
    assert Change(1, 1, 0, [0]).clear is False
