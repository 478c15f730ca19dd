"""What a report left behind, signed for the browser to bring along with the next: that one is then decided without asking the database.

It is a guess and stores nothing by itself: what was decided on it is stored only if account, lease and video are still those versions.
"""

from datetime import datetime

import msgspec

from lms.kernel.security import Signer, TokenRefused
from media.domain.interval import Spans, difference
from media.domain.lease import Budget, Lease
from media.domain.playback import Decision, Standing, Watched
from media.domain.presence import Presence
from media.store.heartbeat import Known, Versions

MOST_SPANS = 40  # whoever jumps about more brings nothing along, and the database is asked

# Filled once when the package is mounted, read afterwards.
_signers: dict[str, Signer] = {}


class Left(msgspec.Struct, array_like=True, frozen=True):
    """What a report left behind; `ahead`: what is known as delivered and does not count yet."""

    lease_id: int
    newest_lease: int | None
    accepted: Spans
    ahead: Spans
    resume_ms: int
    counted_at: datetime
    unspent_ms: int
    lost_ms: int
    closed_at: datetime | None
    left_ms: int | None
    number: int
    asked_at: datetime | None
    done_at: datetime | None


class StandingToken(msgspec.Struct, array_like=True, frozen=True):
    """What travels: the versions of the rows that were stored, and what they say."""

    seen: Versions
    left: Left


def configure(secret_key: str) -> None:
    """Take the key that signs standings."""
    _signers["standing"] = Signer(secret_key, "standing")


def left(lease: Lease, known: Known, found: Decision, done_at: datetime | None) -> Left | None:
    """Return what a report leaves behind; None where the next one has to ask the database anyway."""
    watched, budget, presence = found.standing.watched, found.standing.budget, found.standing.presence
    ahead = difference(known.delivered, watched.accepted)
    if not watched.settled or not ahead or len(watched.accepted) + len(ahead) > MOST_SPANS:
        return None
    return Left(
        lease.id, known.newest_lease, watched.accepted, ahead, watched.resume_ms, budget.counted_at, budget.unspent_ms, budget.lost_ms,
        budget.closed_at, presence.left_ms, presence.number, presence.asked_at, done_at,
    )  # fmt: skip


def sign(behind: Left, seen: Versions) -> str:
    """Return it as text."""
    return _signers["standing"].sign(StandingToken(seen, behind))


def read(token: str, lease: Lease) -> Known | None:
    """Return what a browser brought along; None if it is of another lease or not ours."""
    try:
        found = _signers["standing"].read(token, StandingToken)
    except TokenRefused:
        return None
    behind = found.left
    if behind.lease_id != lease.id:
        return None
    return Known(
        seen=found.seen,
        signed_in=True,
        repeated=False,
        newest_lease=behind.newest_lease,
        standing=Standing(
            Watched(behind.accepted, resume_ms=behind.resume_ms),
            Budget(behind.counted_at, behind.unspent_ms, behind.lost_ms, behind.closed_at),
            Presence(behind.left_ms, behind.number, behind.asked_at),
        ),
        done_at=behind.done_at,
        delivered=behind.ahead,
        gap=False,
    )
