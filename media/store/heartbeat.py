"""The hot path of watching: one statement reads what reports are decided against, one stores what they changed.

Nothing is locked in between: each row is stored only if it is still the version that was read (PostgreSQL's own `xmin`).
Both run in the database: `functions/heartbeat_state.sql`, `functions/heartbeat_save.sql`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from lms.kernel.statement import Prepared
from media.domain.interval import Spans
from media.domain.lease import Budget, Lease
from media.domain.playback import Decision, Standing, Watched
from media.domain.presence import Presence
from media.store.spans import from_text, to_text

Link = psycopg.Connection[Any]
Versions = tuple[str, str, str]  # of the rows of account, lease and video


@dataclass(frozen=True, slots=True)
class Known:
    """What a report is decided against: its account, lease and video, and whether it and its sign-in are good."""

    seen: Versions
    signed_in: bool
    repeated: bool
    newest_lease: int | None
    standing: Standing
    done_at: datetime | None
    delivered: Spans
    gap: bool


class RefusedLine(msgspec.Struct):
    """One refusal as it is kept."""

    reason: str
    provisional: bool
    spans: str


class Turn(msgspec.Struct, kw_only=True):
    """Everything that one report changes; the names are those of `heartbeat_save`."""

    person_id: int
    activity_id: int
    asset_id: int
    lease_id: int
    login_id: int
    account_seen: str
    lease_seen: str
    watched_seen: str
    sequence: int
    arrived_at: datetime
    claimed: str
    gained: str
    counted_at: datetime
    unspent_ms: int
    lost_ms: int
    accepted: str
    waiting: str
    waiting_since: datetime | None
    undelivered: str
    resume_ms: int
    done_at: datetime | None
    job: str | None
    asks: bool
    left_ms: int | None
    number: int
    asked_at: datetime | None
    refused: list[RefusedLine] | None


class _Line(msgspec.Struct, array_like=True):
    lease_id: int
    account_seen: str
    lease_seen: str
    watched_seen: str
    signed_in: bool
    repeated: bool
    newest_lease: int | None
    left_ms: int | None
    number: int
    asked_at: datetime | None
    counted_at: datetime
    unspent_ms: int
    lost_ms: int
    closed_at: datetime | None
    accepted: str
    waiting: str
    waiting_since: datetime | None
    undelivered: str
    resume_ms: int
    done_at: datetime | None
    delivered: str | None
    gap: bool


_STATE = Prepared("heartbeat_state", "SELECT heartbeat_state($1, $2, $3, $4)")
_SAVE = Prepared("heartbeat_save", "SELECT heartbeat_save($1, $2, $3), pg_current_xact_id()::xid")  # each row written has this number as its version
_LINES = msgspec.json.Decoder(list[_Line])


def turn(
    lease: Lease, known: Known, decision: Decision, *, login_id: int, sequence: int, arrived: datetime, claimed: Spans, done_at: datetime | None, job: str
) -> Turn:
    """Write down what a decided report changes; `job` is queued once the video is done."""
    watched, budget, presence = decision.standing.watched, decision.standing.budget, decision.standing.presence
    return Turn(
        person_id=lease.person_id,
        activity_id=lease.activity_id,
        asset_id=lease.asset_id,
        lease_id=lease.id,
        login_id=login_id,
        account_seen=known.seen[0],
        lease_seen=known.seen[1],
        watched_seen=known.seen[2],
        sequence=sequence,
        arrived_at=arrived,
        claimed=to_text(claimed),
        gained=to_text(decision.accepted),
        counted_at=budget.counted_at,
        unspent_ms=budget.unspent_ms,
        lost_ms=budget.lost_ms,
        accepted=to_text(watched.accepted),
        waiting=to_text(watched.waiting),
        waiting_since=watched.waiting_since,
        undelivered=to_text(watched.undelivered),
        resume_ms=watched.resume_ms,
        done_at=done_at,
        job=job if done_at != known.done_at else None,
        asks=presence != known.standing.presence,
        left_ms=presence.left_ms,
        number=presence.number,
        asked_at=presence.asked_at,
        refused=[RefusedLine(one.reason.value, one.provisional, to_text(one.spans)) for one in decision.refused] or None,
    )


def load(link: Link, leases: Sequence[int], logins: Sequence[int], sequences: Sequence[int], now: datetime) -> dict[int, Known]:
    """Return what reports of different leases are decided against, by lease; one that is gone is missing."""
    found = _STATE.rows(link, (_array(leases), _array(logins), _array(sequences), now.isoformat().encode()))[0][0]
    return {line.lease_id: _known(line) for line in _LINES.decode(found)} if found else {}


def save(link: Link, turns: Sequence[Turn]) -> dict[int, Versions]:
    """Store the turns of different people; return the new versions of the rows of those who were not overtaken by a report of the same person."""
    more = any(one.refused or one.job for one in turns)
    stored, version = _SAVE.rows(link, (_array([one.person_id for one in turns]), msgspec.json.encode(turns), b"t" if more else b"f"))[0]
    people, written = set(map(int, stored[1:-1].split(b","))) if stored else (), (version or b"").decode()
    return {one.person_id: (written if one.asks else one.account_seen, written, written) for one in turns if one.person_id in people}


def _known(line: _Line) -> Known:
    return Known(
        seen=(line.account_seen, line.lease_seen, line.watched_seen),
        signed_in=line.signed_in,
        repeated=line.repeated,
        newest_lease=line.newest_lease,
        standing=Standing(
            Watched(from_text(line.accepted), from_text(line.waiting), line.waiting_since, from_text(line.undelivered), line.resume_ms),
            Budget(line.counted_at, line.unspent_ms, line.lost_ms, line.closed_at),
            Presence(line.left_ms, line.number, line.asked_at),
        ),
        done_at=line.done_at,
        delivered=from_text(line.delivered),
        gap=line.gap,
    )


def _array(numbers: Sequence[int]) -> bytes:
    return f"{{{','.join(map(str, numbers))}}}".encode()
