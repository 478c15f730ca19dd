"""Handing in, ending at the deadline, scoring (EX-10, EX-11)."""

import threading
import time
from datetime import timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.domain.exam import Release
from exam.domain.regrade import RegradeRuns
from exam.domain.result import RULE
from exam.services import attempt, posting, response, result, scoring, verification
from exam.services.payload import ResumeExam, StartExam
from exam.store import attempt as store
from exam.store import paper as paper_store
from exam.store import regrade as regrades
from lms.kernel.db import transaction
from question_bank import api as bank
from tests.conftest import NOON
from tests.support import exams
from tests.support.exams import Sitter

AFTER = NOON + timedelta(minutes=90, seconds=91)
WAITING = """
SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted)
"""


def right_choices(sitter: Sitter) -> list[list[int]]:
    """Return the choices, as shown on the sitter's paper, that are right."""
    with transaction() as session:
        held = store.by_id(session, exams.attempt_id(session, sitter))
        assembly_id, paper = paper_store.by_id(session, held.paper_id)
        places = paper_store.places(session, assembly_id)
        keys = bank.keys(session, paper.version_ids)
    return [
        [shown for shown, original in enumerate(paper.order(index, places[version].options)) if original in keys[version].options]
        for index, version in enumerate(paper.version_ids)
    ]


