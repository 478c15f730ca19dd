"""An attempt's timeline, for disputes."""

from collections.abc import Sequence
from dataclasses import dataclass

from exam.domain import attempt as attempt_rules
from exam.domain import timeline as rules
from exam.domain.timeline import Event
from exam.services import annulment as annulments
from exam.services.invigilation import Watched, watched
from exam.store import attempt as attempts
from exam.store import timeline as store
from exam.store.annulment import AttemptAnnulmentRow
from lms.kernel.db import transaction


@dataclass(frozen=True, slots=True)
class Timeline:
    """An attempt with all that happened in it."""

    watched: Watched
    events: Sequence[Event]
    may_reopen: bool
    proposal: tuple[AttemptAnnulmentRow, str] | None  # to annul it, and by whom


def timeline(actor_id: int, attempt_id: int) -> Timeline:
    """Return the timeline of an attempt in one's scope."""
    with transaction() as session:
        one = watched(session, actor_id, attempt_id)
        last = attempts.is_newest(session, one.attempt)
        may_reopen = last and attempt_rules.may_reopen(one.attempt.state) and not attempts.result_is_out(session, attempt_id)
        return Timeline(one, rules.told(store.events(session, attempt_id)), may_reopen, annulments.proposal_of(session, attempt_id))
