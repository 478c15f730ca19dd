"""Recompute papers, answers, deadlines, scores and grades from their evidence."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from exam.domain import attempt as attempt_rules
from exam.domain import result as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.regrade import was_stricter
from exam.domain.result import Result
from exam.services import paper as papers
from exam.services import posting, scoring
from exam.store import adjustment as adjustment_store
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import paper as paper_store
from exam.store import regrade as regrades
from exam.store import response as responses
from exam.store import result as store
from exam.store.attempt import Attempt
from lms import api as platform
from lms.kernel.db import Session, transaction

VERIFY_BATCH = 500


def verify(session: Session, now: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every verifier
    """Recompute papers, answers and scores from their evidence and name each difference."""
    last = 0
    while batch := attempts.all_behind(session, last, VERIFY_BATCH):
        last = batch[-1].id
        ids = [attempt.id for attempt in batch]
        known = paper_store.by_ids(session, [attempt.paper_id for attempt in batch])
        changes, moved = responses.accepted_of(session, ids), adjustment_store.adjustments_of(session, ids)
        for attempt in batch:
            if attempt.paper_id not in known:
                yield f"attempt {attempt.id} has no paper"
            elif not known[attempt.paper_id][1].is_whole():
                yield f"attempt {attempt.id}: the paper does not fit its hash"
            if attempt_rules.fold(changes[attempt.id]) != attempt.answers and _differs_from_log(session, attempt.id):
                yield f"attempt {attempt.id}: the answers are not what the log adds up to"
            if attempt_rules.deadline_of(attempt.base_deadline, moved[attempt.id]) != attempt.deadline:
                yield f"attempt {attempt.id}: the deadline is not what its adjustments add up to"
        yield from _wrong_scores(session, [attempt for attempt in batch if attempt.state is State.SCORED])
        yield from _annulled_that_count(session, [attempt for attempt in batch if attempt.state is State.ANNULLED])
    for exam in exams.all_of(session):
        if exam.shows_results:
            yield from _wrong_grades(session, exam)


def _differs_from_log(session: Session, attempt_id: int) -> bool:
    """Tell whether answers and log differ under the lock: somebody may just be answering."""
    fresh = attempts.lock(session, attempt_id)
    return fresh is None or attempt_rules.fold(responses.accepted(session, attempt_id)) != fresh.answers


def _wrong_scores(session: Session, scored: Sequence[Attempt]) -> Iterator[str]:
    standing = store.newest_versions(session, [attempt.id for attempt in scored])
    for attempt, result in scoring.scored_anew(session, scored):
        _version, held = standing.get(attempt.id, (0, None))
        if held is None:
            yield f"attempt {attempt.id} is scored and has no result"
        elif held != result and not _due_by_an_older_rule(session, attempt, held, result):
            yield f"attempt {attempt.id}: {held.points} points stand, {result.points} are due"


def _due_by_an_older_rule(session: Session, attempt: Attempt, held: Result, due: Result) -> bool:
    """Tell whether a result came by an older rule, gives less only where that rule was stricter, and adds up."""
    if store.rule_of(session, attempt.id) == rules.RULE or len(held.item_points) != len(due.item_points):
        return False
    assembly_id, paper = paper_store.by_ids(session, [attempt.paper_id])[attempt.paper_id]
    points, places = papers.position_points(session, attempt.exam_id, assembly_id), papers.places(session, assembly_id)
    corrected = regrades.in_force(session, attempt.exam_id)
    both = zip(paper.version_ids, held.item_points, due.item_points, strict=True)
    excused = all(stands == wanted or (was_stricter(corrected.get(version, ())) and 0 <= (stands or 0) < (wanted or 0)) for version, stands, wanted in both)
    return excused and held == rules.added_up(paper, points, held.item_points, places, corrected)


def _annulled_that_count(session: Session, annulled: Sequence[Attempt]) -> Iterator[str]:
    for one in annulled:
        evidence = [posting.evidence(other.id) for other in attempts.of_person(session, one.person_id, one.exam_id)]
        posted = platform.posted_scores(session, exams.by_id(session, one.exam_id).programme_code, {one.person_id: evidence}).get(one.person_id)
        if posted and posted[0] == posting.evidence(one.id):
            yield f"attempt {one.id} is annulled and its points stand on the grade sheet"


def _wrong_grades(session: Session, exam: Exam) -> Iterator[str]:
    last = 0
    while people := attempts.scored_people(session, exam.id, last, VERIFY_BATCH):
        last = people[-1]
        for person_id in posting.unposted(session, exam, people):
            # She may just be scored: only what differs while nobody else may is a difference.
            # In a transaction of its own, since a verification is long and whoever starts or marks must not wait for it.
            with transaction() as alone:
                attempts.one_at_a_time(alone, exam.id, person_id)
                due = posting.unposted(alone, exam, [person_id])
            for attempt_id, _result in due.values():
                yield f"attempt {attempt_id}: its points are not those on the grade sheet"
