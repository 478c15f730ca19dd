"""The control room: what happens in an exam, seen by those who may, as far as their scope reaches."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exam.domain.exam import Exam
from exam.domain.identity import person_of
from exam.domain.invigilation import Counts, Latency, Snapshot, rolled_up
from exam.services.attempt import AttemptMissing
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import incident as incidents
from exam.store import invigilation as store
from exam.store import paper as papers
from exam.store.attempt import Attempt
from exam.store.incident import Incident
from exam.store.invigilation import LearnerNow
from lms import api as platform
from lms.api import Place
from lms.domain.person import PersonCard
from lms.domain.unit import Unit
from lms.kernel.db import Session, reading
from lms.kernel.permissions import Permission

KEEP = timedelta(seconds=4)  # all who watch an exam in this process share one look at it
PAGE = 50

_kept: dict[int, Snapshot] = {}
_looking = threading.Lock()


@dataclass(frozen=True, slots=True)
class Room:
    """One exam at one place of the tree: the whole, and the units below."""

    exam: Exam
    place: Place
    at: datetime
    total: Counts
    units: tuple[tuple[Unit, Counts], ...]
    latency: Latency | None
    beyond: Mapping[str, int]  # further papers that go beyond a rule, by its name in fairness.BEYOND


@dataclass(frozen=True, slots=True)
class Watched:
    """One attempt as an invigilator may see it."""

    exam: Exam
    attempt: Attempt
    person: PersonCard


def forget() -> None:
    """Forget the kept looks."""
    _kept.clear()


def watched_exams(now: datetime) -> Sequence[Exam]:
    """Return the exams: running ones first, then those to come, then the past."""
    with reading() as session:
        return sorted(exams.all_of(session), key=lambda one: (one.closes <= now, one.opens > now, one.opens))


def room(actor_id: int, code: str, unit_id: int | None, now: datetime) -> Room:
    """Return what happens in an exam at a place of one's scope."""
    with reading() as session:
        exam = found(session, code)
        place = platform.unit_place(session, actor_id, Permission.INVIGILATE, unit_id)
        seen = _snapshot(session, exam, now)
    total = sum((seen.of(path) for path in place.paths), Counts())
    units = tuple((unit, counts) for unit in place.below if (counts := seen.of(unit.path)).enrolled)
    return Room(exam, place, seen.at, total, units, seen.latency, seen.beyond)


def _snapshot(session: Session, exam: Exam, now: datetime) -> Snapshot:
    """Look at an exam at most once in a few seconds; who comes meanwhile gets the last look."""
    kept = _kept.get(exam.id)
    if kept is not None and abs(now - kept.at) < KEEP:
        return kept
    if kept is not None and _looking.locked():
        return kept
    with _looking:
        kept = _kept.get(exam.id)
        if kept is None or abs(now - kept.at) >= KEEP:
            counts, latency = rolled_up(store.counts(session, exam, now)), store.latency(session, now)
            kept = _kept[exam.id] = Snapshot(now, counts, latency, papers.beyond(session, exam.id))
    return kept


def sittings(actor_id: int, code: str, unit_id: int | None, now: datetime, *, shown: str, words: str, after: int) -> tuple[Exam, Place, list[LearnerNow]]:
    """Return one page (and one more) of the learners at a place."""
    with reading() as session:
        exam = found(session, code)
        place = platform.unit_place(session, actor_id, Permission.INVIGILATE, unit_id)
        screen = person_of(words)
        lines = store.sittings(session, exam, now, paths=place.paths, shown=shown, words=words.strip(), screen=screen, after=after, most=PAGE + 1)
        return exam, place, lines


def watched(session: Session, actor_id: int | None, attempt_id: int, *, alone: bool = False) -> Watched:
    """Return an attempt of somebody in one's scope (None, at the console: of all), locked, with `alone` against her starts and scoring, too.

    Another is missing, and nothing waits for it.
    """
    known = attempts.find(session, attempt_id)
    if known is None or not (actor_id is None or platform.in_scope(session, actor_id, Permission.INVIGILATE, known.person_id)):
        raise AttemptMissing
    attempt = (attempts.lock_alone if alone else attempts.lock)(session, attempt_id)
    assert attempt is not None
    return Watched(exams.by_id(session, attempt.exam_id), attempt, platform.people(session, [attempt.person_id])[attempt.person_id])


def incident_log(actor_id: int, code: str, most: int | None = None) -> tuple[Exam, list[Incident]]:
    """Return the lines of an exam's log that concern one's scope, the newest first, all or so many."""
    with reading() as session:
        exam = found(session, code)
        scope = platform.scope_of(session, actor_id, Permission.INVIGILATE)
        return exam, incidents.of_exam(session, exam.id, scope, most)
