"""Enrolment: take part, get another window, and what tools may know of it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain import enrolment as rules
from lms.domain import hours as hours_rules
from lms.domain.activity import LearningRules
from lms.domain.enrolment import Enrollable, Enrolment, EnrolmentFacts
from lms.domain.hours import NOTHING
from lms.domain.programme import Programme
from lms.domain.unit import Unit, lies_in
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Missing, Refusal
from lms.services import programme as programmes
from lms.services import progress
from lms.services import unit as units
from lms.store import enrolment as store
from lms.store import person as person_store
from lms.store import plan as plan_store
from lms.store import progress as progress_store
from lms.store import unit as unit_store


def enrol(
    session: Session,
    *,
    person_id: int,
    programme_code: str,
    participants: tuple[str, ...],
    unit_id: int,
    now: datetime,
    enrolled_by: int | None = None,
    city: str | None = None,
    sector: str | None = None,
) -> int:
    """Enrol a person inside the enrolment period while her city has a seat; city and sector follow from her school unless stated."""
    version, programme = programmes.in_force(session, programme_code)
    asked = programme.asked_of(participants).hours
    if store.of_person(session, person_id, programme_code):
        raise rules.AlreadyEnrolled
    if city is None or sector is None:
        found = _place(session, programme, unit_id)
        city, sector = city or found[0], sector or found[1]
    taken = store.lock_seats(session, programme_code, city, sector)
    rules.may_enrol(programme, participants=participants, city=city, sector=sector, taken=taken, now=now)
    enrolment_id = store.add(
        session,
        person_id=person_id,
        programme_code=programme_code,
        programme_version_id=version.id,
        city=city,
        sector=sector,
        participants=participants,
        unit_id=unit_id,
        enrolled_by=enrolled_by,
        now=now,
    )
    progress_store.begin(
        session,
        enrolment_id,
        online_complete=hours_rules.online_complete(asked, NOTHING),
        offline_complete=hours_rules.offline_complete(asked, NOTHING),
        now=now,
    )
    audit.record(
        session,
        actor_id=enrolled_by or person_id,
        action="enrolment.enrol",
        subject=f"enrolment:{enrolment_id}",
        now=now,
        programme=programme_code,
        city=city,
        sector=sector,
    )
    return enrolment_id


def enrol_many(session: Session, people: Sequence[tuple[int, int]], *, programme_code: str, participants: tuple[str, ...], now: datetime) -> list[int]:
    """Enrol many at once, each pair a person and her school, by the rules of `enrol`; one who may not be enrolled stops all."""
    version, programme = programmes.in_force(session, programme_code)
    asked = programme.asked_of(participants).hours
    places = {unit_id: _place(session, programme, unit_id) for unit_id in sorted({unit_id for _person_id, unit_id in people})}
    for (city, sector), wanted in sorted(Counter(places[unit_id] for _person_id, unit_id in people).items()):
        taken = store.lock_seats(session, programme_code, city, sector) + wanted - 1
        rules.may_enrol(programme, participants=participants, city=city, sector=sector, taken=taken, now=now)
    ids = store.add_many(
        session,
        [(person_id, unit_id, *places[unit_id]) for person_id, unit_id in people],
        programme_code=programme_code,
        programme_version_id=version.id,
        participants=participants,
        now=now,
    )
    progress_store.begin_many(
        session,
        ids,
        online_complete=hours_rules.online_complete(asked, NOTHING),
        offline_complete=hours_rules.offline_complete(asked, NOTHING),
        now=now,
    )
    subject = f"programme:{programme_code}"
    audit.record(session, actor_id=None, action="enrolment.enrol_many", subject=subject, now=now, programme=programme_code, people=len(ids))
    return ids


def enrol_oneself(*, person_id: int, programme_code: str, participants: tuple[str, ...], now: datetime) -> int:
    """Enrol where the programme lets learners do it themselves."""
    with transaction() as session:
        if programmes.programme(session, programme_code).enrolment.by != "learner":
            raise rules.EnrolledBySchool
        person = person_store.person_of(session, person_id)
        if person is None:
            raise rules.EnrolmentMissing
        return enrol(session, person_id=person_id, programme_code=programme_code, participants=participants, unit_id=person.unit_id, now=now)


PAGE = 100


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """One page of the teachers of a unit that may still be enrolled in a programme; `more` follow."""

    programme: Programme
    unit: Unit
    people: tuple[Enrollable, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class EnrolledPeople:
    """How many were enrolled, and who was not, with the reason."""

    done: int
    refused: tuple[tuple[Enrollable, Refusal], ...]


def open_for_schools(now: datetime) -> tuple[Programme, ...]:
    """Return the programmes in which schools or counties may enrol their teachers now."""
    with transaction() as session:
        return tuple(one for _, one in programmes.programmes(session) if one.enrolment.by != "learner" and one.enrolment.contains(now))


def enrollable(actor_id: int, unit_id: int, programme_code: str, *, words: str = "", after: int | None = None) -> EnrolmentView:
    """Return the teachers of a unit of the actor's who do not take part yet; a unit outside is missing."""
    with transaction() as session:
        programme, unit = _own_unit(session, actor_id, unit_id, programme_code)
        found = store.enrollable(session, programme_code, (unit.path,), PAGE + 1, words=words, after=after)
        return EnrolmentView(programme, unit, found[:PAGE], len(found) > PAGE)


