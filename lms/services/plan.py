"""A learner's plan: everything her pages say about where she stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from lms.domain import enrolment as enrolment_rules
from lms.domain import plan as rules
from lms.domain.activity import Activity, ActivityState
from lms.domain.enrolment import Enrolment, EnrolmentMissing
from lms.domain.exam_terms import held, next_of
from lms.domain.lesson import Lesson, LessonState
from lms.domain.plan import NextAction, Step
from lms.domain.programme import Programme
from lms.domain.window import Period
from lms.kernel.db import Session, reading
from lms.services import activity as activities
from lms.services import programme as programmes
from lms.services import progress as progresses
from lms.store import activity as activity_store
from lms.store import lesson as lesson_store
from lms.store import plan as store
from lms.store.progress import Progress

EXAM_KIND = "exam"


@dataclass(frozen=True, slots=True)
class Plan:
    """One learner in one programme, at one instant."""

    programme: Programme
    enrolment: Enrolment
    progress: Progress
    window: Period | None
    steps: tuple[Step, ...]
    action: NextAction
    missing: tuple[str, ...]
    next_lesson: tuple[Lesson, LessonState] | None
    exams: tuple[Activity, ...]
    exam_states: Mapping[int, ActivityState]
    exam: Activity | None  # of the exams hers: all that is said of the exam is said of this one
    standing: rules.Standing
    reminded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page needs: the plan in front, and the learner's other programmes."""

    plan: Plan | None
    others: tuple[tuple[str, str], ...]
    open_programmes: tuple[Programme, ...]


def home(person_id: int, now: datetime, programme_code: str | None = None) -> Home:
    """Return the plan of the programme asked for, else of the exam she sits, else of the newest enrolment; without one, what may be enrolled in."""
    with reading() as session:
        found = store.standings(session, person_id)
        if not found:
            everything = (programme for _, programme in programmes.programmes(session))
            return Home(plan=None, others=(), open_programmes=tuple(one for one in everything if now < one.enrolment.closes))
        chosen = next((one for one in found if one.enrolment.programme_code == programme_code), None) or _sitting(session, found, now) or found[0]
        others = tuple((one.enrolment.programme_code, programmes.parsed(session, one.version).title) for one in found if one is not chosen)
        return Home(plan=_plan(session, chosen, now), others=others, open_programmes=())


def plan(person_id: int, programme_code: str, now: datetime) -> Plan:
    """Return a learner's plan; to others it does not exist."""
    with reading() as session:
        found = next((one for one in store.standings(session, person_id) if one.enrolment.programme_code == programme_code), None)
        if found is None:
            raise EnrolmentMissing
        return _plan(session, found, now)


def _sitting(session: Session, found: Sequence[store.Standing], now: datetime) -> store.Standing | None:
    """Return the enrolment whose exam she sits; who has one only is not looked up."""
    if len(found) < 2:
        return None
    exams = [exam for one in found for exam in _exams(session, one.enrolment.programme_code)]
    states = activities.states(session, found[0].enrolment.person_id, exams, now)
    sat = {exam.programme_code for exam in exams if exam.id in states and states[exam.id].sits}
    return next((one for one in found if one.enrolment.programme_code in sat), None)


def _exams(session: Session, programme_code: str) -> tuple[Activity, ...]:
    return tuple(one for one in activity_store.outside_lessons(session, programme_code) if one.kind == EXAM_KIND)


def _hers(states: Iterable[ActivityState], now: datetime, *, failed: bool) -> ActivityState | None:
    """Return the exam of a programme that is hers: the one she sits, or has done with success; else the next she may still sit, else the last."""
    known = [one for one in states if one.terms]
    if sits := next((one for one in known if one.sits), None):
        return sits
    done = [one for one in known if one.done]
    left = [one for one in known if (_again_at(one, now) if failed else not one.done and not one.spent)]
    candidates = (left or done if failed else done or left) or known
    terms = next_of([one.terms for one in candidates if one.terms], now)
    return next((one for one in candidates if one.terms is terms), None)


def _again_at(one: ActivityState, now: datetime) -> datetime | None:
    """Return from when on she may sit an exam after she failed: the same once more, or another that she has not sat."""
    if one.again_at or one.done or one.spent or not one.terms or one.terms.closes <= now:
        return one.again_at
    return max(now, one.terms.opens)


def codes_of(person_id: int) -> tuple[str, ...]:
    """Return the programmes a person takes part in, the newest first."""
    with reading() as session:
        return tuple(one.enrolment.programme_code for one in store.standings(session, person_id))


def _plan(session: Session, found: store.Standing, now: datetime) -> Plan:
    programme = programmes.parsed(session, found.version).asked_of(found.enrolment.participants)
    person_id = found.enrolment.person_id
    window = enrolment_rules.earning_window(programme, found.enrolment.city, found.enrolment.personal_windows, now)
    lesson = lesson_store.next_lesson(session, person_id, programme.code)
    exams = _exams(session, programme.code)
    states = activities.states(session, person_id, exams, now)
    failed = found.total is not None and found.total < Fraction(programme.requirements.total)
    hers = _hers(states.values(), now, failed=failed)
    programme = held(programme, hers.terms if hers else None)
    standing = rules.Standing(
        online_complete=found.progress.online_complete,
        offline_complete=found.progress.offline_complete,
        window=window,
        has_lessons=lesson is not None,
        exam_done=hers is not None and hers.done,
        scored=found.marked,
        qualified=False if failed else None,
        certified=found.certified,
        revoked=found.issued and not found.certified,
        lapsed=found.certified and not found.qualified,
        pending=any(state.pending for state in states.values()),
        again_at=(_again_at(hers, now) if failed else hers.again_at) if hers else None,
        exam_spent=hers is not None and hers.spent,
        sits=hers is not None and hers.sits,
    )
    return Plan(
        programme=programme,
        enrolment=found.enrolment,
        progress=found.progress,
        window=window,
        steps=rules.steps(programme, standing, now),
        action=rules.next_action(programme, standing, now),
        missing=progresses.missing(programme, found.progress),
        next_lesson=lesson,
        exams=exams,
        exam_states=states,
        exam=next((one for one in exams if hers and one.id == hers.activity_id), None),
        standing=standing,
        reminded_at=found.reminded_at,
    )
