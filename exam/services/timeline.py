"""An attempt's timeline, for disputes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import timeline as rules
from exam.domain.timeline import Event
from exam.services.invigilation import Watched, watched
from exam.store import adjustment as adjustments
from exam.store import timeline as store
from lms.kernel.db import transaction


@dataclass(frozen=True, slots=True)
class Timeline:
    """An attempt with all that happened in it; `paused_since`: the clock stands."""

    watched: Watched
    paused_since: datetime | None
    events: Sequence[Event]


def timeline(actor_id: int, attempt_id: int) -> Timeline:
    """Return the timeline of an attempt in one's scope."""
    with transaction() as session:
        one = watched(session, actor_id, attempt_id)
        return Timeline(one, adjustments.paused_since(session, attempt_id), rules.told(store.events(session, attempt_id)))
