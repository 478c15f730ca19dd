"""Marking by people: take a script, keep a draft, hand in, take back; decide on what is disputed; see how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import marking as rules
from exam.domain.attempt import State
from exam.domain.exam import Exam
from exam.domain.marking import LeaseLost, Mark, MarkFinal, NobodyDecides, NotSettled, ScriptState
from exam.services import paper as papers
from exam.services import scoring
from exam.services import script as scripts
from exam.services.exam import found, may_still_sit, require_outsider
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import marking as store
from exam.store import paper as paper_store
from exam.store import result as result_store
from exam.store.attempt import Attempt
from exam.store.marking import MarkRow, Reach, ScriptRow
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Forbidden, Missing
from question_bank import api as bank
from question_bank.domain.exchange import Picture
from question_bank.domain.item import Criterion, ItemContent

LATELY, COUNTED = 5, 500


@dataclass(frozen=True, slots=True)
class Desk:
    """One exam as an examiner sees it: what waits for her (counted up to COUNTED), what she holds, what she gave lately.

    `barred`: nothing waits for her, since she may still sit the exam herself.
    """

    exam: Exam
    waiting: int
    since: datetime | None
    held: int | None
    lately: tuple[tuple[ScriptRow, MarkRow], ...]
    barred: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One response before its examiner, who learns nothing of its writer; `others`: the marks before, for who decides."""

    id: int
    exam: Exam
    content: ItemContent
    text: str
    model_html: str
    criteria: tuple[Criterion, ...]
    worth: int
    draft: MarkRow
    leased_until: datetime
    others: tuple[Mark, ...]


def desks(person_id: int, now: datetime) -> list[Desk]:
    """Return the exams with something to mark."""
    with transaction() as session:
        reach = scripts.reach(session, person_id)
        return [_desk(session, exams.by_id(session, exam_id), reach, now) for exam_id in store.exams_with_scripts(session)]


def _desk(session: Session, exam: Exam, reach: Reach, now: datetime) -> Desk:
    waiting, since = store.reachable(session, exam.id, reach, ScriptState.WAITING, now=now, most=COUNTED)
    held = store.held_by(session, exam.id, reach.person_id)
    lately = tuple(store.marked_by(session, exam.id, reach.person_id, LATELY))
    if (waiting or held) and may_still_sit(session, exam, reach.person_id, now):
        return Desk(exam, 0, None, None, lately, barred=True)
    return Desk(exam, waiting, since, held.id if held else None, lately, barred=False)


def take(exam_code: str, person_id: int, now: datetime) -> int | None:
    """Lease the next script, or return the one that is held already; None when nothing waits."""
    with transaction() as session:
        exam = found(session, exam_code)
        held = store.held_by(session, exam.id, person_id)
        return held.id if held else _leased(session, exam, person_id, ScriptState.WAITING, now=now)


def take_disputed(exam_code: str, script_id: int, person_id: int, now: datetime) -> int:
    """Lease a disputed script to decide it as a third person."""
    with transaction() as session:
        exam = found(session, exam_code)
        held = store.held_by(session, exam.id, person_id)
        if held is not None and held.id != script_id:
            held.leased_to = held.leased_until = None
            session.flush()
        leased = held.id if held and held.id == script_id else _leased(session, exam, person_id, ScriptState.DISPUTED, now=now, script_id=script_id)
        if leased is None:
            raise LeaseLost
        return leased


def _leased(session: Session, exam: Exam, person_id: int, state: ScriptState, *, now: datetime, script_id: int | None = None) -> int | None:
    require_outsider(session, exam, person_id, now)  # with a script comes the model response
    row = store.take(session, exam.id, scripts.reach(session, person_id), state, script_id=script_id, now=now, until=now + rules.LEASE)
    if row is None:
        return None
    store.begin(session, row, person_id, criteria=len(_criteria(session, row)), decides=state is ScriptState.DISPUTED, now=now)
    return row.id


