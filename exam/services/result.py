"""Results: scoring after the hand-in, release, and what the learner may read."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime

from exam.domain import attempt as attempt_rules
from exam.domain import result as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.regrade import is_fixed, was_stricter
from exam.domain.result import Result, ResultSheet, Try
from exam.services import paper as papers
from exam.services import script as scripts
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import marking
from exam.store import paper as paper_store
from exam.store import regrade as regrades
from exam.store import response as responses
from exam.store import result as store
from exam.store.attempt import Attempt
from lms import api as platform
from lms.domain.grade import Score
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import enqueue
from lms.kernel.refusal import N_, Refusal
from question_bank import api as bank

logger = logging.getLogger(__name__)
BATCH = 50
POST_BATCH = 10  # so many people's starts and marks may wait for a post
VERIFY_BATCH = 500
EVIDENCE = "attempt:"  # before the number of the attempt that a score rests on
CHANGED = N_("计入成绩的作答有变化")


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
            if posts and counting(session, exam, attempt.person_id) == (attempt.id, result):
                post(session, exam, attempt.person_id, attempt.id, result, now=now)
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
    before = counting(session, exam, scored.person_id)
    for attempt, result in scored_anew(session, [scored]):
        if result != store.newest_of(session, attempt.id):
            store.add(session, attempt.id, result, version=store.versions(session, attempt.id) + 1, reason=reason, now=now)
    session.flush()
    after = counting(session, exam, scored.person_id)
    if after is not None and after != before and exam.shows_results:
        post(session, exam, scored.person_id, *after, now=now)


def counting(session: Session, exam: Exam, person_id: int) -> tuple[int, Result] | None:
    """Return the attempt of a person that counts now, with its result."""
    return counting_of(session, exam, [person_id]).get(person_id)


def counting_of(session: Session, exam: Exam, people: Sequence[int]) -> dict[int, tuple[int, Result]]:
    """Return of many people the attempt that counts now, with its result; who has none yet is left out."""
    return _counting_among(session, exam, attempts.of_people(session, people, exam.id))


def _counting_among(session: Session, exam: Exam, theirs: Mapping[int, Sequence[Attempt]]) -> dict[int, tuple[int, Result]]:
    scored = {person: {one.number: one.id for one in mine if one.state is State.SCORED} for person, mine in theirs.items()}
    held = store.newest_versions(session, [attempt for mine in scored.values() for attempt in mine.values()])
    counts = {}
    for person, mine in scored.items():
        final = {number: held[attempt][1] for number, attempt in mine.items() if attempt in held and held[attempt][1].is_final}
        number = rules.counting({at: result.points for at, result in final.items()}, exam.policy.counts)
        if number is not None:
            counts[person] = mine[number], final[number]
    return counts


def release(exam_code: str, *, actor_id: int | None, now: datetime) -> int:
    """Release an exam's results and have them posted to the grade sheets in the background; returns of how many people.

    Whoever scores afterwards finds the exam released and posts herself; what was scored before, the job finds. Asked again, nothing is released
    anew, but what a killed worker left is posted.
    """
    with transaction() as session:
        exam = found(session, exam_code)
        regrades.hold_scoring(session, exam.id, alone=True)
        row = exams.lock(session, exam.id)
        enqueue(session, "exam.post", {"exam_code": exam.code})
        if row.released_at is not None:
            return 0
        row.released_at = now
        people = store.people_done(session, exam.id)
        audit.record(session, actor_id=actor_id, action="exam.release", subject=f"exam:{exam.id}", now=now, results=people)
        return people


def post_released(now: datetime, exam_code: str) -> None:
    """Post the results of a released exam to the grade sheets, a few people at a time; what is posted already is left.

    A regrade is waited for before anybody is held. Whoever is just starting or being marked is left for the end, and then held alone.
    """
    busy: list[int] = []
    people = [0]
    while people:
        with transaction() as session:
            exam = found(session, exam_code)
            regrades.hold_scoring(session, exam.id, alone=False)
            people = attempts.scored_people(session, exam.id, people[-1], POST_BATCH)
            free = attempts.hold_free(session, [(exam.id, person_id) for person_id in people])
            for person_id in people:
                if (exam.id, person_id) in free:
                    _post_unless_posted(session, exam, person_id, now)
                else:
                    busy.append(person_id)
    for person_id in busy:
        with transaction() as session:
            exam = found(session, exam_code)
            attempts.one_at_a_time(session, exam.id, person_id)
            regrades.hold_scoring(session, exam.id, alone=False)
            _post_unless_posted(session, exam, person_id, now)


def _post_unless_posted(session: Session, exam: Exam, person_id: int, now: datetime) -> None:
    for due in _unposted(session, exam, [person_id]).values():
        try:
            with session.begin_nested():
                post(session, exam, person_id, *due, now=now)
        except Refusal as refusal:
            logger.error("posting_refused", extra={"attempt": due[0], "code": refusal.code})


def _unposted(session: Session, exam: Exam, people: Sequence[int]) -> dict[int, tuple[int, Result]]:
    """Return the attempts that count, with their results, where the newest score on the grade sheet that rests on this exam is another."""
    theirs = attempts.of_people(session, people, exam.id)
    due = _counting_among(session, exam, theirs)
    evidence = {person: [_evidence(one.id) for one in theirs[person]] for person in due}
    posted = platform.posted_scores(session, exam.programme_code, evidence)
    return {person: one for person, one in due.items() if person in posted and posted[person] != (_evidence(one[0]), one[1].points)}


def sheet(person_id: int, exam_code: str) -> ResultSheet | None:
    """Return the person's result: the attempt that counts and what the others brought; None while nothing is handed in or she sits."""
    with transaction() as session:
        exam = found(session, exam_code)
        mine = attempts.of_person(session, person_id, exam.id)
        handed_in = attempts.handed_in(session, mine)
        newest = next((one for one in reversed(mine) if one.state is not State.ANNULLED), mine[-1] if mine else None)
        if newest is None or (newest.state is not State.ANNULLED and newest.number not in handed_in):
            return None
        scored = {one.number: result for one in mine if one.state is State.SCORED and (result := store.newest_of(session, one.id)) is not None}
        is_released = exam.shows_results
        shown = {at: result for at, result in scored.items() if is_released and result.is_final}
        number = rules.counting({number: result.points for number, result in shown.items()}, exam.policy.counts)
        of_number = {one.number: one for one in mine}
        attempt, result = of_number[number or newest.number], shown.get(number or 0)
        row = handed_in.get(attempt.number)
        return ResultSheet(
            exam_code=exam.code,
            title=exam.title,
            points=result.points if result else 0,
            of_points=exam.points,
            passed=rules.passed(result.points, exam.pass_points) if result else None,
            released=result is not None,
            topics=result.topics if result else (),
            submitted_at=row.submitted_at if row else None,
            by=row.ended_by if row else "",
            answered=row.answered if row else 0,
            late_answers=attempt.late,
            corrected=result is not None and store.was_corrected(session, attempt.id),
            marking=any(not one.is_final for one in scored.values()),
            annulled=attempt.state is State.ANNULLED,
            counts=exam.policy.counts,
            tries=tuple(_try(exam, of_number[at], row.submitted_at, shown.get(at), counts=at == number) for at, row in handed_in.items()),
        )


