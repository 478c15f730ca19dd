"""Attempts: starting, coming back, taking over, more time, ending at the deadline."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import msgspec

from exam.domain import admission, safe_exam_browser, waiting_room
from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.domain.exam import GRACE, Exam
from exam.domain.safe_exam_browser import BrowserKeys, BrowserProof
from exam.domain.waiting_room import Place
from exam.services import outage as outages
from exam.services import paper as papers
from exam.services import token as tokens
from exam.services import waiting_room as line
from exam.services.admission import browser_keys, standing
from exam.services.exam import found
from exam.services.payload import AnswerNow, AttemptOpened, AttemptToken, EnterExam, EntryToken, ResumeExam, StartExam
from exam.services.response import GATHERS, SignedOut
from exam.store import adjustment as adjustment_store
from exam.store import attempt as store
from exam.store import extra_attempt as extra_attempts
from exam.store import paper as paper_store
from exam.store import start as starts
from exam.store.attempt import Attempt
from exam.store.start import Begun, Opening
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, reading, transaction
from lms.kernel.group_commit import Aside, GroupCommit, Pending
from lms.kernel.hot import Pace
from lms.kernel.refusal import N_, Missing, Refusal, Unavailable

SETTLE = timedelta(seconds=30)  # what arrived in the grace may still be queueing inside
SEQUENCES = 1_000_000  # each coming back gets sequence numbers of its own
BATCH = 200


class NoPaper(Unavailable):
    """All papers are taken."""

    code = "no_paper"
    message = N_("备用试卷正在补充，请约一分钟后再试。如仍不能开始，请联系考试管理员。")


class AttemptMissing(Missing):
    """The person has no attempt at this exam."""

    code = "attempt_missing"
    message = N_("没有找到您的作答记录。")


_signing_in = Pace(3)  # whoever guesses at passwords with a token in hand goes to the end of the line
_starts: GroupCommit[starts.Start, Begun] = GroupCommit(starts.start, single=True, gathers=2 * GATHERS)
_rules: Aside[AttemptOpened] = Aside()  # some twenty statements


def enter(payload: EnterExam, arrived: datetime, proofs: Iterable[BrowserProof] = ()) -> Pending[AttemptOpened]:
    """Begin by an entry, whose own keys are proved: quickly where nothing stands in the way, else by every rule; whose turn it is not yet waits."""
    entry = tokens.read_entry(payload.entry, arrived, waited=bool(payload.ticket))
    place = line.held(payload.ticket, entry)
    if not payload.honesty or (place is not None and not place.stands(arrived)):
        return _by_every_rule(payload, entry, place, arrived, proofs)
    learned = entry.asks_learning and _learned(entry)
    asked = starts.Start(
        entry.exam, entry.person_id, entry.login_id, payload.device, learned, arrived, line.house_rate(), place,
        slowly=entry.asks_identity, locked=bool(entry.browser),
    )  # fmt: skip
    return _starts.pending(asked).then(lambda begun: _entered(payload, entry, begun, arrived, proofs))


def _entered(payload: EnterExam, entry: EntryToken, begun: Begun, arrived: datetime, proofs: Iterable[BrowserProof]) -> AttemptOpened | Pending[AttemptOpened]:
    if begun.place is not None and not begun.place.has_come(arrived):
        raise line.waiting(begun.place, entry, arrived)
    if begun.opening is None:
        return _by_every_rule(payload, entry, begun.place, arrived, proofs)
    with reading() as session:
        return _opened(session, begun.opening, code=entry.exam, title=begun.title, login_id=entry.login_id, browser=entry.browser, now=arrived, resumed=False)


def _by_every_rule(payload: EnterExam, entry: EntryToken, place: Place | None, arrived: datetime, proofs: Iterable[BrowserProof]) -> Pending[AttemptOpened]:
    def work() -> AttemptOpened:
        with reading() as session:
            if not store.stands(session, entry.login_id, entry.person_id, arrived):
                raise SignedOut
        return start(entry.person_id, entry.login_id, StartExam(entry.exam, payload.device, payload.honesty), arrived, place, proofs=proofs)

    return _rules.pending(work)


def _learned(entry: EntryToken) -> bool:
    with reading() as session:
        exam = found(session, entry.exam)
        facts = platform.enrolment_of(session, entry.person_id, exam.programme_code)
    return facts is not None and facts.learning_complete


def start(
    person_id: int, login_id: int, payload: StartExam, now: datetime, place: Place | None = None, *, proofs: Iterable[BrowserProof] = ()
) -> AttemptOpened:
    """Begin an attempt, or come back to the one that is open, by the browser that is asked for; a place in the line has been waited for."""
    with transaction() as session:
        exam = found(session, payload.exam)
        keys = browser_keys(session, exam, person_id)
        safe_exam_browser.require(keys, proofs)
        store.one_at_a_time(session, exam.id, person_id)
        newest = store.newest_of(session, person_id, exam.id, lock=True)
        if newest is None or newest.state is not State.OPEN:
            begun = _begin(session, exam, person_id, payload, newest, place=place, now=now)
            return _opened(session, begun, code=exam.code, title=exam.title, login_id=login_id, browser=tokens.sealed(keys), now=now, resumed=False)
        return _come_back(session, exam, newest, login_id, device=payload.device, takeover=False, keys=keys, now=now)


def resume(person_id: int, login_id: int, payload: ResumeExam, now: datetime, proofs: Iterable[BrowserProof] = ()) -> AttemptOpened:
    """Come back to the open attempt: same paper, same deadline; by the browser that the exam asks for."""
    with transaction() as session:
        exam = found(session, payload.exam)
        newest = store.newest_of(session, person_id, exam.id, lock=True)
        if newest is None:
            raise AttemptMissing
        if newest.state is not State.OPEN:
            raise rules.AttemptClosed(state=str(newest.state))
        keys = browser_keys(session, exam, person_id)
        safe_exam_browser.require(keys, proofs)
        return _come_back(session, exam, newest, login_id, device=payload.device, takeover=payload.takeover, keys=keys, now=now)


def is_inside(token: str, _now: datetime) -> bool:
    """Tell whether the token is that of somebody who sits: she signs in again without waiting behind the crowd, a few times in a slot."""
    try:
        held = tokens.read(token)
        _signing_in.count(str(held.attempt_id), monotonic())  # which a rehearsal's clock does not set
    except Refusal:
        return False
    with reading() as session:
        attempt = store.find(session, held.attempt_id)
    return attempt is not None and attempt.state is State.OPEN


def _begin(session: Session, exam: Exam, person_id: int, payload: StartExam, newest: Attempt | None, *, place: Place | None, now: datetime) -> Opening:
    """Take a paper and open an attempt; what waiting took is given back."""
    who = standing(session, exam, person_id, newest, now)
    asked, exam = exam, admission.granted(exam, who, now)
    refused = admission.refusal(exam, who, waiting_room.asked_in_time(place, now))
    if refused is not None:
        raise refused
    if place is not None and not (place.stands(now) and place.has_come(now) and (newest is None or not place.used(newest.started_at, now))):
        raise waiting_room.PlaceGivenUp
    if not payload.honesty:
        raise admission.HonestyMissing
    begun = starts.begin(
        session,
        exam_id=exam.id,
        person_id=person_id,
        number=newest.number + 1 if newest else 1,
        deadline=max(exam.deadline(now, who.accommodation.percent), now),
        percent=who.accommodation.percent,
        device=payload.device,
        now=now,
    )
    if begun is None:
        raise NoPaper
    if who.extra is not None and exam is not asked and not extra_attempts.begin(session, who.extra.id, begun.attempt.id):
        raise admission.WindowClosed
    lost = waiting_room.lost(exam, place, now, who.accommodation.percent) if place else timedelta(0)
    if not lost:
        return begun
    adjustment_store.adjust(session, begun.attempt.id, seconds=math.ceil(lost.total_seconds()), kind="queue", reason="", actor_id=None, now=now)
    deadline = rules.deadline_of(begun.attempt.base_deadline, adjustment_store.adjustments(session, begun.attempt.id))
    adjustment_store.set_deadline(session, begun.attempt.id, deadline)
    return replace(begun, attempt=replace(begun.attempt, deadline=deadline))


def _come_back(
    session: Session, exam: Exam, attempt: Attempt, login_id: int, *, device: str, takeover: bool, keys: BrowserKeys, now: datetime
) -> AttemptOpened:
    if (attempt.paused_at or now) > attempt.deadline + GRACE:
        raise rules.AttemptSettling if outages.covers(session, attempt) else rules.TimeIsUp
    elsewhere = attempt.device != device
    if elsewhere and not takeover:
        raise rules.OtherDeviceLeads(since=attempt.led_since)
    epoch, resumes = store.lead(session, attempt.id, device=device, takeover=elsewhere, now=now)
    if elsewhere:
        audit.record(
            session, actor_id=attempt.person_id, action="attempt.takeover", subject=f"attempt:{attempt.id}", now=now,
            left=attempt.device, took=device, epoch=epoch,
        )  # fmt: skip
    back = Opening(replace(attempt, epoch=epoch, resumes=resumes), *paper_store.by_id(session, attempt.paper_id))
    return _opened(session, back, code=exam.code, title=exam.title, login_id=login_id, browser=tokens.sealed(keys), now=now, resumed=True)


def _opened(session: Session, opening: Opening, *, code: str, title: str, login_id: int, browser: str, now: datetime, resumed: bool) -> AttemptOpened:
    attempt, assembly_id, paper = opening.attempt, opening.assembly_id, opening.paper
    shape = papers.shape(session, paper)
    bound = AttemptToken(attempt.id, attempt.person_id, login_id, attempt.epoch, code, paper.hash, shape, browser)
    return AttemptOpened(
        token=tokens.sign(bound),
        exam=code,
        title=title,
        paper_hash=paper.hash,
        started_at=attempt.started_at,
        deadline=attempt.deadline,
        remaining_ms=rules.remaining_ms(attempt.deadline, attempt.paused_at or now),
        seq_from=attempt.resumes * SEQUENCES,
        resumed=resumed,
        answers=[AnswerNow(at, held.revision, list(held.choices), list(held.texts), held.marked) for at, held in sorted(attempt.answers.items())],
        paper=msgspec.Raw(papers.content(session, attempt.exam_id, assembly_id, paper)),
    )


def reopened(session: Session, attempt_id: int, *, reason: str, actor_id: int, now: datetime) -> Attempt:
    """Open an ended attempt again whose result nobody has seen, in the caller's transaction; returns it as it was."""
    attempt = store.lock(session, attempt_id)
    if attempt is None:
        raise AttemptMissing
    rules.move(attempt.state, State.OPEN, reopening=True)
    if store.result_is_out(session, attempt_id):
        raise rules.ResultOut
    if not store.is_newest(session, attempt):
        raise rules.NewerAttempt
    store.reopen(session, attempt_id)
    audit.record(session, actor_id=actor_id, action="attempt.reopen", subject=f"attempt:{attempt_id}", now=now, reason=reason)
    return attempt


def finalise_overdue(now: datetime) -> int:
    """End every open attempt whose deadline and grace are over, from its last save, exactly once; returns how many.

    Outages are settled first: whom a running one hits waits for its end.
    """
    outages.settle(now)
    ended = 0
    while True:
        with transaction() as session:
            overdue = store.take_overdue(session, now - GRACE - SETTLE, BATCH)
            if overdue:
                store.finalise(session, overdue, now)
        ended += len(overdue)
        if len(overdue) < BATCH:
            return ended
