"""Post a score, take it back, and follow with grade and certificate in the same transaction."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

VERIFY_BATCH = 500
HOLD_BATCH = 1_000

# Told by tools: where they keep that a learner has read the scores that rest on some evidence.
_readings: list[Callable[[Session, Sequence[str], datetime], None]] = []


def register_reading(keep: Callable[[Session, Sequence[str], datetime], None]) -> None:
    """Let a tool keep when a learner first read a score of its making on her sheets."""
    _readings.append(keep)


def hold(session: Session, enrolment_ids: Iterable[int], now: datetime) -> None:
    """Lock the grades of many in the order of their ids: who changes several does so before the first certificate locks the log of issues."""
    ids = sorted(set(enrolment_ids))
    for start in range(0, len(ids), HOLD_BATCH):
        store.lock_many(session, ids[start : start + HOLD_BATCH], now)


def hold_all(session: Session, programme_code: str, person_ids: Sequence[int], now: datetime) -> None:
    """Lock the grades of many people before they are posted to in several batches."""
    parts = (person_ids[start : start + HOLD_BATCH] for start in range(0, len(person_ids), HOLD_BATCH))
    hold(session, [one.id for part in parts for one in enrolment_store.of_people(session, part, programme_code).values()], now)


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


@dataclass(frozen=True, slots=True)
class Posting:
    """A person's score and what it rests on."""

    person_id: int
    score: Score
    evidence: str


def post_results(
    session: Session, postings: Sequence[Posting], *, programme_code: str, component: str, reason: str, actor_id: int | None, now: datetime
) -> dict[int, int]:
    """Write scores that may correct earlier ones, each person's one: a certificate goes with a grade that falls, with reason and actor.

    Returns by person whether she came to a certificate (1), lost it (-1) or neither; who does not take part is left out.
    """
    programme = programmes.programme(session, programme_code)
    rules.check_component(programme, component)
    meant = enrolment_store.of_people(session, [one.person_id for one in postings], programme_code)
    ids = [one.id for one in meant.values()]
    before = store.lock_many(session, ids, now)  # under the lock: of two corrections at once the second sees the first
    store.add_many(session, component, {meant[one.person_id].id: (one.score, one.evidence) for one in postings if one.person_id in meant}, now)
    lines, sums = store.lines_of(session, ids), progress_store.of_enrolments(session, ids)
    held = certificates.standing_among(session, ids)
    changed, turned = {}, []
    for enrolment in meant.values():
        asked, was = programme.asked_of(enrolment.participants), before[enrolment.id]
        grade = _graded(asked, lines[enrolment.id], sums[enrolment.id])
        if (grade.total, grade.qualified) != (was.total, was.qualified):
            changed[enrolment.id] = grade
        if grade.qualified != (enrolment.id in held):
            turned.append((enrolment, asked, was, grade))
    store.keep_many(session, changed, now)
    for enrolment, asked, was, grade in turned:
        if grade.qualified:
            certificates.issue_owed(session, enrolment, asked, now)
        else:
            certificates.settle(session, enrolment, was_qualified=was.qualified, reason=reason, actor_id=actor_id, now=now)
    after = certificates.standing_among(session, [enrolment.id for enrolment, *_rest in turned]) | (held - {enrolment.id for enrolment, *_rest in turned})
    return {person: (one.id in after) - (one.id in held) for person, one in meant.items()}


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


def posted_scores(session: Session, programme_code: str, evidence: Mapping[int, Collection[str]]) -> dict[int, tuple[str, int] | None]:
    """Return of each person evidence and points of the newest score that nobody took back, among those that rest on hers.

    Who does not take part is left out.
    """
    meant = enrolment_store.of_people(session, list(evidence), programme_code)
    lines = store.lines_of(session, [one.id for one in meant.values()])
    found = {}
    for person, enrolment in meant.items():
        resting = tuple(line for line in lines[enrolment.id] if line.evidence in evidence[person] or line.reverses_id is not None)
        newest = max(store.standing(resting).values(), key=lambda line: line.id, default=None)
        found[person] = None if newest is None else (newest.evidence, newest.score.points)
    return found


def take_back(
    session: Session, *, programme_code: str, evidence: Collection[str], reason: str, now: datetime, posted_by: int | None, settles: bool = False
) -> int:
    """Take back every score that rests on any of this evidence and was not taken back; returns how many.

    A certificate that was issued stands and who may revoke it is told, unless it is settled (`settles`): two people have decided already.
    """
    programme = programmes.programme(session, programme_code)
    found = store.by_evidence(session, evidence)
    hold(session, [enrolment_id for enrolment_id, _line in found], now)
    for enrolment_id, line in found:
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
    for enrolment_id in dict.fromkeys(enrolment_id for enrolment_id, _line in found):  # once all of hers is taken back
        enrolment = enrolment_store.one(session, enrolment_id)
        if enrolment is not None:
            was_qualified = store.lock(session, enrolment_id, now).qualified
            recalculate(session, enrolment, programme, now)
            if settles:
                certificates.settle(session, enrolment, was_qualified=was_qualified, reason=reason, actor_id=posted_by, now=now)
    return len(found)


def recalculate(session: Session, enrolment: Enrolment, programme: Programme, now: datetime) -> Grade:
    """Bring the kept grade to its evidence; the event that completes the last requirement issues the certificate, once."""
    programme = programme.asked_of(enrolment.participants)
    before = store.lock(session, enrolment.id, now)
    grade = of_enrolment(session, enrolment.id, programme)
    if (grade.total, grade.qualified) != (before.total, before.qualified):
        store.keep(session, enrolment.id, grade, now)
    if grade.qualified:
        certificates.issue_owed(session, enrolment, programme, now)
    return grade


def of_enrolment(session: Session, enrolment_id: int, programme: Programme) -> Grade:
    """Compute the grade from the lines and the hours; `programme` as it holds for this enrolment."""
    return _graded(programme, store.lines(session, enrolment_id), progress_store.of_enrolment(session, enrolment_id))


def _graded(programme: Programme, lines: tuple[GradeLine, ...], progress: Progress) -> Grade:
    return rules.grade(
        programme,
        {code: line.score for code, line in store.standing(lines).items()},
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


def note_reading(found: Iterable[Sheet], now: datetime) -> None:
    """Tell the tools that a learner has read her sheets."""
    evidence = [line.evidence for sheet in found for line in sheet.lines.values()]
    with transaction() as session:
        for keep in _readings if evidence else ():
            keep(session, evidence, now)


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
        asked_of, kept = programmes.asked_of_each(session, programme), store.every(session, version.code)
        for start in range(0, len(kept), VERIFY_BATCH):
            part = kept[start : start + VERIFY_BATCH]
            ids = [one.enrolment_id for one in part]
            lines, sums = store.lines_of(session, ids), progress_store.of_enrolments(session, ids)
            for one in part:
                told = _graded(asked_of(one.enrolment_id), lines[one.enrolment_id], sums[one.enrolment_id])
                if (told.total, told.qualified) != (one.total, one.qualified):
                    yield f"enrolment {one.enrolment_id}: grade kept as {one.total} ({one.qualified}), its evidence says {told.total} ({told.qualified})"
        for enrolment_id in certificates.holders(session, version.code):
            row = store.kept(session, enrolment_id)
            if row is None or not row.qualified:
                yield f"enrolment {enrolment_id}: holds a certificate without a pass"
