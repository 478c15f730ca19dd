"""Post a score, take it back, and follow with grade and certificate in the same transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from lms.domain import grade as rules
from lms.domain.enrolment import Enrolment, EnrolmentMissing
from lms.domain.grade import Grade, Score
from lms.domain.programme import Programme
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.services import certificate as certificates
from lms.services import programme as programmes
from lms.services import progress as progresses
from lms.services import unit as units
from lms.store import enrolment as enrolment_store
from lms.store import grade as store
from lms.store import person as person_store
from lms.store import progress as progress_store
from lms.store.grade import GradeLine
from lms.store.progress import Progress


def post_score(
    session: Session,
    *,
    person_id: int,
    programme_code: str,
    component: str,
    points: int,
    of_points: int,
    evidence: str,
    now: datetime,
    posted_by: int | None = None,
) -> int:
    """Write a score of one component, in hundredths; the newest counts. Issues the certificate when nothing is missing any more."""
    enrolment = _enrolment(session, person_id, programme_code)
    store.lock(session, enrolment.id, now)
    return _write(session, enrolment, component, Score(points, of_points), evidence=evidence, posted_by=posted_by, now=now)


def post_result(
    session: Session,
    *,
    person_id: int,
    programme_code: str,
    component: str,
    points: int,
    of_points: int,
    evidence: str,
    reason: str,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Write a score that may correct an earlier one: a certificate goes with a grade that falls, with reason and actor."""
    enrolment = _enrolment(session, person_id, programme_code)
    was_qualified = store.lock(session, enrolment.id, now).qualified  # under the lock: of two corrections at once the second sees the first
    _write(session, enrolment, component, Score(points, of_points), evidence=evidence, posted_by=None, now=now)
    certificates.settle(session, enrolment, was_qualified=was_qualified, reason=reason, actor_id=actor_id, now=now)


def _enrolment(session: Session, person_id: int, programme_code: str) -> Enrolment:
    enrolment = next(iter(enrolment_store.of_person(session, person_id, programme_code)), None)
    if enrolment is None:
        raise EnrolmentMissing
    return enrolment


def _write(session: Session, enrolment: Enrolment, component: str, score: Score, *, evidence: str, posted_by: int | None, now: datetime) -> int:
    programme = programmes.programme(session, enrolment.programme_code)
    rules.check_component(programme, component)
    line = store.add(session, enrolment_id=enrolment.id, component=component, score=score, evidence=evidence, posted_by=posted_by, now=now)
    recalculate(session, enrolment, programme, now)
    return line


def posted_score(session: Session, *, person_id: int, programme_code: str, evidence: Collection[str]) -> tuple[str, int] | None:
    """Return evidence and points of the newest score that nobody took back, among those that rest on one of these; raises EnrolmentMissing."""
    found = store.lines(session, _enrolment(session, person_id, programme_code).id)
    standing = store.standing(tuple(line for line in found if line.evidence in evidence or line.reverses_id is not None))
    newest = max(standing.values(), key=lambda line: line.id, default=None)
    return None if newest is None else (newest.evidence, newest.score.points)


def take_back(session: Session, *, programme_code: str, evidence: str, reason: str, now: datetime, posted_by: int | None) -> int:
    """Take back every standing score with this evidence; returns how many. A certificate that was issued stands; who may revoke it is told."""
    programme = programmes.programme(session, programme_code)
    found = store.by_evidence(session, evidence)
    for enrolment_id, line in found:
        store.lock(session, enrolment_id, now)
        store.add(
            session,
            enrolment_id=enrolment_id,
            component=line.component,
            score=line.score,
            evidence=reason,
            posted_by=posted_by,
            now=now,
            reverses_id=line.id,
        )
        audit.record(session, actor_id=posted_by, action="grade.take_back", subject=f"enrolment:{enrolment_id}", now=now, line=line.id, reason=reason)
        enrolment = enrolment_store.one(session, enrolment_id)
        if enrolment is not None:
            recalculate(session, enrolment, programme, now)
    return len(found)


def recalculate(session: Session, enrolment: Enrolment, programme: Programme, now: datetime) -> Grade:
    """Bring the kept grade to its evidence; the event that completes the last requirement issues the certificate, once."""
    programme = programme.asked_of(enrolment.participants)
    before = store.lock(session, enrolment.id, now)
    grade = of_enrolment(session, enrolment.id, programme)
    if (grade.total, grade.qualified) != (before.total, before.qualified):
        store.keep(session, enrolment.id, grade, now)
    if grade.qualified:
        certificates.issue_due(session, enrolment, programme, now)
    return grade


def of_enrolment(session: Session, enrolment_id: int, programme: Programme) -> Grade:
    """Compute the grade from the lines and the hours; `programme` as it holds for this enrolment."""
    progress = progress_store.of_enrolment(session, enrolment_id)
    standing = store.standing(store.lines(session, enrolment_id))
    return rules.grade(
        programme,
        {code: line.score for code, line in standing.items()},
        online_complete=progress.online_complete,
        offline_complete=progress.offline_complete,
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A learner's grade sheet: the grade, and the line that counts for each component."""

    programme: Programme
    enrolment: Enrolment
    grade: Grade
    lines: Mapping[str, GradeLine]
    progress: Progress
    missing: tuple[str, ...]


def sheets(person_id: int) -> tuple[Sheet, ...]:
    """Return a learner's grade sheets, the newest enrolment first."""
    with transaction() as session:
        return tuple(_sheet(session, enrolment) for enrolment in enrolment_store.of_person(session, person_id))


def sheets_as(actor_id: int, person_id: int) -> tuple[str, tuple[Sheet, ...]]:
    """Return another's name and grade sheets to who answers for her; raises EnrolmentMissing outside the scope."""
    with transaction() as session:
        if not units.in_scope(session, actor_id, Permission.MANAGE_CLASS, person_id):
            raise EnrolmentMissing
        name = person_store.cards(session, [person_id])[person_id].name
    return name, sheets(person_id)


def _sheet(session: Session, enrolment: Enrolment) -> Sheet:
    programme = programmes.programme(session, enrolment.programme_code).asked_of(enrolment.participants)
    progress = progress_store.of_enrolment(session, enrolment.id)
    standing = store.standing(store.lines(session, enrolment.id))
    grade = of_enrolment(session, enrolment.id, programme)
    missing = list(progresses.missing(programme, progress))
    missing += [_("“%(title)s”还没有成绩", title=one.title) for one in programme.assessment.components if one.code not in standing]
    if grade.total is not None and grade.total < Fraction(str(programme.requirements.total)):
        missing.append(_("总评未达到 %(points)s 分", points=programme.requirements.total))
    return Sheet(programme, enrolment, grade, standing, progress, tuple(missing))


def verify(session: Session, now: datetime) -> Iterable[str]:  # noqa: ARG001 - every verifier is called alike
    """Recompute every kept grade; name certificates without a pass."""
    for version, programme in programmes.programmes(session):
        asked_of = programmes.asked_of_each(session, programme)
        for kept in store.every(session, version.code):
            told = of_enrolment(session, kept.enrolment_id, asked_of(kept.enrolment_id))
            if (told.total, told.qualified) != (kept.total, kept.qualified):
                yield f"enrolment {kept.enrolment_id}: grade kept as {kept.total} ({kept.qualified}), its evidence says {told.total} ({told.qualified})"
        for enrolment_id in certificates.holders(session, version.code):
            row = store.kept(session, enrolment_id)
            if row is None or not row.qualified:
                yield f"enrolment {enrolment_id}: holds a certificate without a pass"
