"""Versions of a programme: check a file, compare it with the one in force, load it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lms.domain import hours as hours_rules
from lms.domain import programme as rules
from lms.domain.programme import Change, Programme
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.services import grade as grades
from lms.services import hours
from lms.services import lesson as lessons
from lms.services import programme as programmes
from lms.store import enrolment as enrolment_store
from lms.store import lesson as lesson_store
from lms.store import programme as store
from lms.store import progress as progress_store
from lms.store.programme import ProgrammeVersion
from lms.store.progress import Progress


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a file did: the version now in force, what changed, and how many people of which cities it touches."""

    version: ProgrammeVersion
    is_new: bool
    changes: tuple[Change, ...]
    touched: dict[str, int]


def check(text: str, *, with_courses: bool) -> tuple[rules.Fault, ...]:
    """List every fault of a file; with courses, also hours that the published courses do not hold, and lessons that lack the quiz they ask for."""
    if not with_courses:
        return rules.check(text)
    try:
        code = rules.parse(text).code
    except rules.FaultyProgrammeError as error:
        return error.faults
    with transaction() as session:
        minutes = Decimal(lesson_store.published_seconds(session, code)) / 60
        quizless = tuple(one.title for one in lessons.lacking_quiz(session, code))
    return rules.check(text, course_minutes=minutes, quizless=quizless)


def load(text: str, *, now: datetime, actor_id: int | None = None) -> Loaded:
    """Make a file the newest version of its programme; the same text again changes nothing."""
    with transaction() as session:
        return load_in(session, text, now=now, actor_id=actor_id)


def load_in(session: Session, text: str, *, now: datetime, actor_id: int | None) -> Loaded:
    """Do the same inside a greater change."""
    new = rules.parse(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    store.lock(session, new.code)
    last = store.newest(session, new.code)
    if last is not None and last.digest == digest:
        return Loaded(version=last, is_new=False, changes=(), touched={})
    number = last.number + 1 if last else 1
    version_id = store.add(session, code=new.code, number=number, digest=digest, text=text, now=now)
    audit.record(session, actor_id=actor_id, action="programme.load", subject=f"programme:{new.code}", now=now, number=number, digest=digest)
    waiting = {} if new.hours.quiz_required else lessons.hold_waiting(session, lesson_store.watched_in(session, new.code), now)
    _recount(session, new, lessons.enrolled(session, new.code, waiting), now)
    lessons.credit(session, waiting, evidence=f"programme:{new.code}/{number} without quiz", now=now)
    return Loaded(
        version=ProgrammeVersion(id=version_id, code=new.code, number=number, digest=digest, loaded_at=now),
        is_new=True,
        changes=tuple(rules.difference(programmes.parsed(session, last), new)) if last else (),
        touched=enrolment_store.count_by_city(session, new.code),
    )


def compare(text: str) -> tuple[Change, ...]:
    """List what a file would change in the version in force."""
    new = rules.parse(text)
    with transaction() as session:
        return tuple(rules.difference(programmes.programme(session, new.code), new))


def _recount(session: Session, programme: Programme, also_held: Sequence[int], now: datetime) -> None:
    """Tell anew, for everyone, whether the hours asked are there; what was earned keeps its worth. Locks whom it changes, and others with them."""
    asked_of = programmes.asked_of_each(session, programme)

    def told(row: Progress) -> tuple[bool, bool]:
        asked = asked_of(row.enrolment_id).hours
        return hours_rules.online_complete(asked, row.online), hours_rules.offline_complete(asked, row.offline)

    def turned() -> list[Progress]:
        return [row for row in progress_store.of_programme(session, programme.code) if told(row) != (row.online_complete, row.offline_complete)]

    held: set[int] = set()
    wanted = {*also_held, *(row.enrolment_id for row in turned())}
    while wanted - held:  # until nobody has turned meanwhile, by a lesson that was completed while we waited
        hours.hold_sums(session, wanted - held)
        held |= wanted
        wanted = {row.enrolment_id for row in turned()}
    grades.hold(session, held, now)
    for row in turned():
        online, offline = told(row)
        progress_store.mark(session, row.enrolment_id, online_complete=online, offline_complete=offline)
        enrolment = enrolment_store.one(session, row.enrolment_id)
        if enrolment is not None:
            grades.recalculate(session, enrolment, programme, now)
