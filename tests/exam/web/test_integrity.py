"""The page of leads: what it says, to whom (IN-07)."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from exam.services import integrity
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import LIN, PENG, enter
from tests.support.crowd import crowd

PAGE = f"/admin/exams/{exams.EXAM}/integrity"


def test_in_07_leads_are_shown_with_their_evidence_and_touch_no_score(app: Flask) -> None:
    crowd(12, logged=False)  # the times of answering are this test's own
    peng = enter(app, PENG)
    assert "还没有分析过" in peng.get(PAGE).get_data(as_text=True)
    assert peng.post(PAGE).status_code == 302
    with transaction() as session:
        before = session.execute(text("SELECT sum(points), count(*) FROM result")).one()
        # Somebody answers a paper of twelve items within two seconds each.
        session.execute(
            text(
                "INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at,"
                " login_id, epoch, hash) SELECT a.id, n, n, 0, 1, '0', false, 'saved', false, :now + n * interval '2 seconds', :now, 1, 1, ''"
                " FROM (SELECT id FROM attempt ORDER BY (SELECT points FROM result WHERE attempt_id = attempt.id) DESC LIMIT 1) a, generate_series(1, 12) n"
            ),
            {"now": NOON},
        )
    integrity.look(NOON + timedelta(hours=1), exams.EXAM)
    words = peng.get(PAGE).get_data(as_text=True)
    assert "这是线索，不是结论" in words
    assert "共同试题太少，无法比较" in words  # twelve items are too few to compare
    with transaction() as session:
        assert session.execute(text("SELECT sum(points), count(*) FROM result")).one() == before
        run = session.execute(text("SELECT people, pairs, too_few FROM integrity_run")).one()
        assert tuple(run) == (12, 0, 66)
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'integrity.view'"))
    assert enter(app, LIN).get(PAGE).status_code == 403
