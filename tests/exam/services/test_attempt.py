"""Starting, coming back, taking over, more time (EX-07, EX-13, EX-16, EX-17, EX-19, EX-22, IN-02)."""

import threading
from datetime import timedelta

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from exam import jobs
from exam.domain import admission
from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.domain.waiting_room import RATE
from exam.services import adjustment, assembly, attempt, paper, room, scoring, verification, waiting_room
from exam.services import exam as exam_service
from exam.services.payload import PaperContent, ResumeExam, StartExam
from exam.store import attempt as store
from exam.store import exam as exam_store
from exam.store import paper as paper_store
from exam.store import start as starts
from lms.kernel import db
from lms.kernel.db import transaction
from lms.kernel.hot import Pace
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import IVY, id_of
from tests.support.database import analyse, until_somebody_waits
from tests.support.queries import query_budget

START = StartExam(exams.EXAM, "device-one", honesty=True)
FORBIDDEN_WORDS = ("key", "correct", "score", "explanation", "feedback", "secret", "weight", "difficulty", "expected", "version", "seed")


def names(value: object) -> set[str]:
    """Return every field name inside a JSON value."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names(inner)}
    return {name for inner in value for name in names(inner)} if isinstance(value, list) else set()


def test_a_start_gives_the_whole_paper_and_the_time(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    shown = msgspec.json.decode(lin.opened.paper, type=PaperContent)
    assert [(part.title, part.first, part.last, part.points) for part in shown.sections] == [
        ("single", 1, 4, 200),
        ("multiple", 5, 6, 300),
        ("true_false", 7, 8, 100),
    ]
    assert [(item.position, item.type, item.points, len(item.options)) for item in shown.items] == [
        *((at, "single", 200, 4) for at in (1, 2, 3, 4)),
        *((at, "multiple", 300, 5) for at in (5, 6)),
        *((at, "true_false", 100, 2) for at in (7, 8)),
    ]
    assert (lin.opened.remaining_ms, lin.opened.resumed, lin.opened.answers) == (90 * 60_000, False, [])


def test_in_02_what_the_room_gets_holds_nothing_but_the_allowed_fields(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    body = msgspec.json.encode(lin.opened).decode()
    assert names(msgspec.json.decode(body)) == {
        *("token", "exam", "title", "paper_hash", "started_at", "deadline", "remaining_ms", "seq_from", "resumed", "answers", "paper"),
        *("sections", "items", "first", "last", "points", "position", "type", "stem", "prompts", "options"),
    }
    assert not any(word in body.replace(lin.opened.token, "") for word in FORBIDDEN_WORDS)
    assert "secret reason" not in body


def test_ex_07_coming_back_gives_the_same_paper_deadline_answers_and_marks(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.save(lin.change(1, [2]), lin.change(5, [0, 3], marked=True))
    paper.forget()  # as after a restart
    back = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), NOON + timedelta(minutes=45))
    assert (back.paper_hash, back.deadline, bytes(back.paper)) == (lin.opened.paper_hash, lin.opened.deadline, bytes(lin.opened.paper))
    assert back.remaining_ms == 45 * 60_000
    assert [(now.position, now.choices, now.marked) for now in back.answers] == [(1, [2], False), (5, [0, 3], True)]
    assert back.seq_from > lin.opened.seq_from


def test_starting_twice_is_one_attempt(app: Flask) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled()
    opened = []
    threads = [threading.Thread(target=lambda: opened.append(attempt.start(person_id, login_id, START, NOON))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.paper_hash for one in opened}) == 1
    assert sorted(one.resumed for one in opened) == [False] + [True] * 7
    with transaction() as session:
        assert paper_store.counts(session, 1) == (6, 5)


def test_everybody_takes_a_paper_of_her_own(app: Flask) -> None:
    exams.prepared(papers=6)
    people = [exams.enrolled(f"teacher-{number}") for number in range(6)]
    opened = []
    threads = [threading.Thread(target=lambda who: opened.append(attempt.start(who[0], who[1], START, NOON)), args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    with transaction() as session:
        assert session.execute(text("SELECT count(DISTINCT paper_id) FROM attempt")).scalar_one() == 6
    person_id, login_id = exams.enrolled("one-too-many")
    with pytest.raises(attempt.NoPaper):
        attempt.start(person_id, login_id, START, NOON)
    jobs.top_up(NOON)
    attempt.start(person_id, login_id, START, NOON)
    with transaction() as session:
        assert paper_store.counts(session, 1) == (56, 49)
    jobs.top_up(NOON)
    with transaction() as session:
        assert paper_store.counts(session, 1) == (56, 49), "enough are left"


def test_a_start_and_a_coming_back_stay_inside_their_queries(app: Flask) -> None:
    exams.prepared()
    exams.sitting("warm")
    person_id, login_id = exams.enrolled()
    with query_budget(12):
        attempt.start(person_id, login_id, START, NOON)
    with query_budget(8):
        attempt.resume(person_id, login_id, ResumeExam(exams.EXAM, "device-one"), NOON)


def test_ex_13_another_device_takes_over_only_when_said_and_the_audit_names_both(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    elsewhere = ResumeExam(exams.EXAM, "device-two")
    with pytest.raises(rules.OtherDeviceLeads):
        attempt.resume(lin.person_id, lin.login_id, elsewhere, NOON)
    with pytest.raises(rules.OtherDeviceLeads):
        attempt.start(lin.person_id, lin.login_id, StartExam(exams.EXAM, "device-two", honesty=True), NOON)
    attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), NOON)
    with transaction() as session:
        detail = session.execute(text("SELECT detail FROM audit_entry WHERE action = 'attempt.takeover'")).scalar_one()
    assert (detail["left"], detail["took"]) == ("device-one", "device-two")


def test_ex_22_no_paper_outside_an_open_attempt(app: Flask) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled()
    back = ResumeExam(exams.EXAM, "device-one")
    with pytest.raises(attempt.AttemptMissing):
        attempt.resume(person_id, login_id, back, NOON)
    lin = exams.Sitter(person_id, login_id, attempt.start(person_id, login_id, START, NOON))
    stranger, strangers_login = exams.enrolled("sam")
    with pytest.raises(attempt.AttemptMissing):
        attempt.resume(stranger, strangers_login, back, NOON)
    with pytest.raises(rules.TimeIsUp):
        attempt.resume(person_id, login_id, back, NOON + timedelta(minutes=92))
    lin.submit()
    with pytest.raises(rules.AttemptClosed):
        attempt.resume(person_id, login_id, back, NOON)
    with pytest.raises(admission.AttemptsUsed):
        attempt.start(person_id, login_id, START, NOON)


def test_ex_19_a_paper_and_its_attempt_are_frozen(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    for statement in (
        "UPDATE paper SET version_ids = version_ids[2:] || version_ids[1]",
        "UPDATE paper SET orders = ''",
        "UPDATE attempt SET paper_id = paper_id + 1",
        "UPDATE attempt SET started_at = started_at + interval '1 hour'",
    ):
        with pytest.raises(IntegrityError, match="is frozen"), transaction() as session:
            session.execute(text(statement))
    with transaction() as session:
        session.execute(text("UPDATE item SET status = 'retired'"))
    paper.forget()
    back = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), NOON)
    assert (back.paper_hash, bytes(back.paper)) == (lin.opened.paper_hash, bytes(lin.opened.paper))


def test_ex_17_who_starts_late_is_told_the_time_and_gets_just_that(app: Flask) -> None:
    exams.prepared(minutes=60, opens=NOON - timedelta(hours=2), closes=NOON + timedelta(minutes=5))
    person_id, login_id = exams.enrolled()
    told = room.exam_of(person_id, exams.EXAM, NOON).briefing
    assert (told.seconds, told.refusal, told.attempts_left) == (240, None, 1)
    opened = attempt.start(person_id, login_id, START, NOON)
    assert opened.remaining_ms == 240_000
    sam, sams_login = exams.enrolled("sam")
    for late in (NOON + timedelta(minutes=4), NOON + timedelta(minutes=5), NOON + timedelta(hours=1)):
        with pytest.raises(admission.WindowClosed):
            attempt.start(sam, sams_login, START, late)


def test_nobody_starts_who_may_not(app: Flask) -> None:
    exams.prepared(requires_learning=True, opens=NOON, closes=NOON + timedelta(days=1))
    person_id, login_id = exams.enrolled()
    with pytest.raises(admission.NotOpenYet):
        attempt.start(person_id, login_id, START, NOON - timedelta(seconds=1))
    with pytest.raises(admission.LearningIncomplete):
        attempt.start(person_id, login_id, START, NOON)
    assert isinstance(room.exam_of(person_id, exams.EXAM, NOON).briefing.refusal, admission.LearningIncomplete)
    with pytest.raises(admission.NotEnrolled):
        attempt.start(person_id + 999, login_id, START, NOON)
    with pytest.raises(exam_service.ExamMissing):
        attempt.start(person_id, login_id, msgspec.structs.replace(START, exam="none"), NOON)


LATE = NOON + timedelta(days=3)


KEPT_OUT = (
    ("UPDATE enrolment SET programme_code = 'another'", NOON),
    ("UPDATE exam SET state = 'draft'", NOON),
    ("UPDATE exam SET requires_learning = true", NOON),
    ("UPDATE exam SET window_rule = 'start_by'", LATE),
    ("UPDATE login SET ended_at = created_at", NOON),
    ("UPDATE login SET ends_at = created_at", NOON),
    ("UPDATE person SET active = false", NOON),
    ("UPDATE paper SET taken_at = exam.opens FROM exam", NOON),
    ("SELECT 1", NOON - timedelta(hours=1, seconds=1)),
    ("SELECT 1", LATE - timedelta(minutes=1)),
)


def test_the_short_way_of_starting_lets_nobody_in_whom_the_rules_keep_out(app: Flask) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled()
    with db.connection() as link:
        link.prepare_threshold = None  # a rollback would have the driver forget whatever is prepared
        for change, at in KEPT_OUT:
            with link.transaction(force_rollback=True):
                link.execute(change)
                row = starts.Start(exams.EXAM, person_id, login_id, "device-one", learned=False, arrived=at, rate=RATE)
                assert starts.start(link, [row])[0].opening is None, change
                if "paper" not in change:
                    assert link.execute("SELECT count(*) FROM paper WHERE taken_at IS NOT NULL").fetchone() == (0,), change
        with link.transaction(force_rollback=True):
            link.execute("UPDATE exam SET requires_learning = true, window_rule = 'start_by'")
            late = LATE - timedelta(seconds=1)
            assert starts.start(link, [starts.Start(exams.EXAM, person_id, login_id, "device-one", learned=True, arrived=late, rate=RATE)])[0].opening


def test_one_group_of_starts_begins_one_attempt_a_person(app: Flask) -> None:
    exams.prepared(attempts_allowed=2)
    people = [exams.enrolled(account) for account in ("lin", "sam")]
    adjustment.accommodate(None, exams.EXAM, "lin", 150, reason="", now=NOON)
    rows = [starts.Start(exams.EXAM, *who, "device-one", learned=False, arrived=NOON, rate=RATE) for who in (*people, people[0])]
    with db.connection() as link:
        lin, sam, again = starts.start(link, rows)
    assert again.opening is None
    assert lin.opening is not None
    assert sam.opening is not None
    assert lin.opening.attempt.deadline == NOON + timedelta(minutes=135)
    assert sam.opening.attempt.deadline == NOON + timedelta(minutes=90)
    assert lin.opening.paper != sam.opening.paper
    with transaction() as session:
        assert store.by_id(session, lin.opening.attempt.id) == lin.opening.attempt


def test_a_group_of_starts_waits_for_nobody_who_is_held_elsewhere(app: Flask) -> None:
    exams.prepared()
    waiting_room.set_rate(exams.EXAM, RATE, actor_id=None, now=NOON)
    people = [exams.enrolled(account) for account in ("lin", "sam")]
    rows = [starts.Start(exams.EXAM, *who, "device-one", learned=False, arrived=NOON, rate=RATE) for who in people]
    with transaction() as session, db.connection() as link:
        exam = exam_store.by_code(session, exams.EXAM)
        assert exam
        store.one_at_a_time(session, exam.id, people[0][0])  # as whoever scores her, or her other tab, does
        lin, sam = starts.start(link, rows)
    assert (lin.opening, lin.place is None, sam.opening is None) == (None, False, False), "she has her place, and goes the long way alone"
    assert attempt.start(*people[0], START, NOON, lin.place).started_at == NOON


def test_the_honesty_statement_is_asked_before_a_paper_is_taken(app: Flask) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled()
    with pytest.raises(admission.HonestyMissing):
        attempt.start(person_id, login_id, StartExam(exams.EXAM, "device-one"), NOON)
    with transaction() as session:
        assert paper_store.counts(session, 1) == (6, 6)


def test_who_sits_goes_first_when_she_signs_in_again_a_few_times_and_nobody_else_does(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "_signing_in", Pace(3))
    passed = [100.0]
    monkeypatch.setattr(attempt, "monotonic", lambda: passed[0])
    exams.prepared()
    lin = exams.sitting("lin")
    assert not attempt.is_inside("not a token", NOON)
    assert not attempt.is_inside(exams.entry("lin"), NOON)
    assert [attempt.is_inside(lin.opened.token, NOON) for _ in range(5)] == [True] * 3 + [False] * 2
    passed[0] += 10
    assert attempt.is_inside(lin.opened.token, NOON), "a slot ends though a rehearsal's clock stands or was set back"
    lin.submit(at=NOON)
    assert not attempt.is_inside(lin.opened.token, NOON)


def test_more_time_for_one_person_and_after_an_outage_adds_up(app: Flask) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled()
    adjustment.accommodate(None, exams.EXAM, "lin", 125, reason="", now=NOON)
    assert room.exam_of(person_id, exams.EXAM, NOON).briefing.seconds == 90 * 75
    opened = attempt.start(person_id, login_id, START, NOON)
    assert opened.deadline == NOON + timedelta(minutes=90 * 1.25)
    with transaction() as session:
        attempt_id = store.newest_of(session, person_id, 1).id  # type: ignore[union-attr]
    adjustment.give_time(attempt_id, minutes=7, reason="server away", now=NOON)
    moved = adjustment.give_time(attempt_id, minutes=5, reason="fire alarm", now=NOON)
    assert moved == opened.deadline + timedelta(minutes=12)
    assert attempt.resume(person_id, login_id, ResumeExam(exams.EXAM, "device-one"), NOON).deadline == moved


STATES = tuple(State)
LEGAL = {
    *((State.OPEN, end) for end in (State.SUBMITTED, State.FINALISED, State.ANNULLED)),
    *((end, after) for end in (State.SUBMITTED, State.FINALISED) for after in (State.SCORED, State.ANNULLED)),
    (State.SCORED, State.ANNULLED),
}


def test_ex_16_the_database_allows_the_same_transitions_as_the_rules(app: Flask) -> None:
    exams.prepared(papers=1)
    lin = exams.sitting()
    with transaction() as session:
        attempt_id = exams.attempt_id(session, lin)
    for before in STATES:
        for after in STATES:
            if before is after:
                continue
            assert _try_to_move(attempt_id, before, after) == ((before, after) in LEGAL), (before, after)


COPY = """
    INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes, device,
      led_since, answers, revisions, marks, late, reopened, ended_at)
    SELECT exam_id, person_id, 99, paper_id, CAST(:state AS varchar), started_at, base_deadline, deadline, percent, items, epoch, resumes, device,
      led_since, answers, revisions, marks, late, reopened, CASE WHEN CAST(:state AS varchar) = 'open' THEN NULL ELSE started_at END
    FROM attempt WHERE id = :id RETURNING id
