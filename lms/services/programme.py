"""Programmes: answer for the versions in force."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from lms.domain import programme as rules
from lms.domain.programme import Programme
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Missing
from lms.store import enrolment as enrolment_store
from lms.store import programme as store
from lms.store.programme import ProgrammeVersion


class ProgrammeMissing(Missing):
    """No programme of this code has been loaded."""

    code = "programme_missing"
    message = N_("没有找到这个培训项目。")


# Parsed texts by digest: a version never changes, so nothing here grows stale; the oldest leaves first.
_PARSED: OrderedDict[str, Programme] = OrderedDict()
_KEPT = 16


def programme(session: Session, code: str) -> Programme:
    """Return the programme in force; its text is read once per process."""
    return in_force(session, code)[1]


def in_force(session: Session, code: str) -> tuple[ProgrammeVersion, Programme]:
    """Return the programme in force and which version it is."""
    version = store.newest(session, code)
    if version is None:
        raise ProgrammeMissing
    return version, parsed(session, version)


def versions(session: Session, code: str) -> tuple[Programme, ...]:
    """Return every version of a programme, the oldest first."""
    return tuple(parsed(session, version) for version in store.all_of(session, code))


def parsed(session: Session, version: ProgrammeVersion) -> Programme:
    """Return a version as a programme."""
    found = _PARSED.get(version.digest)
    if found is None:
        found = rules.parse(store.text_of(session, version.id))
        _PARSED[version.digest] = found
        while len(_PARSED) > _KEPT:
            _PARSED.popitem(last=False)
    return found


def asked_of(session: Session, programme: Programme, enrolment_id: int) -> Programme:
    """Return the programme as it holds for one enrolment."""
    if not any(one.asked for one in programme.participants):
        return programme
    return programme.asked_of(enrolment_store.participants(session, enrolment_id))


def asked_of_each(session: Session, programme: Programme) -> Callable[[int], Programme]:
    """Return how the programme holds for each enrolment; one query for all of them, none where all are alike."""
    if not any(one.asked for one in programme.participants):
        return lambda _enrolment_id: programme
    kinds = enrolment_store.participants_in(session, programme.code)
    return lambda enrolment_id: programme.asked_of(kinds[enrolment_id])


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


def by_code(session: Session) -> dict[str, Programme]:
    """Return every programme in force by its code."""
    return {version.code: programme for version, programme in programmes(session)}


def everything(session: Session) -> tuple[Programme, ...]:
    """Return every programme in force, without its version."""
    return tuple(programme for _version, programme in programmes(session))
