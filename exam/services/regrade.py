"""Regrade an exam: propose a correction, preview what it does, approve by two others, carry it out, reverse it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from exam.domain import regrade as rules
from exam.domain import result as result_rules
from exam.domain.exam import Exam
from exam.domain.regrade import Change, Effect, FiguresMoved, RegradeClosed, Stage
from exam.services import paper as papers
from exam.services import posting, scoring, sealed_key
from exam.services.exam import found, require_outsider
from exam.store import analysis as sets
from exam.store import exam as exams
from exam.store import regrade as store
from exam.store import result as result_store
from exam.store.regrade import RegradeRow
from lms import api as platform
from lms.kernel import audit, jobs
from lms.kernel.db import Session, on_trial, transaction
from lms.kernel.refusal import N_, Invalid, Missing
from question_bank import api as bank
from question_bank.domain.item import ItemContent, Key

BATCH = 200
POST_BATCH = 1_000
SHOWN = 50  # of the changed attempts, on the preview


class ItemNotGiven(Invalid):
    """The exam's papers do not hold the item."""

    code = "item_not_given"
    message = N_("这场考试的试卷里没有这个编号的试题，请在题库中核对试题编号。")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a regrade does; points in hundredths. `shown`: attempt, person, points before and after of the first changed ones."""

    attempts: int
    changed: int
    up: int
    down: int
    passing: int | None
    failing: int | None
    issued: int
    revoked: int
    shown: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Regrade:
    """One regrade as its page shows it; `failed` if its preview could not be worked out, or it could not be carried out."""

    row: RegradeRow
    exam: Exam
    content: ItemContent
    preview: Preview | None
    failed: bool
    approvers: Mapping[int, str]
    names: Mapping[int, str]
    reversed: bool


def admit(exam_code: str, person_id: int, now: datetime) -> None:
    """Let somebody read an exam's regrades: they tell keys, so nobody who may still sit. Raises MayStillSit."""
    with transaction() as session:
        require_outsider(session, found(session, exam_code), person_id, now)


def propose(exam_code: str, *, item: str, effect: Effect, written: str, reason: str, actor_id: int, now: datetime) -> int:
    """Propose a correction of one item; its preview is worked out in the background. Returns the id."""
    with transaction() as session:
        exam = found(session, exam_code)
        require_outsider(session, exam, actor_id, now)  # the preview counts tell who guesses whether she is right
        given = {version: place for one in sets.assemblies(session, exam.id) for version, place in papers.places(session, one).items()}
        versions = sorted(set(bank.versions_of(session, exam.bank_code, item.strip())) & set(given))
        if not versions:
            raise ItemNotGiven
        keys = bank.keys(session, versions)
        made = [rules.correction(effect, written, given[version].type, keys[version], given[version].options) for version in versions]
        if any(one != made[0] for one in made):  # versions of other types or with other blanks: one answer is not right for all of them
            raise rules.AnswerUnfit
        row = RegradeRow(
            exam_id=exam.id, item=item.strip(), version_ids=versions, effect=str(effect), options=list(made[0].options), blanks=made[0].blanks,
            reason=reason.strip(), proposed_by=actor_id, proposed_at=now,
        )  # fmt: skip
        return _proposed(session, row, now)


def propose_reversal(regrade_id: int, *, reason: str, actor_id: int, now: datetime) -> int:
    """Propose to take a carried-out regrade back, by the same way it came; returns the id of the reversal."""
    with transaction() as session:
        row = _locked(session, regrade_id, at_once=True)
        require_outsider(session, exams.by_id(session, row.exam_id), actor_id, now)
        if row.state != Stage.APPLIED or row.reverses_id or _reversals(session, row) - {Stage.WITHDRAWN}:
            raise RegradeClosed
        back = RegradeRow(
            exam_id=row.exam_id, item=row.item, version_ids=row.version_ids, effect=row.effect, options=row.options, blanks=row.blanks, reason=reason.strip(),
            proposed_by=actor_id, proposed_at=now, reverses_id=row.id,
        )  # fmt: skip
        return _proposed(session, back, now)


def preview(now: datetime, regrade_id: int) -> None:
    """Work out what a regrade would do: do all of it, count, and take it back. It stops where it is withdrawn meanwhile."""
    with transaction() as session:
        row = _locked(session, regrade_id)
        if row.state == Stage.PROPOSED:
            _previewed(session, row, now)


