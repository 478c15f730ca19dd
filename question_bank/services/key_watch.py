"""An alarm when somebody looks at unusually many keys."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Counter

from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import Missing
from question_bank.domain.key_watch import is_unusual
from question_bank.store import key_watch as store

ALARMS = Counter("bank_key_alarms", "Hours in which somebody looked at unusually many keys.")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as shown."""

    id: int
    person_id: int
    at: datetime
    seen: int
    usual: int


def look(now: datetime) -> None:
    """Raise an alarm for everybody who looked at unusually many keys within the hour."""
    with transaction() as session:
        unusual = [found for found in store.watched(session, now) if is_unusual(found.seen, found.usual)]
        for found in unusual:
            store.add(session, found, now)
            audit.record(session, actor_id=None, action="bank.key_alarm", subject=f"person:{found.person_id}", now=now, seen=found.seen)
    for found in unusual:
        ALARMS.inc()
        _log.warning("key_alarm", person=found.person_id, seen=found.seen, usual=round(found.usual))


def alarms() -> tuple[Alarm, ...]:
    """Return the alarms that nobody has looked into."""
    with transaction() as session:
        return tuple(Alarm(row.id, row.person_id, row.at, row.seen, round(row.usual)) for row in store.open_alarms(session))


def clear(alarm_id: int, *, person_id: int, now: datetime) -> None:
    """Mark an alarm as looked into; raises Missing when it is not open, or about the person."""
    with transaction() as session:
        if not store.clear(session, alarm_id, person_id, now):
            raise Missing
        audit.record(session, actor_id=person_id, action="bank.key_alarm_clear", subject=f"key_alarm:{alarm_id}", now=now)
