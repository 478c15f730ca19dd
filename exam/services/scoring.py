"""Scoring: of what was handed in or ended, anew after a decision, and as it would come out now."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime

from exam.domain import attempt as attempt_rules
from exam.domain import result as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.regrade import is_fixed
from exam.domain.result import Result
from exam.services import paper as papers
from exam.services import posting
from exam.services import script as scripts
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import marking
from exam.store import paper as paper_store
from exam.store import regrade as regrades
from exam.store import result as store
from exam.store.attempt import Attempt
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Refusal
from question_bank import api as bank

logger = logging.getLogger(__name__)
BATCH = 50


def score_outstanding(now: datetime) -> int:
    """Score every attempt that was handed in or ended and has no result; workers share the rows; returns how many."""
    total = last = 0
    while True:
        with transaction() as session:
            waiting = attempts.take_unscored(session, last, BATCH)
            for exam_id in sorted({attempt.exam_id for attempt in waiting}):
                regrades.hold_scoring(session, exam_id, alone=False)
            free = attempts.hold_people(session, waiting)
            scripts.collect(session, free, now)
            known = {exam_id: exams.by_id(session, exam_id) for exam_id in {attempt.exam_id for attempt in free}}
            held = store.newest_versions(session, [attempt.id for attempt in free])
            for attempt, result in scored_anew(session, free):
                version = held[attempt.id][0] + 1 if attempt.id in held else 1
                total += _score(session, known[attempt.exam_id], attempt, result, version=version, now=now)
        if len(waiting) < BATCH:
            return total
        last = waiting[-1].id


def _score(session: Session, exam: Exam, attempt: Attempt, result: Result, *, version: int, now: datetime) -> bool:
    """Store one result; what the platform refuses is left for the next run and stops nobody else's."""
    scored, posts = attempt_rules.move(attempt.state, State.SCORED), result.is_final and exam.shows_results
    try:
        with session.begin_nested() if posts else nullcontext():
            store.add(session, attempt.id, result, version=version, reason="scored", now=now)
            attempts.set_state(session, attempt.id, scored)
            if posts and posting.counting(session, exam, attempt.person_id) == (attempt.id, result):
                posting.post(session, exam, attempt.person_id, attempt.id, result, now=now)
    except Refusal as refusal:
        logger.error("scoring_refused", extra={"attempt": attempt.id, "code": refusal.code})
        return False
    return True


def rescore(session: Session, attempt_id: int, *, reason: str, now: datetime) -> None:
    """Score a scored, locked attempt anew after its answers or marks changed by a decision, as the next version of its result."""
    scored = attempts.by_id(session, attempt_id)
    regrades.hold_scoring(session, scored.exam_id, alone=False)
    scripts.collect(session, [scored], now)
    exam = exams.by_id(session, scored.exam_id)
    before = posting.counting(session, exam, scored.person_id)
    for attempt, result in scored_anew(session, [scored]):
        if result != store.newest_of(session, attempt.id):
            store.add(session, attempt.id, result, version=store.versions(session, attempt.id) + 1, reason=reason, now=now)
    session.flush()
    after = posting.counting(session, exam, scored.person_id)
    if after is not None and after != before and exam.shows_results:
        posting.post(session, exam, scored.person_id, *after, now=now)


def scored_anew(session: Session, waiting: Sequence[Attempt]) -> Iterator[tuple[Attempt, Result]]:
    """Score attempts from their answers and marks under the corrections in force; the keys are read once for all."""
    known = paper_store.by_ids(session, [attempt.paper_id for attempt in waiting])
    keys = bank.keys(session, sorted({version for _, paper in known.values() for version in paper.version_ids}))
    exam_ids = {attempt.exam_id for attempt in waiting}
    corrections = {exam_id: regrades.in_force(session, exam_id) for exam_id in exam_ids}
    policies = {exam_id: exams.by_id(session, exam_id).policy.multiple for exam_id in exam_ids}
    marks: dict[int, dict[int, int]] = {}
    for exam_id, corrected in corrections.items():
        fixed = [version for version, made in corrected.items() if is_fixed(made)]
        marks |= marking.points_of(session, [attempt.id for attempt in waiting if attempt.exam_id == exam_id], fixed)
    for attempt in waiting:
        if attempt.paper_id in known:
            assembly_id, paper = known[attempt.paper_id]
            points = papers.position_points(session, attempt.exam_id, assembly_id)
            places = papers.places(session, assembly_id)
            yield (
                attempt,
                rules.result_of(
                    paper, points, attempt.answers, places, keys, corrections=corrections[attempt.exam_id], marks=marks.get(attempt.id),
                    policy=policies[attempt.exam_id],
                ),
            )  # fmt: skip