def approve(regrade_id: int, *, seen: str, actor_id: int, now: datetime) -> bool:
    """Approve the figures one has seen; the second approval has it carried out in the background. Returns whether it was that."""
    with transaction() as session:
        row = _locked(session, regrade_id, at_once=True)
        require_outsider(session, exams.by_id(session, row.exam_id), actor_id, now)
        if row.state != Stage.PROPOSED:
            raise RegradeClosed
        rules.check_approver(actor_id, row.proposed_by)
        if row.digest is None or row.digest != seen:
            raise FiguresMoved
        store.approve(session, row.id, actor_id, row.digest, now)
        audit.record(session, actor_id=actor_id, action="regrade.approve", subject=f"regrade:{row.id}", now=now, digest=row.digest)
        if len(store.approvers(session, row.id, row.digest)) < rules.APPROVERS:
            return False
        row.state = str(Stage.APPROVED)
        jobs.enqueue(session, "exam.regrade", {"regrade_id": row.id}, lock=f"regrade:{row.exam_id}", key=_key(row))
        return True


def withdraw(regrade_id: int, *, actor_id: int, now: datetime) -> None:
    """Withdraw a proposal that is not approved yet, or could not be carried out; where it is still worked out, that stops at its next beat."""
    with transaction() as session:
        row = store.by_id(session, regrade_id)
        stopping = row is not None and row.state == Stage.PROPOSED and jobs.cancel(session, _key(row))
    with transaction() as session:
        row = _locked(session, regrade_id, at_once=not stopping)
        if row.state != Stage.PROPOSED and not (row.state == Stage.APPROVED and _failed(session, row)):
            raise RegradeClosed
        row.state = str(Stage.WITHDRAWN)
        audit.record(session, actor_id=actor_id, action="regrade.withdraw", subject=f"regrade:{row.id}", now=now)


def carry_out(now: datetime, regrade_id: int) -> None:
    """Carry an approved regrade out, whole or not at all; where the figures have moved since, they go back to the approvers."""
    with transaction() as session:
        row = _locked(session, regrade_id)
        if row.state != Stage.APPROVED:
            return
        approved = row.digest
        told, sign = on_trial(session, lambda: _done(session, row, now, lambda: None), keep=lambda done: done[1] == approved)
        if sign == approved:
            audit.record(session, actor_id=None, action="regrade.apply", subject=f"regrade:{row.id}", now=now, digest=sign, changed=told.changed)
            return
        row.state = str(Stage.PROPOSED)
        row.preview, row.digest = asdict(told), sign


def of_exam(exam_code: str) -> tuple[Exam, Sequence[RegradeRow]]:
    """Return an exam and its regrades, the newest first."""
    with transaction() as session:
        exam = found(session, exam_code)
        return exam, store.of_exam(session, exam.id)


def one(exam_code: str, regrade_id: int) -> Regrade:
    """Return one regrade of an exam; raises Missing."""
    with transaction() as session:
        exam, row = found(session, exam_code), store.by_id(session, regrade_id)  # not locked: it may be carried out for minutes
        if row is None or row.exam_id != exam.id:
            raise Missing
        told = Preview(**row.preview) if row.preview else None
        yes = store.approvers(session, row.id, row.digest)
        people = platform.people(session, [*yes, *(line[1] for line in (told.shown if told else ()))])
        return Regrade(
            row=row,
            exam=exam,
            content=bank.contents(session, row.version_ids[-1:])[row.version_ids[-1]],
            preview=told,
            failed=_failed(session, row),
            approvers={person: people[person].name for person in yes},
            names={person: f"{card.name}（{card.unit_name}）" for person, card in people.items()},
            reversed=Stage.APPLIED in _reversals(session, row),
        )


def key_in_bank(regrade: Regrade, actor_id: int, now: datetime) -> Key | None:
    """Return the key that the item has in the bank, for who is to approve another; None while the exam's keys are sealed. Each look is audited."""
    with transaction() as session:
        if not sealed_key.open_until(session, regrade.exam.id, now):
            return None
        audit.record(session, actor_id=actor_id, action="regrade.key_view", subject=f"regrade:{regrade.row.id}", now=now)
        version = regrade.row.version_ids[-1]
        return bank.keys(session, [version])[version]