def enrol_people(
    actor_id: int, unit_id: int, programme_code: str, *, person_ids: Collection[int], participants: tuple[str, ...], now: datetime
) -> EnrolledPeople:
    """Enrol teachers of one's unit; who cannot be enrolled is named with the reason and holds up nobody else."""
    with transaction() as session:
        _programme, unit = _own_unit(session, actor_id, unit_id, programme_code)
        chosen = store.enrollable(session, programme_code, (unit.path,), len(person_ids), ids=person_ids)
        refused: list[tuple[Enrollable, Refusal]] = []
        for one in chosen:
            try:
                enrol(
                    session, person_id=one.person_id, programme_code=programme_code, participants=participants, unit_id=one.unit_id, now=now,
                    enrolled_by=actor_id,
                )  # fmt: skip
            except Refusal as refusal:
                refused.append((one, refusal))
        return EnrolledPeople(len(chosen) - len(refused), tuple(refused))


def _own_unit(session: Session, actor_id: int, unit_id: int, programme_code: str) -> tuple[Programme, Unit]:
    programme = programmes.programme(session, programme_code)
    if programme.enrolment.by == "learner":
        raise rules.EnrolledByLearner
    unit = unit_store.unit_of(session, unit_id)
    if unit is None or not lies_in(unit.path, units.scope_of(session, actor_id, Permission.MANAGE_CLASS)):
        raise Missing
    return programme, unit


def takes_part(person_id: int, programme_code: str) -> bool:
    """Tell whether a person is enrolled."""
    with transaction() as session:
        return bool(store.of_person(session, person_id, programme_code))


def grant_personal_window(
    session: Session, *, enrolment_id: int, opens: datetime, closes: datetime, reason: str, granted_by: int | None, now: datetime
) -> None:
    """Give a learner another window beside her city's; audited."""
    if closes <= opens:
        raise rules.WindowReversed
    store.grant_window(session, enrolment_id=enrolment_id, opens=opens, closes=closes, reason=reason, granted_by=granted_by, now=now)
    audit.record(
        session,
        actor_id=granted_by,
        action="enrolment.grant_window",
        subject=f"enrolment:{enrolment_id}",
        now=now,
        opens=opens.isoformat(),
        closes=closes.isoformat(),
        reason=reason,
    )


def of_person(session: Session, person_id: int, programme_code: str) -> Enrolment | None:
    """Return a person's enrolment in a programme."""
    found = store.of_person(session, person_id, programme_code)
    return found[0] if found else None


def facts(session: Session, person_id: int, programme_code: str) -> EnrolmentFacts | None:
    """Return what tools may know of a person's enrolment."""
    found = plan_store.learning(session, person_id, programme_code)
    if found is None:
        return None
    missing = progress.missing(programmes.parsed(session, found.version).asked_of(found.participants), found.progress)
    return EnrolmentFacts(
        id=found.enrolment_id,
        person_id=person_id,
        programme_code=programme_code,
        city=found.city,
        unit_id=found.unit_id,
        learning_complete=not missing,
        missing=missing,
    )


def seats(session: Session, programme_code: str) -> dict[int, tuple[str, str]]:
    """Return the city and the sector of everybody in a programme, by person."""
    return store.seats(session, programme_code)


def rules_for(session: Session, person_id: int, programme_code: str, now: datetime | None = None) -> LearningRules | None:
    """Return what holds for a learner in a programme; with personal windows, the one that matters at `now`."""
    enrolment = of_person(session, person_id, programme_code)
    if enrolment is None:
        return None
    return learning_rules(programmes.programme(session, programme_code), enrolment, now)


def learning_rules(programme: Programme, enrolment: Enrolment, now: datetime | None) -> LearningRules:
    """Gather what holds for one enrolment; without an instant, the window that closes last."""
    window = rules.earning_window(programme, enrolment.city, enrolment.personal_windows, now)
    hours, quiz = programme.hours, programme.quiz
    return LearningRules(
        enrolment_id=enrolment.id,
        programme_code=programme.code,
        opens=window.opens if window else None,
        closes=window.closes if window else None,
        rate=hours.rate,
        watched_ratio=hours.watched_ratio,
        presence_minutes=(hours.presence.from_minutes, hours.presence.to_minutes) if hours.presence else None,
        quiz_items=quiz.items if quiz else 0,
        quiz_pass_percent=quiz.pass_percent if quiz else 0,
        quiz_tries=quiz.tries or None if quiz else None,
        quiz_asked=hours.quiz_required,
        quiz_after_watching=quiz is not None and quiz.after_watching,
    )


def _place(session: Session, programme: Programme, unit_id: int) -> tuple[str, str]:
    """Tell city and sector from the school: the ancestor that has a quota, the sector whose words stand in its name."""
    unit = unit_store.unit_of(session, unit_id)
    if unit is None:
        raise rules.NoSeats
    with_seats = {row.code for row in programme.quotas.cities}
    line: list[Unit] = [*unit_store.ancestors(session, unit), unit]
    city = next((one.code for one in line if one.code in with_seats), None)
    if city is None:
        raise rules.NoSeats
    return city, rules.sector_of(programme, unit.name)
