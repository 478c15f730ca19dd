"""The word of a page in the room: it is heard of, and is told the time left, whether it leads, and what the invigilators say."""

from datetime import datetime

from exam.domain.attempt import remaining_ms
from exam.domain.exam import REMEMBERED
from exam.services import token as tokens
from exam.services.payload import AskRemaining, ExamRemaining, MessageNow
from exam.services.response import REFUSALS
from exam.store import pulse as store
from exam.store.pulse import Heard, Pulse
from lms.kernel.db import transaction
from lms.kernel.group_commit import GroupCommit, Pending

_pulses: GroupCommit[Pulse, Heard] = GroupCommit(store.hear, single=True)


def forget(now: datetime) -> None:
    """Job: delete the pulses of attempts at exams that are long over."""
    with transaction() as session:
        store.forget(session, now - REMEMBERED)


def remaining(payload: AskRemaining, address: str, arrived: datetime) -> Pending[ExamRemaining]:
    """Tell what time is left, whether this page leads or the clock stands, and what the invigilators say."""
    token = tokens.read(payload.token)
    pulse = Pulse(token.attempt_id, token.person_id, token.login_id, token.epoch, arrived, tokens.hidden(address))
    return _pulses.pending(pulse).then(lambda told: _remaining(told, arrived))


def _remaining(told: Heard, arrived: datetime) -> ExamRemaining:
    if told.status != "heard":
        raise REFUSALS[told.status]
    assert told.deadline is not None
    return ExamRemaining(
        deadline=told.deadline,
        remaining_ms=remaining_ms(told.deadline, told.paused_at or arrived),
        leads=told.leads,
        open=told.open,
        paused=told.open and told.paused_at is not None,
        messages=[MessageNow(one.id, one.text, one.sent_at) for one in told.messages],
    )