def test_a_perfect_paper_earns_every_point(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.submit(*[lin.change(at + 1, choices) for at, choices in enumerate(right_choices(lin))])
    assert scoring.score_outstanding(NOON) == 1
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert (sheet.points, sheet.of_points, sheet.released, sheet.by) == (1600, 1600, True, "learner")
    assert [(topic.topic, topic.points, topic.of_points, topic.right, topic.items) for topic in sheet.topics] == [
        ("crisis", 800, 800, 4, 4),
        ("group", 800, 800, 4, 4),
    ]


def test_a_worse_second_attempt_costs_nothing(app: Flask) -> None:
    exams.prepared(attempts_allowed=2)
    lin = exams.sitting()
    lin.submit(*[lin.change(at + 1, choices) for at, choices in enumerate(right_choices(lin))])
    scoring.score_outstanding(NOON)
    again = exams.Sitter(lin.person_id, lin.login_id, attempt.start(lin.person_id, lin.login_id, StartExam(exams.EXAM, "device-one", honesty=True), NOON))
    again.submit(key="key-of-the-second")
    scoring.score_outstanding(NOON)
    with transaction() as session:
        posted = session.execute(text("SELECT points FROM grade_line WHERE component = 'test' ORDER BY id")).scalars().all()
    assert posted == [1600]
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert (sheet.points, sheet.answered, [(one.number, one.points, one.counts) for one in sheet.tries]) == (1600, 8, [(1, 1600, True), (2, 0, False)])


def test_multiple_choice_is_all_or_nothing(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    right = right_choices(lin)
    lin.submit(lin.change(5, right[4][:2]), lin.change(6, right[5]), lin.change(1, [(right[0][0] + 1) % 4]))
    scoring.score_outstanding(NOON)
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert sheet.points == 300


def test_ex_11_a_hundred_hand_ins_are_one(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    changes = [lin.change(1, [2]), lin.change(2, [1])]
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(msgspec.json.encode(lin.submit(*changes)))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 100
    assert len(set(bodies)) == 1
    scoring.score_outstanding(NOON)
    scoring.score_outstanding(NOON)
    with transaction() as session:
        assert session.execute(text("SELECT (SELECT count(*) FROM submission), (SELECT count(*) FROM result)")).one() == (1, 1)


def test_ex_11_the_same_key_with_another_body_is_refused(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.submit(lin.change(1, [2]))
    with pytest.raises(response.KeyReused):
        lin.submit(lin.change(1, [3], 1))
    with transaction() as session:
        assert store.by_id(session, exams.attempt_id(session, lin)).answers[1].choices == (2,)


def test_ex_11_another_key_after_a_reload_gets_the_same_receipt(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    assert lin.submit(key="key-one-of-test") == lin.submit(key="key-two-of-test")


def test_ex_11_the_database_holds_one_submission_by_itself(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.submit()
    with pytest.raises(Exception, match="uq_submission_attempt_id"), transaction() as session:
        session.execute(
            text(
                "INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)"
                " SELECT attempt_id, round, ended_by, 'other', body_hash, submitted_at, answered, receipt FROM submission"
            )
        )


def test_a_stale_change_stops_the_hand_in(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.save(lin.change(1, [2]))
    with pytest.raises(rules.StaleRevision):
        lin.submit(lin.change(1, [3], 0))
    assert lin.save(lin.change(1, [3], 1)).saved[0].status == "saved"


def test_only_the_leading_device_hands_in(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), NOON)
    with pytest.raises(rules.OtherDeviceLeads):
        lin.submit()


def test_a_hand_in_after_the_grace_ends_the_attempt_from_its_last_save(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.save(lin.change(1, [2]))
    receipt = lin.submit(lin.change(2, [1]), at=NOON + timedelta(minutes=90, seconds=61))
    assert (receipt.by, receipt.answered) == ("deadline", 1)


def test_after_the_hand_in_nothing_is_saved(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.submit()
    with pytest.raises(rules.AttemptClosed):
        lin.save(lin.change(1, [2]))


def test_a_hand_in_queues_the_scoring_once(app: Flask) -> None:
    exams.prepared()
    exams.sitting().submit()
    exams.sitting("sam").submit()
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'exam.score'")).scalar_one() == 1


def test_ex_10_racing_sweepers_end_each_attempt_once_with_the_score_of_a_hand_in(app: Flask) -> None:
    exams.prepared(papers=30)
    room = [exams.sitting(f"teacher-{number}") for number in range(24)]
    for sitter in room:
        sitter.save(*[sitter.change(at + 1, choices) for at, choices in enumerate(right_choices(sitter)[:5])])
    explicit, abandoned = room[0], room[1:]
    explicit.submit()
    assert attempt.finalise_overdue(AFTER - timedelta(seconds=2)) == 0
    ended: list[int] = []
    scored: list[int] = []

    def sweep() -> None:
        ended.append(attempt.finalise_overdue(AFTER))
        scored.append(scoring.score_outstanding(AFTER))

    workers = [threading.Thread(target=sweep) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    scored.append(scoring.score_outstanding(AFTER))
    assert (sum(ended), sum(scored)) == (23, 24)
    sheets = [result.sheet(sitter.person_id, exams.EXAM) for sitter in room]
    assert {sheet.points for sheet in sheets if sheet} == {1100}
    assert [sheet.by for sheet in sheets if sheet] == ["learner"] + ["deadline"] * len(abandoned)
    with transaction() as session:
        assert session.execute(text("SELECT (SELECT count(*) FROM submission), (SELECT count(*) FROM result)")).one() == (24, 24)
        assert store.state_counts(session, 1) == {str(State.SCORED): 24}
        assert list(verification.verify(session, AFTER)) == []


def test_results_wait_for_their_release(app: Flask) -> None:
    exams.prepared(release=Release.BY_HAND, pass_points=0)
    lin = exams.sitting()
    lin.submit(*[lin.change(at + 1, choices) for at, choices in enumerate(right_choices(lin))])
    with transaction() as session:
        store.one_at_a_time(session, 1, lin.person_id)
        assert scoring.score_outstanding(NOON) == 0, "while another of her attempts may be scored, this one waits"
    assert scoring.score_outstanding(NOON) == 1
    before = result.sheet(lin.person_id, exams.EXAM)
    assert before is not None
    assert (before.released, before.points, before.topics, before.passed) == (False, 0, (), None)
    assert posting.release(exams.EXAM, actor_id=1, now=NOON) == 1
    assert posting.release(exams.EXAM, actor_id=1, now=NOON) == 0
    with transaction() as session:
        assert list(verification.verify(session, AFTER)) == ["attempt 1: its points are not those on the grade sheet"]
        asked = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'exam.post'"))
        assert asked == 2, "what a killed worker left is posted when the results are released again"
    for _time in range(2):
        posting.post_released(NOON, exams.EXAM)
    with transaction() as session:
        assert list(verification.verify(session, AFTER)) == []
        assert session.scalars(text("SELECT points FROM grade_line")).all() == [1600], "posted once"
    after = result.sheet(lin.person_id, exams.EXAM)
    assert after is not None
    assert (after.released, after.points, after.passed) == (True, 1600, True)


def test_posting_waits_for_a_regrade_while_it_holds_nobody_and_comes_back_for_who_is_busy(app: Flask) -> None:
    exams.prepared(release=Release.BY_HAND)
    room = [exams.sitting(account) for account in ("lin", "cai", "gan")]
    for sitter in room:
        sitter.submit()
    scoring.score_outstanding(NOON)
    posting.release(exams.EXAM, actor_id=1, now=NOON)
    people = [(1, sitter.person_id) for sitter in room]
    poster = threading.Thread(target=post)
    with transaction() as regrading:
        regrades.hold_scoring(regrading, 1, alone=True)
        poster.start()
        until_somebody_waits()
        with transaction() as session:
            assert store.hold_free(session, people) == set(people), "everybody may start and be marked"
    poster.join()
    assert posted() == {person_id for _exam, person_id in people}

    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
                " SELECT attempt_id, 2, 100, of_points, item_points, topics, rule, 'test', at FROM result"
            )
        )
    poster = threading.Thread(target=post)
    with transaction() as starting:
        store.one_at_a_time(starting, *people[1])
        poster.start()
        until_somebody_waits()
        assert posted(100) == {people[0][1], people[2][1]}, "one who is busy holds up nobody else"
    poster.join()
    assert posted(100) == {person_id for _exam, person_id in people}


def post() -> None:
    """Post as the job does, which is tried again where a busy machine lets a wait for a lock run out."""
    for _ in range(100):
        try:
            return posting.post_released(NOON, exams.EXAM)
        except (RegradeRuns, OperationalError):
            time.sleep(0.1)
    pytest.fail("posting came to nothing")


def until_somebody_waits() -> None:
    """Return once another connection waits for an advisory lock."""
    for _ in range(6_000):
        with transaction() as session:
            if session.scalar(text(WAITING)):
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")


def posted(points: int = 0) -> set[int]:
    """Return whose grade sheet holds these points."""
    with transaction() as session:
        rows = "SELECT e.person_id FROM grade_line g JOIN enrolment e ON e.id = g.enrolment_id WHERE g.points = :points"
        return set(session.scalars(text(rows), {"points": points}))


def test_a_wrong_score_is_named_by_whatever_rule_it_came_about(app: Flask) -> None:
    exams.prepared(release=Release.BY_HAND)
    exams.sitting().submit()
    scoring.score_outstanding(NOON)
    again = text(
        "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
        " SELECT attempt_id, version + 1, points + 100, of_points, item_points, topics, :rule, 'regrade:1', at FROM result ORDER BY version DESC LIMIT 1"
    )
    for rule, differences in ((RULE - 1, ["attempt 1: 100 points stand, 0 are due"]), (RULE, ["attempt 1: 200 points stand, 0 are due"])):
        with transaction() as session:
            session.execute(again, {"rule": rule})
        with transaction() as session:
            assert list(verification.verify(session, NOON)) == differences
