"""Throttling: how often a key may be used in a slot of time."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base, Session, transaction
from lms.kernel.refusal import TooMany
from lms.kernel.statement import Statement


class ThrottleRow(Base):
    """How often a key was used in a slot of time (a cache: losing it loosens the throttle, nothing else)."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_slot", "slot"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    uses: Mapped[int] = mapped_column(BigInteger)


class Bucket(NamedTuple):
    """So many uses of a key in a slot of time."""

    key: str
    limit: int
    within: timedelta


_COUNT = Statement(
    text("INSERT INTO throttle (key, slot, uses) VALUES (:key, :slot, 1) ON CONFLICT (key, slot) DO UPDATE SET uses = throttle.uses + 1 RETURNING uses")
)
_SWEPT_BY = 50  # one in so many fresh keys sweeps out what is old


def throttle(key: str, *, limit: int, within: timedelta, now: datetime) -> None:
    """Count one use of the key; raises TooMany above the limit inside the slot of time."""
    throttle_all([Bucket(key, limit, within)], now)


def throttle_all(buckets: Sequence[Bucket], now: datetime) -> None:
    """Count one use in each bucket, up to the first that is full; raises TooMany for that one.

    Commits by itself: a refused sign-in must count even though its own transaction rolls back.
    """
    with transaction() as session:
        full = any(_uses(session, bucket, now) > bucket.limit for bucket in buckets)
    if full:
        raise TooMany


def _uses(session: Session, bucket: Bucket, now: datetime) -> int:
    seconds = int(bucket.within.total_seconds())
    slot = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
    uses = int(_COUNT.row(session, key=bucket.key[:200], slot=slot).uses)
    if uses == 1 and secrets.randbelow(_SWEPT_BY) == 0:
        session.execute(text("DELETE FROM throttle WHERE slot < :old"), {"old": now - timedelta(days=1)})
    return uses
