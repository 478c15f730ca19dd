"""Many people who have sat an exam, as tests arrange them without an hour of clicking.

One person comes by the use cases; the others are her rows again, by SQL. Every answer is scored by the product. Points are posted by it once
for each number of points there is, and for the others with as many by SQL; certificates are issued by it to each. The verifiers recompute all.
"""

from random import Random

from sqlalchemy import text

from exam.domain.exam import Release
from exam.services import posting, scoring
from exam.services.exam import found
from exam.store import result as results
from lms import api as platform
from lms.kernel.db import Session, copy_rows, transaction
from lms.services import certificate, programme
from lms.store import enrolment
from tests.conftest import NOON
from tests.support import database, exams, learning, rows

PASS = 1000  # of 1600; with the other work as posted, this is also what qualifies
PAPERS = 500  # more people share them, as they share parallel forms; everybody answers for herself
FIRST = "i-1"  # a single-choice item with the key B; a corrected one moves many
_PEOPLE = (
    "INSERT INTO person SELECT made.* FROM person p, generate_series(1, :more) n, LATERAL jsonb_populate_record(p,"
    " jsonb_build_object('id', nextval(pg_get_serial_sequence('person', 'id')), 'account', 'c' || n)) made WHERE p.id = :first",
    "INSERT INTO role_grant (person_id, role, unit_id, granted_at) SELECT p.id, g.role, g.unit_id, g.granted_at FROM role_grant g, person p"
    " WHERE g.person_id = :first AND p.id > :first",
    "INSERT INTO enrolment SELECT made.* FROM enrolment e, person p, LATERAL jsonb_populate_record(e,"
    " jsonb_build_object('id', nextval(pg_get_serial_sequence('enrolment', 'id')), 'person_id', p.id)) made WHERE e.person_id = :first AND p.id > :first",
    "INSERT INTO learner_progress SELECT made.* FROM learner_progress l JOIN enrolment e ON e.id = l.enrolment_id AND e.person_id = :first,"
    " enrolment other, LATERAL jsonb_populate_record(l, jsonb_build_object('enrolment_id', other.id)) made WHERE other.person_id > :first",
    "INSERT INTO grade_line (enrolment_id, component, points, of_points, evidence, posted_at) SELECT other.id, l.component, l.points, l.of_points,"
    " l.evidence, l.posted_at FROM grade_line l JOIN enrolment e ON e.id = l.enrolment_id AND e.person_id = :first, enrolment other"
    " WHERE other.person_id > :first",
    "INSERT INTO grade (enrolment_id, total, qualified, changed_at) SELECT other.id, g.total, g.qualified, g.changed_at FROM grade g"
    " JOIN enrolment e ON e.id = g.enrolment_id AND e.person_id = :first, enrolment other WHERE other.person_id > :first",
)
LOGGED = (
    "INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at, login_id,"
    " epoch, hash) SELECT id, place, place, 0, 1, answers[place], false, 'saved', false, started_at, started_at, 1, 1, ''"
    " FROM attempt, generate_series(1, items) place"
)
_SUBMITTED = (
    "INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)"
    " SELECT id, 0, 'learner', 'k', 'h', :now, 12, 'r' FROM attempt"
)
_FIRST_OF_EACH = "SELECT DISTINCT ON (r.points) a.person_id, a.id FROM result r JOIN attempt a ON a.id = r.attempt_id ORDER BY r.points, a.id"
_LIKE_THE_FIRST = (
    "CREATE TEMP TABLE alike ON COMMIT DROP AS SELECT e.id, a.id AS attempt_id, r.points, r.of_points, first_value(e.id) OVER"
    " (PARTITION BY r.points ORDER BY a.id) AS first FROM result r JOIN attempt a ON a.id = r.attempt_id JOIN enrolment e USING (person_id)",
    "INSERT INTO grade_line (enrolment_id, component, points, of_points, evidence, posted_at)"
    " SELECT id, 'test', points, of_points, 'attempt:' || attempt_id, :now FROM alike WHERE id <> first",
    "UPDATE grade g SET total = f.total, qualified = f.qualified FROM alike JOIN grade f ON f.enrolment_id = alike.first"
    " WHERE g.enrolment_id = alike.id AND alike.id <> alike.first",
)