"""
MOVE = """
    UPDATE attempt SET state = CAST(:state AS varchar), ended_at = CASE WHEN CAST(:state AS varchar) = 'open' THEN NULL ELSE started_at END
    WHERE id = :id
"""


def _try_to_move(attempt_id: int, before: State, after: State) -> bool:
    """Put a copy of the attempt into a state, try the move, and undo everything."""
    try:
        with transaction() as session:
            made = session.execute(text(COPY), {"state": str(before), "id": attempt_id}).scalar_one()
            session.execute(text(MOVE), {"state": str(after), "id": made})
            session.execute(text("DELETE FROM attempt WHERE id = :id"), {"id": made})
    except IntegrityError as error:
        return "cannot go from" not in str(error)
    return True


def test_ex_16_an_ended_attempt_opens_again_only_by_a_named_decision(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    lin.save(lin.change(1, [2]))
    first = lin.submit()
    with transaction() as session:
        attempt_id = exams.attempt_id(session, lin)
    ivy = id_of(IVY)
    adjustment.reopen(ivy, attempt_id, minutes=1, reason="handed in by mistake, shown by the invigilator", now=NOON)
    lin.save(lin.change(1, [3], 1))
    second = lin.submit(key="another-key")
    assert (first.receipt != second.receipt, second.answered) == (True, 1)
    with transaction() as session:
        assert session.execute(text("SELECT actor_id FROM audit_entry WHERE action = 'attempt.reopen'")).scalar_one() == ivy
    scoring.score_outstanding(NOON)
    with pytest.raises(rules.ResultOut):
        adjustment.reopen(ivy, attempt_id, minutes=1, reason="too late", now=NOON)


def test_the_verifier_finds_a_changed_answer_and_a_changed_score(app: Flask) -> None:
    exams.prepared()
    lin, sam = exams.sitting(), exams.sitting("sam")
    lin.save(lin.change(1, [2]))
    sam.save(sam.change(1, [2]))
    lin.submit()
    scoring.score_outstanding(NOON)
    with transaction() as session:
        assert list(verification.verify(session, NOON)) == []
        session.execute(text("UPDATE attempt SET answers[1] = '1' WHERE state = 'open'"))
        session.execute(
            text(
                "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
                " SELECT attempt_id, 2, points + 100, of_points, item_points, topics, rule, reason, at FROM result"
            )
        )
    with transaction() as session:
        found = list(verification.verify(session, NOON))
    assert len(found) == 3
    assert any("not what the log adds up to" in line for line in found)
    assert any("are due" in line for line in found)
    assert any("grade sheet" in line for line in found)


def test_two_drawings_at_once_number_one_behind_the_other(app: Flask) -> None:
    exams.prepared(papers=2)
    drawings = [threading.Thread(target=assembly.assemble, args=(exams.EXAM,), kwargs={"papers": 1, "now": NOON, "replacing": False}) for _ in range(2)]
    with transaction() as session:
        exam_store.lock(session, session.execute(text("SELECT id FROM exam")).scalar_one())
        for drawing in drawings:
            drawing.start()
        until_somebody_waits(lambda: not any(drawing.is_alive() for drawing in drawings), people=2)
    for drawing in drawings:
        drawing.join()
    with transaction() as session:
        assert session.scalars(text("SELECT number FROM paper ORDER BY number")).all() == [1, 2, 3, 4]


def test_a_start_reads_no_more_papers_because_many_are_taken(app: Flask) -> None:
    exams.prepared()
    people = [exams.enrolled(account) for account in ("lin", "cai", "gan")]
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO paper (exam_id, assembly_id, number, version_ids, orders, expected, hash)"
                " SELECT exam_id, assembly_id, number + 10 * n, version_ids, orders, expected, hash FROM paper, generate_series(1, 2500) n WHERE number < 5"
            )
        )
    analyse()  # as it is when the exam begins: all are free
    with transaction() as session:
        session.execute(text("UPDATE paper SET taken_at = :now WHERE number < 4000"), {"now": NOON})
    read, numbers = [], []
    with db.connection() as link:
        for person_id, login_id in people:
            (begun,) = starts.start(link, [starts.Start(exams.EXAM, person_id, login_id, "device-one", learned=True, arrived=NOON, rate=RATE)])
            assert begun.opening is not None
            numbers.append(begun.opening.paper.number)
            link.execute("SELECT pg_stat_force_next_flush()")
            (told,) = link.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'paper'")
            read.append(int(told[0]))
    assert numbers == sorted(numbers)
    assert numbers[0] > 4000, "a link begins at the first that is free"
    assert read[2] - read[1] < 10, read
