"""Programmes: load a file, keep its versions, answer for the one in force."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lms.domain import hours as hours_rules
from lms.domain import programme as rules
from lms.domain.programme import Change, Programme
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Missing
from lms.store import enrolment as enrolment_store
from lms.store import lesson as lesson_store
from lms.store import programme as store
from lms.store import progress as progress_store
from lms.store.programme import ProgrammeVersion


class ProgrammeMissing(Missing):
    """No programme of this code has been loaded."""

    code = "programme_missing"
    message = N_("没有找到这个培训项目。")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a file did: the version now in force, what changed, and how many people of which cities it touches."""

    version: ProgrammeVersion
    is_new: bool
    changes: tuple[Change, ...]
    touched: dict[str, int]


# Parsed texts by digest: a version never changes, so nothing here grows stale; the oldest leaves first.
_PARSED: OrderedDict[str, Programme] = OrderedDict()
_KEPT = 16


def check(text: str, *, with_courses: bool) -> tuple[rules.Fault, ...]:
    """List every fault of a file; with courses, also hours that the published courses do not hold."""
    if not with_courses:
        return rules.check(text)
    try:
        code = rules.parse(text).code
    except rules.FaultyProgrammeError as error:
        return error.faults
    with transaction() as session:
        minutes = Decimal(lesson_store.published_seconds(session, code)) / 60
    return rules.check(text, course_minutes=minutes)


def load(text: str, *, now: datetime, actor_id: int | None = None) -> Loaded:
    """Make a file the newest version of its programme; the same text again changes nothing."""
    new = rules.parse(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction() as session:
        store.lock(session, new.code)
        last = store.newest(session, new.code)
        if last is not None and last.digest == digest:
            return Loaded(version=last, is_new=False, changes=(), touched={})
        number = last.number + 1 if last else 1
        version_id = store.add(session, code=new.code, number=number, digest=digest, text=text, now=now)
        audit.record(session, actor_id=actor_id, action="programme.load", subject=f"programme:{new.code}", now=now, number=number, digest=digest)
        _recount(session, new)
        return Loaded(
            version=ProgrammeVersion(id=version_id, code=new.code, number=number, digest=digest, loaded_at=now),
            is_new=True,
            changes=tuple(rules.difference(parsed(session, last), new)) if last else (),
            touched=enrolment_store.count_by_city(session, new.code),
        )


def _recount(session: Session, programme: Programme) -> None:
    """Tell anew, for everyone, whether the hours asked are there; what was earned keeps its worth."""
    for row in progress_store.of_programme(session, programme.code):
        online = hours_rules.online_complete(programme.hours, row.online)
        offline = hours_rules.offline_complete(programme.hours, row.offline)
        if (online, offline) != (row.online_complete, row.offline_complete):
            progress_store.mark(session, row.enrolment_id, online_complete=online, offline_complete=offline)


def compare(text: str) -> tuple[Change, ...]:
    """List what a file would change in the version in force."""
    new = rules.parse(text)
    with transaction() as session:
        return tuple(rules.difference(programme(session, new.code), new))


def programme(session: Session, code: str) -> Programme:
    """Return the programme in force; its text is read once per process."""
    return in_force(session, code)[1]


def in_force(session: Session, code: str) -> tuple[ProgrammeVersion, Programme]:
    """Return the programme in force and which version it is."""
    version = store.newest(session, code)
    if version is None:
        raise ProgrammeMissing
    return version, parsed(session, version)


def parsed(session: Session, version: ProgrammeVersion) -> Programme:
    """Return a version as a programme."""
    found = _PARSED.get(version.digest)
    if found is None:
        found = rules.parse(store.text_of(session, version.id))
        _PARSED[version.digest] = found
        while len(_PARSED) > _KEPT:
            _PARSED.popitem(last=False)
    return found


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme in force with its version."""

    version: ProgrammeVersion
    programme: Programme


def view(code: str) -> ProgrammeView:
    """Return a programme in force."""
    with transaction() as session:
        return ProgrammeView(*in_force(session, code))


def views() -> tuple[ProgrammeView, ...]:
    """Return every programme in force."""
    with transaction() as session:
        return tuple(ProgrammeView(*one) for one in programmes(session))


def programmes(session: Session) -> tuple[tuple[ProgrammeVersion, Programme], ...]:
    """Return every programme in force."""
    return tuple((version, parsed(session, version)) for version in store.newest_of_all(session))
