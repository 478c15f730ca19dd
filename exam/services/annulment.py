"""Annulling an attempt: proposed by one person with a reason, agreed to by another; grades follow."""

from collections.abc import Iterator
from datetime import datetime

from exam.domain import attempt as rules
from exam.domain.attempt import State
from exam.services import adjustment, posting
from exam.store import annulment as store
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import regrade as regrades
from exam.store.annulment import AttemptAnnulmentRow
from lms import api as platform
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Conflict, Forbidden, Missing

MOST_TOLD = 20


class AnnulmentWaits(Conflict):
    """Somebody has proposed it already."""

    code = "annulment_waits"
    message = N_("这次作答已有人提出作废，等待另一位管理员确认。")


class SecondPerson(Forbidden):
    """Nobody agrees to her own proposal."""

    code = "second_person"
    message = N_("作废须由另一位管理员确认，提出的人不能自己确认。")


def propose(actor_id: int, attempt_id: int, *, reason: str, now: datetime) -> None:
    """Propose to annul the attempt of somebody in one's scope."""
    with transaction() as session:
        whom = adjustment.target_of(session, actor_id, attempt_id)
        if store.waiting_of(session, attempt_id) is not None:
            raise AnnulmentWaits
        rules.move(attempts.by_id(session, attempt_id).state, State.ANNULLED)
        store.add(session, AttemptAnnulmentRow(attempt_id=attempt_id, reason=reason, proposed_by=actor_id, proposed_at=now))
        adjustment.note(session, whom, reason, kind="annul", actor_id=actor_id, now=now, reason=reason)


def decide(actor_id: int, attempt_id: int, *, agree: bool, now: datetime) -> None:
    """Agree to a proposal as the second person, or drop it; what counts afterwards is posted or, where nothing is left, taken back; a certificate follows."""
    with transaction() as session:
        whom = adjustment.target_of(session, actor_id, attempt_id, alone=True)
        row = store.waiting_of(session, attempt_id)
        if row is None:
            raise Missing
        if agree and actor_id == row.proposed_by:
            raise SecondPerson
        row.annulled, row.decided_by, row.decided_at = agree, actor_id, now
        if agree:
            regrades.hold_scoring(session, whom.exam.id, alone=False)
            _annul(session, attempt_id, row.reason, actor_id, now)
        adjustment.note(session, whom, row.reason, kind="annulled" if agree else "annul_dropped", actor_id=actor_id, now=now, reason=row.reason)


def _annul(session: Session, attempt_id: int, reason: str, actor_id: int, now: datetime) -> None:
    attempt = attempts.by_id(session, attempt_id)
    exam = exams.by_id(session, attempt.exam_id)
    before = posting.counting(session, exam, attempt.person_id)
    attempts.annul(session, attempt_id, rules.move(attempt.state, State.ANNULLED), now)
    after = posting.counting(session, exam, attempt.person_id)
    if not exam.shows_results or after == before:
        return
    if after is None:
        evidence = [f"attempt:{one.id}" for one in attempts.of_person(session, attempt.person_id, exam.id)]  # an earlier score would count again
        platform.take_back(session, programme_code=exam.programme_code, evidence=evidence, reason=reason, now=now, posted_by=actor_id, settles=True)
    else:
        posting.post_many(session, exam, {attempt.person_id: after}, now=now, reason=reason, actor_id=actor_id)


def proposal_of(session: Session, attempt_id: int) -> tuple[AttemptAnnulmentRow, str] | None:
    """Return the proposal of an attempt that waits, with the name of who made it."""
    row = store.waiting_of(session, attempt_id)
    return None if row is None else (row, platform.people(session, [row.proposed_by])[row.proposed_by].name)


def to_decide(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell a manager of the annulments in her scope that wait for her as the second person."""
    scope = platform.scope_of(session, person_id, Permission.INVIGILATE)
    for attempt_id, name in store.waiting_for(session, person_id, scope, MOST_TOLD):
        yield platform.Duty(_("有人提出作废 %(name)s 的一次作答，等您确认。", name=name), _("去确认"), f"/invigilation/attempt/{attempt_id}")
