"""An attempt's timeline, for disputes."""

from collections.abc import Sequence
from dataclasses import dataclass

from exam.domain import timeline as rules
from exam.domain.timeline import Event
from exam.services.invigilation import Watched, watched
from exam.store import timeline as store
from lms.kernel.db import transaction


@dataclass(frozen=True, slots=True)
class Timeline:
    """An attempt with all that happened in it."""

    watched: Watched
    events: Sequence[Event]


def timeline(actor_id: int, attempt_id: int) -> Timeline:
    """Return the timeline of an attempt in one's scope."""
    with transaction() as session:
        one = watched(session, actor_id, attempt_id)
        return Timeline(one, rules.told(store.events(session, attempt_id)))
