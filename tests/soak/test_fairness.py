"""The fairness sheet of a large exam is worked out while its page waits: what that takes (OV-08)."""

import sys
import time

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain import fairness as rules
from exam.services import fairness
from exam.services.exam import found
from exam.store import fairness as store
from lms.kernel.db import transaction
from tests.support import crowd, database, exams

pytestmark = pytest.mark.soak
ITEMS, EACH = 100, 128  # positions, and how many versions stand at each (a power of two)
MOST_SECONDS = 3
_PAPERS = (
    "INSERT INTO paper (exam_id, assembly_id, number, version_ids, orders, expected, hash) SELECT 1, 1, 100 + n,"
    " ARRAY(SELECT 1000 + place * :each + (hashint4(n::int * :items + place) & (:each - 1)) FROM generate_series(1, :items) place), '', 0, 'h'"
    " FROM generate_series(1, :papers) n"
)
_ATTEMPTS = (
    "INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes, device,"
    " led_since, answers, revisions, marks, late, reopened)"
    " SELECT 1, who.id, 1, p.id, 'open', now(), now(), now(), 100, :items, 1, 1, 'd', now(), array_fill(''::varchar, ARRAY[:items]),"
    " array_fill(0, ARRAY[:items]), array_fill(false, ARRAY[:items]), 0, 0"
    " FROM unnest(CAST(:people AS bigint[])) WITH ORDINALITY AS who(id, n) JOIN paper p ON p.number = 100 + n"
)


@pytest.mark.parametrize("people", [2_000, 40_000])
def test_ov_08_the_fairness_sheet_takes_about_a_second(app: Flask, people: int) -> None:
    exams.prepared(papers=100, seed=5)
    with transaction() as session:
        sitters = crowd.people(session, people)
        session.execute(text(_PAPERS), {"papers": people, "items": ITEMS, "each": EACH})
        session.execute(text(_ATTEMPTS), {"people": sitters, "items": ITEMS})
    database.analyse()
    with transaction() as session:
        taken = store.taken(session, found(session, exams.EXAM).id)
    assert taken.versions.shape == (people, ITEMS)
    logits = {int(version): 0.1 for version in np.unique(taken.versions)}
    wall, processor = time.perf_counter(), time.process_time()
    sheet = fairness.sheet(exams.EXAM)
    hardness = rules.hardness(taken.versions, [100] * ITEMS, logits)  # as if the items had been analysed
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    sys.stdout.write(f"\n{people} papers: {wall:.2f} s, of them {processor:.2f} s of this process's processor time\n")
    assert sheet.neighbours
    assert hardness
    assert (sheet.taken, sheet.neighbours.pairs, hardness.papers) == (people, people - 1, people)
    assert wall < MOST_SECONDS