def script(script_id: int, person_id: int, now: datetime) -> Script:
    """Return the script a person holds, with the model response: each look is audited as one at the key. Raises LeaseLost."""
    with transaction() as session:
        row, draft = _readable(session, script_id, person_id, now)
        attempt = attempts.by_id(session, row.attempt_id)
        audit.record(session, actor_id=person_id, action="marking.key_view", subject=f"script:{row.id}", now=now, version=row.version_id)
        assert row.leased_until is not None
        return Script(
            id=row.id,
            exam=exams.by_id(session, row.exam_id),
            content=bank.contents(session, [row.version_id])[row.version_id],
            text="\n".join(attempt.answers[row.position].texts),
            model_html=bank.keys(session, [row.version_id])[row.version_id].model_html,
            criteria=_criteria(session, row),
            worth=row.worth,
            draft=draft,
            leased_until=row.leased_until,
            others=tuple(store.marks(session, row)) if draft.decides else (),
        )


def picture(script_id: int, person_id: int, digest: str, now: datetime) -> Picture:
    """Return a picture of the paper whose script a person holds."""
    with transaction() as session:
        row, _draft = _readable(session, script_id, person_id, now)
        _assembly, paper = paper_store.by_id(session, attempts.by_id(session, row.attempt_id).paper_id)
        shown = papers.shows(session, paper, digest) or digest in bank.keys(session, [row.version_id])[row.version_id].model_html
        held = bank.picture(session, exams.by_id(session, row.exam_id).bank_code, digest) if shown else None
        if held is None:
            raise Missing
        return held


def save(script_id: int, person_id: int, points: Sequence[int | None], remark: str, now: datetime) -> datetime:
    """Keep a draft and renew the lease; returns its end. Raises LeaseLost."""
    with transaction() as session:
        row, draft = _readable(session, script_id, person_id, now)
        draft.points, draft.remark, draft.saved_at = _sized(points, draft), remark.strip()[: rules.LONGEST_REMARK], now
        row.leased_until = now + rules.LEASE
        return row.leased_until


def release(script_id: int, person_id: int, now: datetime) -> None:
    """Give a script back unmarked; the draft is kept."""
    with transaction() as session:
        row, _draft = _held(session, script_id, person_id)
        row.leased_to = row.leased_until = None
        audit.record(session, actor_id=person_id, action="marking.release", subject=f"script:{row.id}", now=now)


def hand_in(script_id: int, person_id: int, points: Sequence[int | None], remark: str, now: datetime) -> ScriptState:
    """Hand a mark in; with the last one of an attempt its result is complete and the grade follows. Returns where the script stands."""
    with transaction() as session:
        attempt = _attempt(session, script_id)
        row, draft = _readable(session, script_id, person_id, now)
        exam = exams.by_id(session, row.exam_id)
        given = rules.checked(_sized(points, draft), _criteria(session, row))
        draft.points, draft.remark, draft.saved_at, draft.handed_in_at = list(given), remark.strip()[: rules.LONGEST_REMARK], now, now
        row.leased_to = row.leased_until = None
        session.flush()
        stands = rules.standing(store.marks(session, row), row.wanted, row.worth, exam.policy)
        row.state = str(stands.state)
        if stands.points is not None:
            row.points = list(stands.points)
            _rescore(session, attempt, "marking", now)
        audit.record(
            session, actor_id=person_id, action="marking.hand_in", subject=f"script:{row.id}", now=now,
            points=list(given), decides=draft.decides, state=row.state,
        )  # fmt: skip
        return stands.state


def exam_of(script_id: int) -> str:
    """Return the code of the exam a script is of."""
    with transaction() as session:
        return exams.by_id(session, _locked(session, script_id).exam_id).code


