"""Short texts marked by people: leases, two examiners, a third who decides, and results that follow once."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain.admission import TooSoon
from exam.domain.exam import Counts, ExamPolicy, Release
from exam.domain.marking import LeaseLost, MarkFinal, NobodyDecides, NotSettled, PointsUnfit, ScriptState
from exam.services import attempt as attempts
from exam.services import backlog, marking, posting, result, room, scoring, verification
from exam.services.payload import EnterExam
from exam.store import marking as scripts_store
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.conftest import NOON
from tests.support import exams, rows, scripts
from tests.support.cast import EMIN, id_of
from tests.support.scripts import DONE

EXAM = exams.EXAM
ONE_EACH = ExamPolicy(double_percent=0)
ALL_TWICE = ExamPolicy(double_percent=100, tolerance_percent=20)


def examiner(account: str, scope: str = "province") -> int:
    """Return an examiner whose home is a school that nobody of the test sits in."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        return rows.person(session, account=account, name=f"阅{account}", roles=(Role.EXAMINER,), unit=tree.far_school, role_unit=getattr(tree, scope))


def manager(account: str) -> int:
    """Return a manager of exams, who may decide."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        return rows.person(session, account=account, name=f"管{account}", roles=(Role.PROVINCE_MANAGER,), unit=tree.far_school, role_unit=tree.province)


def give(person_id: int, *points: int, remark: str = "", now=DONE) -> tuple[int, ScriptState]:  # type: ignore[no-untyped-def]
    """Take the next script and mark it."""
    script_id = marking.take(EXAM, person_id, now)
    assert script_id is not None
    return script_id, marking.hand_in(script_id, person_id, list(points), remark, now)


def stands(person_id: int) -> tuple[bool, int, int]:
    """Return of a teacher whether her result is shown, its points, and how many scores were posted for her."""
    sheet = result.sheet(person_id, EXAM)
    with transaction() as session:
        assert list(verification.verify(session, DONE)) == []
        posted = session.execute(
            text("SELECT count(*) FROM grade_line g JOIN enrolment e ON e.id = g.enrolment_id WHERE e.person_id = :p"), {"p": person_id}
        ).scalar_one()
    assert sheet is not None
    return sheet.released, sheet.points, posted


def test_racing_examiners_never_hold_one_script_and_each_holds_one(app: Flask) -> None:
    scripts.handed_in("lin", "cai", "gan", policy=ONE_EACH)
    people = [examiner(f"e{number}") for number in range(5)]
    bell, taken = Barrier(len(people)), {}

    def race(person_id: int) -> None:
        bell.wait()
        taken[person_id] = marking.take(EXAM, person_id, DONE)

    racers = [Thread(target=race, args=(person_id,)) for person_id in people]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    held = {person: script for person, script in taken.items() if script is not None}
    assert len(held) == len(set(held.values())) == 3
    late = next(person for person in people if person not in held)
    first, script_id = next(iter(held.items()))
    assert marking.take(EXAM, first, DONE) == script_id, "asking again gives the script one holds"
    marking.save(script_id, first, [500, None], "草稿", DONE + timedelta(minutes=15))
    assert marking.take(EXAM, late, DONE + timedelta(minutes=21)) not in {script_id, None}, "a saved draft renews its lease, the others ran out"
    second = next(person for person in held if person != first and held[person] != marking.take(EXAM, late, DONE + timedelta(minutes=21)))
    marking.hand_in(held[second], second, [600, 400], "", DONE + timedelta(minutes=50))
    with pytest.raises(LeaseLost):
        marking.save(held[second], second, [0, 0], "", DONE + timedelta(minutes=51))
    other = marking.take(EXAM, second, DONE + timedelta(minutes=60))
    assert other is not None
    robbed = first if other == script_id else late
    with pytest.raises(LeaseLost):
        marking.hand_in(other, robbed, [1, 1], "", DONE + timedelta(minutes=61))


def read_by(node: dict[str, Any]) -> float:
    """Return how many rows a plan and all below it met."""
    here = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float(here * node["Actual Loops"]) + sum(map(read_by, node.get("Plans", ())))


def test_scope_and_own_school_decide_whose_scripts_one_may_take(app: Flask) -> None:
    scripts.handed_in("lin", policy=ONE_EACH)
    far, own, near = examiner("far", "far_city"), id_of(EMIN), examiner("near", "county")
    assert marking.take(EXAM, far, DONE) is None, "outside the scope"
    assert marking.take(EXAM, own, DONE) is None, "her own school"
    assert [desk.waiting for desk in marking.desks(own, DONE)] == [0]
    with transaction() as session:
        tree = rows.unit_tree(session)
        taught = rows.person(session, account="beside", name="阅旁", roles=(Role.EXAMINER,), unit=tree.class_, role_unit=tree.county)
    assert marking.take(EXAM, taught, DONE) is None, "her own school, though she belongs to a class of it"
    assert marking.take(EXAM, near, DONE) is not None
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO script (exam_id, attempt_id, position, version_id, revision, worth, wanted, state, waiting_since, path)"
                " SELECT exam_id, attempt_id, 2 + n, version_id, 1, 1, 1, 'waiting', waiting_since, '/9/' || n % 9 || '/'"
                " FROM script, generate_series(1, 5000) n"
            )
        )
    with transaction() as session:  # of what is not committed, whoever clears up meanwhile knows nothing
        session.execute(text("ANALYZE script"))
        asked = {"exam": 1, "me": near, "own": None, "state": "waiting", "now": DONE}
        asks = scripts_store.reached("EXPLAIN (ANALYZE, FORMAT JSON) SELECT s.id", scripts_store.Reach(near, (tree.county.path,), None), "")
        (plan,) = session.scalars(asks, asked).one()
        assert read_by(plan["Plan"]) < 100, f"a county that has nothing left reads none of the others': {plan}"


def test_the_result_is_complete_with_the_last_mark_and_the_grade_follows_once(app: Flask) -> None:
    (lin,) = scripts.handed_in("lin", policy=ALL_TWICE)
    one, two, other = examiner("one"), examiner("two"), examiner("three")
    script_id, state = give(one, 600, 400, remark="好")
    assert state is ScriptState.WAITING
    assert marking.take(EXAM, one, DONE) is None, "nobody marks one script twice"
    with pytest.raises(PointsUnfit):
        give(two, 601, 0)
    assert give(two, 500, 301)[1] is ScriptState.SETTLED
    assert marking.take(EXAM, other, DONE) is None
    assert stands(lin.person_id) == (False, 0, 0)
    marking.retract(script_id, two, DONE)
    assert marking.hand_in(script_id, two, [100, 0], "", DONE) is ScriptState.DISPUTED
    posting.release(EXAM, actor_id=None, now=DONE)
    assert stands(lin.person_id) == (False, 0, 0)
    with pytest.raises(MarkFinal):
        marking.retract(script_id, two, DONE)
    with pytest.raises(LeaseLost):
        marking.take_disputed(EXAM, script_id, one, DONE)
    peng = examiner("peng-like")
    marking.take_disputed(EXAM, script_id, peng, DONE)
    assert [mark.total for mark in marking.script(script_id, peng, DONE).others] == [1000, 100]
    marking.hand_in(script_id, peng, [450, 250], "折中", DONE)
    assert stands(lin.person_id) == (True, 900, 1)
    with pytest.raises(MarkFinal):
        marking.retract(script_id, peng, DONE)
    other = manager("ning-like")
    with pytest.raises(NobodyDecides):
        marking.reopen(EXAM, script_id, reason="复核", actor_id=other, now=DONE)
    last = manager("last")
    marking.reopen(EXAM, script_id, reason="复核", actor_id=other, now=DONE)
    assert stands(lin.person_id) == (True, 900, 1), "what is out stands until somebody else has decided"
    with pytest.raises(LeaseLost):
        marking.take_disputed(EXAM, script_id, other, DONE)
    marking.take_disputed(EXAM, script_id, last, DONE)
    marking.hand_in(script_id, last, [100, 100], "", DONE)
    assert stands(lin.person_id) == (True, 400, 2)
    load = {one.examiner_id: one for one in backlog.overview(EXAM, last, DONE).loads}
    assert (load[one].marked, load[one].share, load[two].share) == (1, 1.0, 0.1)
    with transaction() as session:
        assert list(backlog.verify(session, DONE)) == []
        session.execute(text("UPDATE script SET points = '{100, 101}'"))
        assert list(backlog.verify(session, DONE)) == [f"script {script_id}: its points are not what its marks add up to"]


def test_before_release_reopening_takes_the_result_back(app: Flask) -> None:
    (lin,) = scripts.handed_in("lin", policy=ONE_EACH)
    one, two = examiner("one"), examiner("two")
    script_id, state = give(one, 600, 400)
    assert state is ScriptState.SETTLED
    manager("ning-like")
    marking.reopen(EXAM, script_id, reason="抽查", actor_id=two, now=DONE)
    assert posting.release(EXAM, actor_id=None, now=DONE) == 0
    assert stands(lin.person_id) == (False, 0, 0)


def test_a_release_waits_for_who_is_scoring_and_what_she_scored_is_posted(app: Flask) -> None:
    (lin,) = scripts.handed_in("lin", policy=ONE_EACH)
    waiting = Thread(target=posting.release, args=(EXAM,), kwargs={"actor_id": None, "now": DONE})
    with transaction() as session:
        session.execute(text("UPDATE script SET state = 'settled', points = '{600, 400}'"))
        scoring.rescore(session, exams.attempt_id(session, lin), reason="marking", now=DONE)
        waiting.start()
        waiting.join(0.5)
    waiting.join()
    posting.post_released(DONE, EXAM)
    assert stands(lin.person_id) == (True, 1200, 1)
    with transaction() as session:
        other = session.execute(
            text(
                "INSERT INTO script (exam_id, attempt_id, position, version_id, revision, worth, wanted, state, waiting_since, path)"
                " SELECT s.exam_id, a.id, 1, p.version_ids[1], a.revisions[1], 1, 1, 'waiting', :now, s.path"
                " FROM script s JOIN attempt a ON a.id = s.attempt_id JOIN paper p ON p.id = a.paper_id RETURNING attempt_id, version_id"
            ),
            {"now": DONE},
        ).one()
        assert scripts_store.points_of(session, [other.attempt_id], []) == {}
        assert scripts_store.points_of(session, [other.attempt_id], [other.version_id]) == {other.attempt_id: {2: 1000}}, "one that counts for nobody"


def test_a_response_that_a_packet_changed_is_marked_anew(app: Flask) -> None:
    (lin,) = scripts.handed_in("lin", policy=ONE_EACH, release=Release.AT_ONCE)
    one = examiner("one")
    give(one, 600, 400)
    assert stands(lin.person_id) == (True, 1200, 1)
    with transaction() as session:
        attempt_id = exams.attempt_id(session, lin)
        session.execute(text("UPDATE attempt SET answers[2] = '[\"另一番话\"]', revisions[2] = 2 WHERE id = :id"), {"id": attempt_id})
        scoring.rescore(session, attempt_id, reason="packet:1", now=DONE)
    assert result.sheet(lin.person_id, EXAM).released is False  # type: ignore[union-attr]
    script_id = marking.take(EXAM, one, DONE)
    assert script_id is not None
    assert marking.script(script_id, one, DONE).text == "另一番话"
    marking.hand_in(script_id, one, [0, 0], "", DONE)
    assert result.sheet(lin.person_id, EXAM).points == 200  # type: ignore[union-attr]
    with transaction() as session:
        session.execute(text("UPDATE attempt SET answers[2] = '[\"第三番话\"]', revisions[2] = 3 WHERE id = :id"), {"id": attempt_id})
        scoring.rescore(session, attempt_id, reason="packet:2", now=DONE)
        session.execute(text("UPDATE attempt SET answers[2] = '[\"\"]', revisions[2] = 4 WHERE id = :id"), {"id": attempt_id})
        scoring.rescore(session, attempt_id, reason="packet:3", now=DONE)
        assert list(backlog.verify(session, DONE)) == []
    assert marking.take(EXAM, one, DONE) is None, "what was cleared waits for nobody"
    assert result.sheet(lin.person_id, EXAM).released is True  # type: ignore[union-attr]
    with pytest.raises(NotSettled):
        marking.reopen(EXAM, script_id, reason="空白", actor_id=one, now=DONE)


def test_a_further_attempt_waits_for_its_days_on_both_ways_and_the_last_counts(app: Flask) -> None:
    policy = ExamPolicy(double_percent=0, wait_days=1, counts=Counts.LAST)
    (lin,) = scripts.handed_in("lin", policy=policy, release=Release.AT_ONCE, attempts=3)
    one = examiner("one")
    give(one, 600, 400)
    assert stands(lin.person_id) == (True, 1200, 1)
    due = NOON + timedelta(minutes=10, days=1)
    early = due - timedelta(seconds=1)
    with pytest.raises(TooSoon):
        attempts.enter(EnterExam(exams.entry("lin", early), "device-one", honesty=True), early).wait()
    assert room.exam_of(lin.person_id, EXAM, early).briefing.next_at == due
    again = attempts.enter(EnterExam(exams.entry("lin", due), "device-one", honesty=True), due).wait()
    exams.Sitter(lin.person_id, lin.login_id, again).submit(at=due)
    scoring.score_outstanding(due)
    assert stands(lin.person_id) == (True, 0, 2), "the last counts, even where it is worse"
