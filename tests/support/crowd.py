"""Many people who have sat an exam, as tests arrange them without an hour of clicking."""

from random import Random

from sqlalchemy import text

from exam.services import result
from lms import api as platform
from lms.kernel.db import Session, transaction
from tests.conftest import NOON
from tests.support import exams, learning, rows

PASS = 1000  # of 1600; with the other work as posted, this is also what qualifies


def crowd(count: int, *, tries: int = 1) -> None:
    """Let so many people have sat the exam, three in five responses right; the scoring is the real one."""
    exams.prepared(papers=count * tries, pass_points=PASS, seed=5, attempts_allowed=tries)
    with transaction() as session:
        school = rows.unit_tree(session).school
        people = [rows.person(session, account=f"c{number}", name="考生", unit=school) for number in range(count)]
        for person in people:
            learning.enrol(session, person, unit_id=school.id)
        session.execute(text("UPDATE learner_progress SET online_complete = true, offline_complete = true"))
        work = next(one.code for one in platform.programme(session, learning.CODE).assessment.components if one.source != "exam")
        for person in people:
            platform.post_score(session, person_id=person, programme_code=learning.CODE, component=work, points=225, of_points=400, evidence="w", now=NOON)
        _sit(session, people)
        session.execute(
            text(
                "INSERT INTO submission (attempt_id, round, ended_by, key, body_hash, submitted_at, answered, receipt)"
                " SELECT id, 0, 'learner', 'k', 'h', :now, 12, 'r' FROM attempt"
            ),
            {"now": NOON},
        )
    assert result.score_outstanding(NOON) == count * tries


def _sit(session: Session, people: list[int]) -> None:
    dice = Random(7)
    papers = session.execute(text("SELECT id, version_ids, orders FROM paper ORDER BY id")).all()
    rows_of = session.execute(text("SELECT id, key->'options' AS key, jsonb_array_length(options_html) AS options FROM item_version"))
    items = {row.id: row for row in rows_of}
    for index, (paper, versions, orders) in enumerate(papers):
        width, answers = len(orders) // len(versions), []
        for at, version in enumerate(versions):
            item, order = items[version], list(orders[at * width : (at + 1) * width])
            chosen = item.key if dice.random() < 0.6 else dice.sample(range(item.options), len(item.key))
            answers.append(",".join(str(order.index(option)) for option in chosen))
        session.execute(
            text(
                "INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch,"
                " resumes, device, led_since, answers, revisions, marks, late, reopened, ended_at)"
                " SELECT id, :person, :number, :paper, 'submitted', :now, :now, :now, 100,"
                " :n, 1, 1, 'd', :now, :answers, array_fill(1, ARRAY[:n]), array_fill(false, ARRAY[:n]), 0, 0, :now"
                " FROM exam"
            ),
            {
                "person": people[index % len(people)],
                "number": index // len(people) + 1,
                "paper": paper,
                "n": len(versions),
                "now": NOON,
                "answers": answers,
            },
        )