def retract(script_id: int, person_id: int, now: datetime) -> None:
    """Take one's own mark back to correct it, before results are out. Raises MarkFinal."""
    with transaction() as session:
        attempt = _attempt(session, script_id)
        row = _locked(session, script_id)
        mine = store.mark_of(session, row, person_id)
        decided_by_other = any(mark.decides and mark.examiner_id != person_id for mark in store.marks(session, row))
        elsewhere = row.leased_until is not None and row.leased_until > now
        if mine is None or mine.handed_in_at is None or decided_by_other or elsewhere or row.state == ScriptState.DISPUTED or _is_out(session, attempt):
            raise MarkFinal
        audit.record(session, actor_id=person_id, action="marking.retract", subject=f"script:{row.id}", now=now, points=mine.points)
        mine.handed_in_at, row.points = None, None
        row.state = str(ScriptState.DISPUTED if mine.decides else ScriptState.WAITING)
        row.leased_to, row.leased_until = person_id, now + rules.LEASE
        _rescore(session, attempt, "marking:retracted", now)


def reopen(exam_code: str, script_id: int, *, reason: str, actor_id: int, now: datetime) -> None:
    """Have a settled script decided by another person; once results are out the old points stand until then."""
    with transaction() as session:
        attempt = _attempt(session, script_id)
        row, exam = _locked(session, script_id), found(session, exam_code)
        if row.exam_id != exam.id:
            raise Missing
        if attempt.person_id == actor_id:
            raise Forbidden
        if row.state != ScriptState.SETTLED or not row.points:
            raise NotSettled
        audit.record(session, actor_id=actor_id, action="marking.reopen", subject=f"script:{row.id}", now=now, reason=reason, points=row.points)
        out = _is_out(session, attempt)
        row.state, row.reopened_by, row.waiting_since = str(ScriptState.DISPUTED), actor_id, now
        session.flush()
        if not any(_may_decide(session, exam, row, person_id, now) for person_id in platform.holders_of(session, Permission.MANAGE_EXAMS)):
            raise NobodyDecides
        if not out:
            row.points = None
            _rescore(session, attempt, "marking:reopened", now)


def _may_decide(session: Session, exam: Exam, row: ScriptRow, person_id: int, now: datetime) -> bool:
    return not may_still_sit(session, exam, person_id, now) and store.could_take(session, row, scripts.reach(session, person_id), now)


def _criteria(session: Session, row: ScriptRow) -> tuple[Criterion, ...]:
    return rules.criteria_of(bank.keys(session, [row.version_id])[row.version_id], row.worth)


def _locked(session: Session, script_id: int) -> ScriptRow:
    row = store.lock(session, script_id)
    if row is None:
        raise Missing
    return row


def _held(session: Session, script_id: int, person_id: int) -> tuple[ScriptRow, MarkRow]:
    """Lock the script a person holds; a lease that ran out is hers until somebody else takes the script."""
    row = _locked(session, script_id)
    draft = store.mark_of(session, row, person_id)
    if row.leased_to != person_id or draft is None or draft.handed_in_at is not None:
        raise LeaseLost
    return row, draft


def _readable(session: Session, script_id: int, person_id: int, now: datetime) -> tuple[ScriptRow, MarkRow]:
    """Lock the script a person holds, unless she has enrolled since she took it: when its lease ends, somebody else takes it."""
    row, draft = _held(session, script_id, person_id)
    require_outsider(session, exams.by_id(session, row.exam_id), person_id, now)
    return row, draft


def _attempt(session: Session, script_id: int) -> Attempt:
    """Lock the attempt behind a script, before its scripts."""
    attempt_id = store.attempt_of(session, script_id)
    if attempt_id is None:
        raise Missing
    return attempts.lock_alone(session, attempt_id)


def _is_out(session: Session, attempt: Attempt) -> bool:
    """Tell whether the attempt's result has been shown."""
    held = result_store.newest_of(session, attempt.id)
    return exams.by_id(session, attempt.exam_id).shows_results and held is not None and held.is_final


def _rescore(session: Session, attempt: Attempt, reason: str, now: datetime) -> None:
    session.flush()
    if attempt.state is State.SCORED:
        scoring.rescore(session, attempt.id, reason=reason, now=now)


def _sized(points: Sequence[int | None], draft: MarkRow) -> list[int | None]:
    """Return as many points as the draft has criteria; what is lacking is not given."""
    return [*points, *[None] * len(draft.points)][: len(draft.points)]
