"""Saying which line and how many nodes there are: of the whole installation, kept with who said so and when."""

from datetime import datetime

from lms.domain.limits import Limits
from lms.kernel import audit
from lms.kernel.db import reading, transaction
from lms.store import limits as store
from lms.store.limits import Stated


def stated() -> Stated | None:
    """Return what there is, if anybody has said so."""
    with reading() as session:
        return store.newest(session)


def state(limits: Limits, *, actor_id: int, now: datetime) -> None:
    """Say what there is from now on, audited."""
    with transaction() as session:
        store.add(session, limits, stated_by=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="load.state_limits", subject="installation:load", now=now, gbits=limits.gbits, nodes=limits.nodes)
