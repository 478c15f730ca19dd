"""How the marking of an exam goes, for those who manage it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import marking as rules
from exam.domain.exam import Exam
from exam.domain.marking import Mark
from exam.services import script as scripts
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import backlog as store
from exam.store import exam as exams
from exam.store import marking
from exam.store.backlog import Backlog, Load
from exam.store.marking import ScriptRow
from lms import api as platform
from lms.kernel.db import Session, transaction

SHOWN, BATCH = 20, 500


@dataclass(frozen=True, slots=True)
class Overview:
    """How an exam's marking goes; `disputed` could be decided by whoever asks."""

    exam: Exam
    backlog: Backlog
    loads: Sequence[Load]
    names: Mapping[int, str]
    disputed: Sequence[tuple[ScriptRow, Sequence[Mark]]]


def overview(exam_code: str, person_id: int, now: datetime) -> Overview:
    """Return how the marking of an exam goes."""
    with transaction() as session:
        exam = found(session, exam_code)
        loads = store.loads(session, exam.id, now)
        cards = platform.people(session, [one.examiner_id for one in loads])
        disputed = marking.takeable(session, exam.id, scripts.reach(session, person_id), now, SHOWN)
        names = {person: f"{card.name}（{card.unit_name}）" for person, card in cards.items()}
        return Overview(exam, store.of_exam(session, exam.id, now), loads, names, [(row, marking.marks(session, row)) for row in disputed])


def of_account(exam_code: str, account: str) -> list[ScriptRow]:
    """Return the scripts of a person in an exam, for whoever decides on her appeal."""
    with transaction() as session:
        mine = attempts.of_person(session, platform.id_of_account(session, account), found(session, exam_code).id)
        return marking.of_attempts(session, [one.id for one in mine])


def verify(session: Session, now: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every verifier
    """Fold the marks of every settled script anew and name each whose points are others."""
    last, policies = 0, {exam.id: exam.policy for exam in exams.all_of(session)}
    while batch := store.settled(session, last, BATCH):
        last = batch[-1].id
        for row in batch:
            due = rules.standing(marking.marks(session, row), row.wanted, row.worth, policies[row.exam_id]).points
            if list(due or ()) != row.points:
                yield f"script {row.id}: its points are not what its marks add up to"
