"""Which attempt of a person counts, and telling the platform: at the release, and whenever another counts."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from exam.domain import result as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.result import Result
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import regrade as regrades
from exam.store import result as store
from exam.store.attempt import Attempt
from lms import api as platform
from lms.domain.grade import Score
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import enqueue
from lms.kernel.refusal import N_, Refusal

logger = logging.getLogger(__name__)
POST_BATCH = 10  # so many people's starts and marks may wait for a post
EVIDENCE = "attempt:"  # before the number of the attempt that a score rests on
CHANGED = N_("计入成绩的作答有变化")


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
    for due in unposted(session, exam, [person_id]).values():
        try:
            with session.begin_nested():
                post(session, exam, person_id, *due, now=now)
        except Refusal as refusal:
            logger.error("posting_refused", extra={"attempt": due[0], "code": refusal.code})


def unposted(session: Session, exam: Exam, people: Sequence[int]) -> dict[int, tuple[int, Result]]:
    """Return the attempts that count, with their results, where the newest score on the grade sheet that rests on this exam is another."""
    theirs = attempts.of_people(session, people, exam.id)
    due = _counting_among(session, exam, theirs)
    rests_on = {person: [evidence(one.id) for one in theirs[person]] for person in due}
    posted = platform.posted_scores(session, exam.programme_code, rests_on)
    return {person: one for person, one in due.items() if person in posted and posted[person] != (evidence(one[0]), one[1].points)}


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
    postings = [platform.Posting(person, Score(result.points, result.of_points), evidence(attempt)) for person, (attempt, result) in due.items()]
    posted = platform.post_results(
        session, postings, programme_code=exam.programme_code, component=exam.component, reason=reason, actor_id=actor_id, now=now
    )  # fmt: skip
    if exam.activity_id is not None:
        passed = {person: evidence(due[person][0]) for person in posted if rules.passed(due[person][1].points, exam.pass_points) is not False}
        platform.activity_done_by(session, exam.activity_id, passed, now)
    return posted


def evidence(attempt_id: int) -> str:
    """Return what a score on the grade sheet says that it rests on."""
    return f"{EVIDENCE}{attempt_id}"