def note_view(found: ResultSheet, now: datetime) -> None:
    """Keep when a person first read the points of her attempts: whoever decides on a packet asks whether that came before."""
    with transaction() as session:
        store.note_view(session, [one.attempt_id for one in found.tries if one.points is not None], now)


def note_reading(session: Session, evidence: Sequence[str], now: datetime) -> None:
    """Keep that she read them on her grade sheet."""
    store.note_view(session, [int(one.removeprefix(EVIDENCE)) for one in evidence if one.startswith(EVIDENCE)], now)


def _try(exam: Exam, attempt: Attempt, submitted_at: datetime, result: Result | None, *, counts: bool) -> Try:
    return Try(
        attempt_id=attempt.id,
        number=attempt.number,
        submitted_at=submitted_at,
        points=result.points if result else None,
        passed=rules.passed(result.points, exam.pass_points) if result else None,
        annulled=attempt.state is State.ANNULLED,
        counts=counts,
    )


def verify(session: Session, now: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every verifier
    """Recompute papers, answers and scores from their evidence and name each difference."""
    last = 0
    while batch := attempts.all_behind(session, last, VERIFY_BATCH):
        last = batch[-1].id
        ids = [attempt.id for attempt in batch]
        known = paper_store.by_ids(session, [attempt.paper_id for attempt in batch])
        changes, moved = responses.accepted_of(session, ids), attempts.adjustments_of(session, ids)
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
    for attempt, result in scored_anew(session, scored):
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
        evidence = [_evidence(other.id) for other in attempts.of_person(session, one.person_id, one.exam_id)]
        posted = platform.posted_scores(session, exams.by_id(session, one.exam_id).programme_code, {one.person_id: evidence}).get(one.person_id)
        if posted and posted[0] == _evidence(one.id):
            yield f"attempt {one.id} is annulled and its points stand on the grade sheet"


def _wrong_grades(session: Session, exam: Exam) -> Iterator[str]:
    last = 0
    while people := attempts.scored_people(session, exam.id, last, VERIFY_BATCH):
        last = people[-1]
        for person_id in _unposted(session, exam, people):
            # She may just be scored: only what differs while nobody else may is a difference.
            # In a transaction of its own, since a verification is long and whoever starts or marks must not wait for it.
            with transaction() as alone:
                attempts.one_at_a_time(alone, exam.id, person_id)
                due = _unposted(alone, exam, [person_id])
            for attempt_id, _result in due.values():
                yield f"attempt {attempt_id}: its points are not those on the grade sheet"


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


def post(session: Session, exam: Exam, person_id: int, attempt_id: int, result: Result, *, now: datetime) -> None:
    """Tell the platform of the attempt of one person that counts."""
    post_many(session, exam, {person_id: (attempt_id, result)}, now=now)


def post_many(
    session: Session, exam: Exam, due: Mapping[int, tuple[int, Result]], *, now: datetime, reason: str = CHANGED, actor_id: int | None = None
) -> dict[int, int]:
    """Tell the platform of the attempts that count, by person: the score to the grade sheet, the activity as done unless it was failed.

    A certificate follows a grade that falls, and one that rises again; `reason` and `actor_id` are written down with it. Returns who came to a
    certificate (1) or lost it (-1). Who has left the programme since is passed over; the result stays here.
    """
    postings = [platform.Posting(person, Score(result.points, result.of_points), _evidence(attempt)) for person, (attempt, result) in due.items()]
    posted = platform.post_results(
        session, postings, programme_code=exam.programme_code, component=exam.component, reason=reason, actor_id=actor_id, now=now
    )  # fmt: skip
    if exam.activity_id is not None:
        passed = {person: _evidence(due[person][0]) for person in posted if rules.passed(due[person][1].points, exam.pass_points) is not False}
        platform.activity_done_by(session, exam.activity_id, passed, now)
    return posted


def _evidence(attempt_id: int) -> str:
    return f"{EVIDENCE}{attempt_id}"