def _proposed(session: Session, row: RegradeRow, now: datetime) -> int:
    regrade_id = store.add(session, row)
    jobs.enqueue(session, "exam.regrade_preview", {"regrade_id": regrade_id}, lock=f"regrade:{row.exam_id}", key=_key(row))
    audit.record(
        session, actor_id=row.proposed_by, action="regrade.propose", subject=f"regrade:{regrade_id}", now=now,
        exam=row.exam_id, item=row.item, effect=row.effect, reverses=row.reverses_id,
    )  # fmt: skip
    return regrade_id


def _previewed(session: Session, row: RegradeRow, now: datetime) -> None:
    beat = partial(jobs.beat, _key(row))
    told, sign = on_trial(session, lambda: _done(session, row, now, beat), keep=lambda _done: False)
    row.preview, row.digest = asdict(told), sign


def _key(row: RegradeRow) -> str:
    """Return by what the job is found again that a regrade waits for."""
    return f"regrade{'_preview' if row.state == Stage.PROPOSED else ''}:{row.id}"


def _failed(session: Session, row: RegradeRow) -> bool:
    """Tell whether what a regrade waits for could not be done: its preview, or to be carried out."""
    waits = row.state == Stage.APPROVED or (row.state == Stage.PROPOSED and row.digest is None)
    job = jobs.standing(session, _key(row)) if waits else None
    return job is not None and job.failed


def _done(session: Session, row: RegradeRow, now: datetime, beat: Callable[[], None]) -> tuple[Preview, str]:
    """Do all of a regrade in the caller's transaction; returns what it did and the sign of it."""
    store.hold_scoring(session, row.exam_id, alone=True)
    exam = exams.by_id(session, row.exam_id)
    row.state, row.applied_at = str(Stage.APPLIED), now
    session.flush()
    seen, changes = 0, []
    for attempts_of, change in _changes(session, row, now):
        beat()
        seen += attempts_of
        changes += change
    touched = _followed(session, exam, row, changes, now, beat=beat)
    passes = [(result_rules.passed(one.before, exam.pass_points), result_rules.passed(one.after, exam.pass_points)) for one in changes]
    told = Preview(
        attempts=seen,
        changed=len(changes),
        up=sum(one.after > one.before for one in changes),
        down=sum(one.after < one.before for one in changes),
        passing=None if exam.pass_points is None else passes.count((False, True)),
        failing=None if exam.pass_points is None else passes.count((True, False)),
        issued=touched.count(1),
        revoked=touched.count(-1),
        shown=[[one.attempt_id, one.person_id, one.before, one.after] for one in changes[:SHOWN]],
    )
    return told, rules.digest(changes)


def _changes(session: Session, row: RegradeRow, now: datetime) -> Iterator[tuple[int, list[Change]]]:
    """Score every touched attempt anew, store the versions that differ, and tell of each batch how many it had and what changed."""
    last = 0
    while batch := store.touched(session, row.exam_id, row.version_ids, last, BATCH):
        last = batch[-1].id
        held = result_store.newest_versions(session, [attempt.id for attempt in batch])
        changed = []
        for attempt, new in scoring.scored_anew(session, batch):
            number, old = held[attempt.id]
            if new != old:
                result_store.add(session, attempt.id, new, version=number + 1, reason=f"regrade:{row.id}", now=now)
                changed.append(Change(attempt.id, attempt.person_id, old.points, new.points, old.item_points, new.item_points))
        session.flush()
        yield len(batch), changed


def _followed(session: Session, exam: Exam, row: RegradeRow, changes: Sequence[Change], now: datetime, *, beat: Callable[[], None]) -> list[int]:
    """Let grades and certificates follow; tells for each person whether she came to a certificate (1) or lost it (-1)."""
    if not exam.shows_results:
        return []
    touched: list[int] = []
    people = sorted({one.person_id for one in changes})
    platform.hold_grades(session, exam.programme_code, people, now)
    for start in range(0, len(people), POST_BATCH):
        beat()
        counting = posting.counting_of(session, exam, people[start : start + POST_BATCH])
        touched += posting.post_many(session, exam, counting, now=now, reason=row.reason, actor_id=row.proposed_by).values()
    return touched


def _locked(session: Session, regrade_id: int, *, at_once: bool = False) -> RegradeRow:
    row = store.lock(session, regrade_id, at_once=at_once)
    if row is None:
        raise Missing
    return row


def _reversals(session: Session, row: RegradeRow) -> set[Stage]:
    """Return how far the attempts to take it back have come."""
    return {Stage(other.state) for other in store.of_exam(session, row.exam_id) if other.reverses_id == row.id}
