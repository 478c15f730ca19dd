"""Who looked at how many keys, read from the audit; and the alarms."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Identity, Index, Integer, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.audit import AuditEntry
from lms.kernel.db import Base

Index("ix_audit_entry_keys", AuditEntry.at, AuditEntry.actor_id, postgresql_where=text("action IN ('item.view_key', 'bank.export')"))

# Whoever first wrote the key that an item has now: a change of its topic or level makes nobody the author of its key.
_KEY_AUTHOR = (
    "SELECT w.author_id FROM item_version v JOIN item_version w ON w.item_id = v.item_id AND w.key = v.key"
    " WHERE v.id = i.latest_version_id ORDER BY w.number LIMIT 1"
)


class KeyAlarmRow(Base):
    """An hour in which a person looked at unusually many keys."""

    __tablename__ = "key_alarm"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    seen: Mapped[int] = mapped_column(Integer)
    usual: Mapped[float] = mapped_column(Float)
    cleared_at: Mapped[datetime | None] = mapped_column(default=None)
    cleared_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one person saw: in the last hour, and on average in the hours with any of the month before."""

    person_id: int
    seen: int
    usual: float


def watched(session: Session, now: datetime) -> list[Watched]:
    """Return everybody who saw a key in the last hour and has no alarm of it yet.

    A key seen twice in an hour is one; one that she wrote herself is none; an export shows every key of the bank.
    """
    rows = session.execute(
        text(
            "WITH looked AS (SELECT actor_id, ceil(extract(epoch FROM CAST(:now AS timestamptz) - at) / 3600) AS ago,"  # noqa: S608
            "   count(DISTINCT subject) FILTER (WHERE action = 'item.view_key' AND v.author_id IS DISTINCT FROM actor_id)"
            "   + coalesce(sum(jsonb_array_length(detail->'items')) FILTER (WHERE action = 'bank.export'), 0) AS keys"
            "  FROM audit_entry LEFT JOIN item i ON i.id = CASE WHEN action = 'item.view_key' THEN CAST(substr(subject, 6) AS bigint) END"
            f"   LEFT JOIN LATERAL ({_KEY_AUTHOR}) v ON true"
            "  WHERE action IN ('item.view_key', 'bank.export') AND actor_id IS NOT NULL"
            "  AND at > CAST(:now AS timestamptz) - interval '30 days' AND at <= :now GROUP BY 1, 2)"
            " SELECT l.actor_id, l.keys, coalesce((SELECT avg(o.keys)::float FROM looked o WHERE o.actor_id = l.actor_id AND o.ago > 1), 0) FROM"
            " (SELECT actor_id, sum(keys) AS keys FROM looked WHERE ago <= 1 GROUP BY actor_id) l"
            " WHERE NOT EXISTS (SELECT FROM key_alarm a WHERE a.person_id = l.actor_id AND a.at > CAST(:now AS timestamptz) - interval '1 hour')"
        ),
        {"now": now},
    )
    return [Watched(person_id, int(seen), float(usual)) for person_id, seen, usual in rows]


def of_others(session: Session, person_id: int, item_ids: Collection[int]) -> list[int]:
    """Return those items whose key somebody else wrote."""
    rows = session.scalars(
        text(f"SELECT i.id FROM item i WHERE i.id = ANY(:items) AND ({_KEY_AUTHOR}) IS DISTINCT FROM :person ORDER BY i.id"),  # noqa: S608
        {"items": list(item_ids), "person": person_id},
    )
    return list(rows)


def add(session: Session, found: Watched, now: datetime) -> None:
    """Save an alarm."""
    session.add(KeyAlarmRow(person_id=found.person_id, at=now, seen=found.seen, usual=found.usual))


def open_alarms(session: Session) -> list[KeyAlarmRow]:
    """Return the alarms nobody has cleared, newest first."""
    return list(session.scalars(select(KeyAlarmRow).where(KeyAlarmRow.cleared_at.is_(None)).order_by(KeyAlarmRow.id.desc()).limit(20)))


def clear(session: Session, alarm_id: int, person_id: int, now: datetime) -> bool:
    """Mark an alarm as looked into, never by the person it is about; tells whether it was open."""
    where = (KeyAlarmRow.id == alarm_id, KeyAlarmRow.cleared_at.is_(None), KeyAlarmRow.person_id != person_id)
    return session.scalar(update(KeyAlarmRow).where(*where).values(cleared_at=now, cleared_by=person_id).returning(KeyAlarmRow.id)) is not None
