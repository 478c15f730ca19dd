"""The hot path of watching: lock, load and save a batch of reports in three statements."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from media.domain.interval import Spans
from media.domain.lease import Budget
from media.domain.playback import Reason, Watched
from media.domain.presence import Presence
from media.store.lease import AccountState
from media.store.spans import from_text, to_text

Link = psycopg.Connection[Any]
WatchedKey = tuple[int, int, int]  # person, activity, asset


@dataclass(frozen=True, slots=True)
class LeaseState:
    """What a report needs to know of its lease and video."""

    budget: Budget
    watched: Watched
    done_at: datetime | None
    delivered: Spans
    gap: bool
    seen: frozenset[int]


@dataclass(frozen=True, slots=True)
class Beat:
    """One report as it is kept."""

    lease_id: int
    sequence: int
    arrived_at: datetime
    claimed: Spans
    accepted: Spans


@dataclass(frozen=True, slots=True)
class RefusedSpan:
    """One refusal as it is kept."""

    key: WatchedKey
    lease_id: int
    at: datetime
    reason: Reason
    provisional: bool
    spans: Spans


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything a batch changes, each row once."""

    beats: Sequence[Beat]
    refused: Sequence[RefusedSpan]
    budgets: Mapping[int, Budget]
    watched: Mapping[WatchedKey, tuple[Watched, datetime | None, datetime]]
    presences: Mapping[int, Presence]


# lms's `login` is read here by name: asking lms would cost the query that this path exists to save.
_LOCK = (
    "SELECT person_id, lease_id, presence_left_ms, presence_number, presence_asked_at, "
    "ARRAY(SELECT g.id FROM login g WHERE g.id = ANY(%s) AND g.person_id = a.person_id AND g.ended_at IS NULL AND g.ends_at > %s) "
    "FROM playback_account a WHERE person_id = ANY(%s) ORDER BY person_id FOR UPDATE OF a"
)
# A statement of its own after the lock: under READ COMMITTED it sees what the former holder of the lock wrote.
_LOAD = (
    "SELECT l.id, l.counted_at, l.unspent_ms, l.lost_ms, l.closed_at, w.accepted::text, w.waiting::text, w.waiting_since, "
    "w.undelivered::text, w.resume_ms, w.done_at, d.spans::text, EXISTS (SELECT FROM delivery_gap g WHERE g.until_at >= l.opened_at), "
    "ARRAY(SELECT b.sequence FROM beat b WHERE b.lease_id = l.id AND b.sequence = ANY(%s)) "
    "FROM playback_lease l JOIN watched w USING (person_id, activity_id, asset_id) "
    "LEFT JOIN delivery d USING (person_id, asset_id) WHERE l.id = ANY(%s)"
)
# One parameter of JSON: thirty arrays would cost the driver more than the database needs for the writes.
_SAVE = (
    "WITH given AS (SELECT %s::json AS given), "
    "beats AS (INSERT INTO beat (lease_id, sequence, arrived_at, claimed, accepted) SELECT b.* FROM given, json_to_recordset(given -> 'beats') "
    "AS b (lease_id bigint, sequence int, arrived_at timestamptz, claimed int4multirange, accepted int4multirange)), "
    "refusals AS (INSERT INTO refused_span (person_id, activity_id, lease_id, at, reason, provisional, spans) "
    "SELECT r.* FROM given, json_to_recordset(given -> 'refused') "
    "AS r (person_id bigint, activity_id bigint, lease_id bigint, at timestamptz, reason text, provisional boolean, spans int4multirange)), "
    "leases AS (UPDATE playback_lease l SET counted_at = n.counted_at, unspent_ms = n.unspent_ms, lost_ms = n.lost_ms "
    "FROM given, json_to_recordset(given -> 'budgets') AS n (id bigint, counted_at timestamptz, unspent_ms int, lost_ms bigint) WHERE l.id = n.id), "
    "seconds AS (UPDATE watched w SET accepted = n.accepted, waiting = n.waiting, waiting_since = n.waiting_since, undelivered = n.undelivered, "
    "resume_ms = n.resume_ms, done_at = n.done_at, updated_at = n.updated_at FROM given, json_to_recordset(given -> 'watched') "
    "AS n (person_id bigint, activity_id bigint, asset_id bigint, accepted int4multirange, waiting int4multirange, waiting_since timestamptz, "
    "undelivered int4multirange, resume_ms int, done_at timestamptz, updated_at timestamptz) "
    "WHERE w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id) "
    "UPDATE playback_account a SET presence_left_ms = n.left_ms, presence_number = n.number, presence_asked_at = n.asked_at "
    "FROM given, json_to_recordset(given -> 'presences') AS n (person_id bigint, left_ms int, number int, asked_at timestamptz) "
    "WHERE a.person_id = n.person_id"
)
_ENQUEUE = "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', %s, 0, NULL, NULL, %s::jsonb, NULL)::procrastinate_job_to_defer_v1])"


