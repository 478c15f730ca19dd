"""What was measured is kept, takes the place of the estimate, and is compared with the last time."""

import numpy as np
import pytest
from flask import Flask

from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from question_bank import api
from question_bank.domain.analysis import analyse
from question_bank.domain.responses import Responses
from question_bank.services import analysis as service
from question_bank.services import bank as banks
from question_bank.store.listing import Filter
from tests.support import exams
from tests.support.cast import WEI, id_of


def taken(session: Session, *, people: int, harder: int | None = None, seed: int = 1) -> Responses:
    """Let people answer every item of the test bank, one of them harder than it was."""
    versions = [item.version_id for item in api.pool(session, exams.BANK, "exam")]
    draw = np.random.default_rng(seed)
    hard = np.linspace(-1, 1, len(versions))
    if harder is not None:
        hard[harder] += 1.5
    right = (draw.random((people, len(versions))) < 1 / (1 + np.exp(hard - draw.standard_normal((people, 1))))).astype(np.int8)
    return Responses(tuple(map(str, versions)), right)


def kept(people: int, source: str, clock: FixedClock, *, harder: int | None = None, only: int | None = None) -> None:
    with transaction() as session:
        all_ = taken(session, people=people, harder=harder, seed=people)
        found = analyse(Responses(all_.items[-only:], all_.right[:, -only:]) if only else all_)
        api.keep_analysis(session, exams.BANK, found, source=source, title=source, now=clock.now())


def test_a_measured_difficulty_takes_the_place_of_the_estimate_once_a_hundred_have_answered(app: Flask, clock: FixedClock) -> None:
    with transaction() as session:
        exams.bank(session)
    with transaction() as session:
        before = [item.difficulty for item in api.pool(session, exams.BANK, "exam")]
    kept(99, "exam:few", clock)
    with transaction() as session:
        assert [item.difficulty for item in api.pool(session, exams.BANK, "exam")] == before
    kept(150, "exam:many", clock)
    with transaction() as session:
        measured = taken(session, people=150, seed=150).right.mean(axis=0)
        assert [item.difficulty for item in api.pool(session, exams.BANK, "exam")] == pytest.approx(measured)
    listed = banks.page(exams.BANK, Filter(band="hard")).items
    assert sorted(item.difficulty for item in listed) == pytest.approx(sorted(measured[measured < 0.5]))
    kept(40, "exam:few again", clock)  # fewer answers never take the place of many
    with transaction() as session:
        assert [item.difficulty for item in api.pool(session, exams.BANK, "exam")] == pytest.approx(measured)
    page = service.page(exams.BANK)
    assert [run.title for run in page.runs] == ["exam:few again", "exam:many", "exam:few"]
    assert {item.report.statistics.answers for item in page.items} == {150}


def test_what_moved_since_another_exam_is_flagged_and_stands_first(app: Flask, clock: FixedClock) -> None:
    with transaction() as session:
        exams.bank(session)
    kept(900, "exam:spring", clock)
    kept(200, "exam:another audience", clock, only=4)  # shares too few items to be compared with
    kept(901, "exam:autumn", clock, harder=3)
    first = service.page(exams.BANK).items[0]
    assert "drifted" in [concern.code for concern in first.report.concerns]
    assert [item.version_id for item in service.page(exams.BANK).items if any(one.code == "drifted" for one in item.report.concerns)] == [first.version_id]
    view, versions = service.of_item(exams.BANK, first.item_id, person_id=id_of(WEI), now=clock.now())
    assert view.latest.version_id == versions[0].version_id == first.version_id
    assert versions[0].run.reliability is not None
    assert versions[0].run.reliability.kind == "alpha"
