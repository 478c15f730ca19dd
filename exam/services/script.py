"""Scripts: which responses of an attempt people have to mark, and whose somebody may take."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from exam.domain import marking as rules
from exam.domain.exam import Exam
from exam.domain.paper import Paper
from exam.services import paper as papers
from exam.store import exam as exams
from exam.store import marking as store
from exam.store import paper as paper_store
from exam.store.attempt import Attempt
from exam.store.marking import Await, Reach
from lms import api as platform
from lms.kernel.db import Session
from lms.kernel.permissions import Permission


def collect(session: Session, ended: Sequence[Attempt], now: datetime) -> None:
    """Put what people have to mark of ended attempts among what waits; what was written anew since is marked anew, what was cleared no more."""
    known = paper_store.by_ids(session, [attempt.paper_id for attempt in ended])
    of_id = {exam_id: exams.by_id(session, exam_id) for exam_id in {attempt.exam_id for attempt in ended}}
    written = [one for attempt in ended if attempt.paper_id in known for one in _written(session, of_id[attempt.exam_id], attempt, *known[attempt.paper_id])]
    store.await_marks(session, written, now)
    store.clear(session, [attempt.id for attempt in ended])


def reach(session: Session, person_id: int) -> Reach:
    """Return whose scripts a person may take."""
    return Reach(person_id, platform.scope_of(session, person_id, Permission.MARK), platform.school_path(session, person_id))


def _written(session: Session, exam: Exam, attempt: Attempt, assembly_id: int, paper: Paper) -> Iterator[Await]:
    known = papers.places(session, assembly_id)
    for index, version in enumerate(paper.version_ids):
        answer = attempt.answers.get(index + 1)
        if known[version].type.marked_by_people and answer and any(text.strip() for text in answer.texts):
            worth = papers.position_points(session, exam.id, assembly_id)[index]
            wanted = rules.wanted_marks(exam.code, attempt.id, index + 1, exam.policy)
            yield Await(exam.id, attempt.id, index + 1, version, answer.revision, worth, wanted)
