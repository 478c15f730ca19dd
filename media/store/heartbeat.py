"""The hot path of watching: lock, load and save a batch of reports in three statements."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
_SAVE = (
    "WITH beats AS (INSERT INTO beat (lease_id, sequence, arrived_at, claimed, accepted) "
    "SELECT lease_id, sequence, arrived_at, claimed::int4multirange, accepted::int4multirange FROM unnest("
    "%s::bigint[], %s::int[], %s::timestamptz[], %s::text[], %s::text[]) AS b (lease_id, sequence, arrived_at, claimed, accepted)), "
    "refusals AS (INSERT INTO refused_span (person_id, activity_id, lease_id, at, reason, provisional, spans) "
    "SELECT person_id, activity_id, lease_id, at, reason, provisional, spans::int4multirange FROM unnest("
    "%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::boolean[], %s::text[]) "
    "AS r (person_id, activity_id, lease_id, at, reason, provisional, spans)), "
    "leases AS (UPDATE playback_lease l SET counted_at = n.counted_at, unspent_ms = n.unspent_ms, lost_ms = n.lost_ms FROM unnest("
    "%s::bigint[], %s::timestamptz[], %s::int[], %s::bigint[]) AS n (id, counted_at, unspent_ms, lost_ms) WHERE l.id = n.id), "
    "seconds AS (UPDATE watched w SET accepted = n.accepted::int4multirange, waiting = n.waiting::int4multirange, "
    "waiting_since = n.waiting_since, undelivered = n.undelivered::int4multirange, resume_ms = n.resume_ms, done_at = n.done_at, "
    "updated_at = n.updated_at FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], "
    "%s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[]) AS n (person_id, activity_id, asset_id, accepted, waiting, "
    "waiting_since, undelivered, resume_ms, done_at, updated_at) "
    "WHERE w.person_id = n.person_id AND w.activity_id = n.activity_id AND w.asset_id = n.asset_id) "
    "UPDATE playback_account a SET presence_left_ms = n.left_ms, presence_number = n.number, presence_asked_at = n.asked_at FROM unnest("
    "%s::bigint[], %s::int[], %s::int[], %s::timestamptz[]) AS n (person_id, left_ms, number, asked_at) WHERE a.person_id = n.person_id"
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
    beats, refused, watched = changes.beats, changes.refused, changes.watched
    link.execute(
        _SAVE,
        (
            [beat.lease_id for beat in beats],
            [beat.sequence for beat in beats],
            [beat.arrived_at for beat in beats],
            [to_text(beat.claimed) for beat in beats],
            [to_text(beat.accepted) for beat in beats],
            [one.key[0] for one in refused],
            [one.key[1] for one in refused],
            [one.lease_id for one in refused],
            [one.at for one in refused],
            [one.reason.value for one in refused],
            [one.provisional for one in refused],
            [to_text(one.spans) for one in refused],
            list(changes.budgets),
            [budget.counted_at for budget in changes.budgets.values()],
            [budget.unspent_ms for budget in changes.budgets.values()],
            [budget.lost_ms for budget in changes.budgets.values()],
            [key[0] for key in watched],
            [key[1] for key in watched],
            [key[2] for key in watched],
            [to_text(state.accepted) for state, _done, _now in watched.values()],
            [to_text(state.waiting) for state, _done, _now in watched.values()],
            [state.waiting_since for state, _done, _now in watched.values()],
            [to_text(state.undelivered) for state, _done, _now in watched.values()],
            [state.resume_ms for state, _done, _now in watched.values()],
            [done for _state, done, _now in watched.values()],
            [now for _state, _done, now in watched.values()],
            list(changes.presences),
            [presence.left_ms for presence in changes.presences.values()],
            [presence.number for presence in changes.presences.values()],
            [presence.asked_at for presence in changes.presences.values()],
        ),
    )


def enqueue(link: Link, job: str, arguments: Mapping[str, object]) -> None:
    """Queue a job in the batch's transaction."""
    link.execute(_ENQUEUE, (job, json.dumps(arguments)))