def people(session: Session, count: int) -> list[int]:
    """Enrol so many who have done everything but the exam; returns their ids."""
    school = rows.unit_tree(session).school
    first = rows.person(session, account="c0", name="考生", unit=school)
    learning.enrol(session, first, unit_id=school.id)
    session.execute(text("UPDATE learner_progress SET online_complete = true, offline_complete = true"))
    work = next(one.code for one in platform.programme(session, learning.CODE).assessment.components if one.source != "exam")
    platform.post_score(session, person_id=first, programme_code=learning.CODE, component=work, points=225, of_points=400, evidence="w", now=NOON)
    session.flush()
    for statement in _PEOPLE:
        session.execute(text(statement), {"first": first, "more": count - 1} if ":more" in statement else {"first": first})
    return list(session.scalars(text("SELECT id FROM person WHERE id >= :first ORDER BY id"), {"first": first}))


def crowd(count: int, *, tries: int = 1, logged: bool = True) -> None:
    """Let so many people have sat the exam: three in five responses right, and every second one to the first item, of which the others chose C."""
    exams.prepared(papers=min(count * tries, PAPERS), pass_points=PASS, seed=5, attempts_allowed=tries, release=Release.BY_HAND)
    with transaction() as session:
        _sit(session, people(session, count), tries)
        if logged:
            session.execute(text(LOGGED))
        session.execute(text(_SUBMITTED), {"now": NOON})
    database.analyse()
    assert scoring.score_outstanding(NOON) == count * tries
    with transaction() as session:
        session.execute(text("UPDATE exam SET release = 'at_once'"))
    if tries == 1:
        _post()
    else:
        posting.post_released(NOON, exams.EXAM)


def _sit(session: Session, sitters: list[int], tries: int) -> None:
    dice = Random(7)
    exam_id = session.execute(text("SELECT id FROM exam")).scalar_one()
    papers = session.execute(text("SELECT id, version_ids, orders FROM paper ORDER BY id")).all()
    rows_of = session.execute(
        text(
            "SELECT v.id, i.external_id, v.key->'options' AS key, jsonb_array_length(v.options_html) AS options"
            " FROM item_version v JOIN item i ON i.id = v.item_id"
        )
    )
    items = {row.id: row for row in rows_of}
    lines = []
    for index in range(len(sitters) * tries):
        paper, versions, orders = papers[index % len(papers)]
        n, width, answers = len(versions), len(orders) // len(versions), []
        for at, version in enumerate(versions):
            item, order = items[version], list(orders[at * width : (at + 1) * width])
            chosen = item.key if dice.random() < 0.6 else dice.sample(range(item.options), len(item.key))
            if item.external_id == FIRST:
                chosen = dice.choice(([1], [2]))
            answers.append(",".join(str(order.index(option)) for option in chosen))
        who = (exam_id, sitters[index % len(sitters)], index // len(sitters) + 1, paper, "submitted", *[NOON] * 3)
        lines.append((*who, 100, n, 1, 1, "d", NOON, answers, [1] * n, [False] * n, 0, 0, NOON))
    copy_rows(
        session,
        "attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes, device, led_since,"
        " answers, revisions, marks, late, reopened, ended_at)",
        lines,
    )


def _post() -> None:
    """Bring everybody's points to the grade sheets, and certificates to those who qualify."""
    with transaction() as session:
        exam = found(session, exams.EXAM)
        for person_id, attempt_id in session.execute(text(_FIRST_OF_EACH)).all():
            held = results.newest_of(session, attempt_id)
            assert held
            posting.post(session, exam, person_id, attempt_id, held, now=NOON)
        session.flush()
        for statement in _LIKE_THE_FIRST:
            session.execute(text(statement), {"now": NOON} if ":now" in statement else {})
        asked = programme.programme(session, learning.CODE)
        for person_id in session.scalars(text("SELECT person_id FROM enrolment e JOIN grade g ON g.enrolment_id = e.id AND g.qualified ORDER BY e.id")).all():
            (one,) = enrolment.of_person(session, person_id, learning.CODE)
            certificate.issue_owed(session, one, asked.asked_of(one.participants), NOON)