def lock(link: Link, people: Sequence[int], logins: Sequence[int], now: datetime) -> dict[int, AccountState]:
    """Lock the accounts, always in the same order."""
    rows = link.execute(_LOCK, (list(logins), now, list(people)))
    return {row[0]: AccountState(row[1], Presence(row[2], row[3], row[4]), frozenset(row[5])) for row in rows}


def load(link: Link, leases: Sequence[int], sequences: Sequence[int]) -> dict[int, LeaseState]:
    """Return what the reports are decided against."""
    return {
        row[0]: LeaseState(
            budget=Budget(row[1], row[2], row[3], row[4]),
            watched=Watched(from_text(row[5]), from_text(row[6]), row[7], from_text(row[8]), row[9]),
            done_at=row[10],
            delivered=from_text(row[11]),
            gap=row[12],
            seen=frozenset(row[13]),
        )
        for row in link.execute(_LOAD, (list(sequences), list(leases)))
    }


def save(link: Link, changes: Changes) -> None:
    """Write the batch in one statement."""
    given = {
        "beats": [
            {"lease_id": one.lease_id, "sequence": one.sequence, "arrived_at": one.arrived_at, "claimed": to_text(one.claimed),
             "accepted": to_text(one.accepted)}
            for one in changes.beats
        ],
        "refused": [
            {"person_id": one.key[0], "activity_id": one.key[1], "lease_id": one.lease_id, "at": one.at, "reason": one.reason.value,
             "provisional": one.provisional, "spans": to_text(one.spans)}
            for one in changes.refused
        ],
        "budgets": [
            {"id": lease_id, "counted_at": one.counted_at, "unspent_ms": one.unspent_ms, "lost_ms": one.lost_ms} for lease_id, one in changes.budgets.items()
        ],
        "watched": [_watched_line(key, *line) for key, line in changes.watched.items()],
        "presences": [
            {"person_id": person_id, "left_ms": one.left_ms, "number": one.number, "asked_at": one.asked_at} for person_id, one in changes.presences.items()
        ],
    }  # fmt: skip
    link.execute(_SAVE, (msgspec.json.encode(given).decode(),))


def _watched_line(key: WatchedKey, state: Watched, done_at: datetime | None, now: datetime) -> dict[str, object]:
    return {
        "person_id": key[0], "activity_id": key[1], "asset_id": key[2], "accepted": to_text(state.accepted), "waiting": to_text(state.waiting),
        "waiting_since": state.waiting_since, "undelivered": to_text(state.undelivered), "resume_ms": state.resume_ms, "done_at": done_at, "updated_at": now,
    }  # fmt: skip


def enqueue(link: Link, job: str, arguments: Mapping[str, object]) -> None:
    """Queue a job in the batch's transaction."""
    link.execute(_ENQUEUE, (job, json.dumps(arguments)))
