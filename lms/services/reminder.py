"""Remind those who are behind: a notice on their first page, no message elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from lms.domain.unit import lies_in
from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.i18n import ZONE
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Missing
from lms.services.unit import scope_of
from lms.store import reminder as store
from lms.store import unit as unit_store


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many were reminded, and how many had been already on the same day."""

    sent: int
    already: int


def remind(actor_id: int, unit_id: int, now: datetime) -> Reminded:
    """Remind everybody of a unit of the actor's whose hours are not complete, each at most once a day."""
    with transaction() as session:
        unit = unit_store.unit_of(session, unit_id)
        if unit is None or not lies_in(unit.path, scope_of(session, actor_id, Permission.MANAGE_CLASS)):
            raise Missing
        behind, sent = store.send(session, path=unit.path, day=now.astimezone(ZONE).date(), actor_id=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="reminder.send", subject=f"unit:{unit_id}", now=now, sent=sent, behind=behind)
        return Reminded(sent, behind - sent)


def dismiss(person_id: int, now: datetime) -> None:
    """Put one's own reminders away."""
    with transaction() as session:
        store.dismiss(session, person_id, now)
