"""Saving answers: durable, idempotent, revised, in time."""

from datetime import timedelta

import pytest
from flask import Flask

from exam.domain import attempt as rules
from exam.services import attempt, response, result
from exam.services.payload import ResumeExam, StartExam
from exam.store import attempt as store
from exam.store import response as log
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams


def test_a_saved_answer_carries_its_revision_and_the_time_left(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    answer = lin.save(lin.change(1, [2]), lin.change(2, [0], marked=True), at=NOON + timedelta(minutes=10))
    assert [(saved.position, saved.status, saved.revision, saved.choices, saved.marked) for saved in answer.saved] == [
        (1, "saved", 1, [2], False),
        (2, "saved", 1, [0], True),
    ]
    assert answer.remaining_ms == 80 * 60 * 1000
