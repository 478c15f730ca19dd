"""Open a lease: the newest play of an account wins, and everything a report needs is signed into its token."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from lms import api as lms
from lms.domain.activity import Activity, LearningRules
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from lms.kernel.security import Signer
from lms.kernel.throttle import throttle
from media.domain import lease as rules
from media.domain.asset import VIDEO_KIND, NotPlayable
from media.domain.lease import Budget, Lease
from media.domain.playback import Watched
from media.domain.presence import Presence
from media.services import asset as assets
from media.store import lease as store
from media.store import playback as watched_store

MOST_LEASES = 120  # a person opens one by each first press of play; only a script opens hundreds
KEPT = 20_000  # a token comes with every report of its lease and always says the same
MOST_LEASES_IN = timedelta(minutes=10)


class LeaseToken(msgspec.Struct, array_like=True, frozen=True):
    """The terms as they travel."""

    id: int
    person_id: int
    login_id: int
    activity_id: int
    asset_id: int
    length_ms: int
    opened_at: datetime
    opens: datetime | None
    closes: datetime | None
    rate: int
    done_ms: int
    presence_minutes: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class OpenedLease:
    """A lease as its player gets it."""

    token: str
    terms: Lease
    watched: Watched
    question: int | None
    question_seconds: int


# Filled once when the package is mounted, read afterwards.
_signers: dict[str, Signer] = {}


def configure(secret_key: str) -> None:
    """Take the key that signs leases."""
    _signers["lease"] = Signer(secret_key, "lease")
    read.cache_clear()


def sign(terms: Lease) -> str:
    """Return the lease's token."""
    return _signers["lease"].sign(LeaseToken(**{name: getattr(terms, name) for name in LeaseToken.__struct_fields__}))


@lru_cache(KEPT)
def read(token: str) -> Lease:
    """Return the terms behind a token; raises TokenRefused."""
    return Lease(*msgspec.structs.astuple(_signers["lease"].read(token, LeaseToken)))


def open_lease(*, person_id: int, login_id: int, activity_id: int, device: str, now: datetime) -> OpenedLease:
    """Open a lease for a video and close the account's former one."""
    throttle(f"lease:{person_id}", limit=MOST_LEASES, within=MOST_LEASES_IN, now=now)
    with transaction() as session:
        activity, found = learning(session, person_id, activity_id, now)
        terms = replace(_terms(session, activity, found, now), person_id=person_id, login_id=login_id)
        account = store.lock_account(session, person_id)
        previous = _close(session, account, now)
        terms = replace(terms, id=store.add_lease(session, terms, rules.begin(previous, now), device))
        store.save_account(session, person_id, terms.id, account.presence)
        watched = watched_store.begin_watched(session, terms, now)
        if terms.earns:
            lms.activity_begun(session, person_id=person_id, activity_id=activity_id, now=now)
    asked = account.presence if terms.presence_minutes else Presence()
    left = max(0, int((asked.deadline - now).total_seconds())) if asked.deadline else 0
    return OpenedLease(sign(terms), terms, watched, asked.number if asked.asked_at else None, left)


def learning(session: Session, person_id: int, activity_id: int, now: datetime) -> tuple[Activity, LearningRules]:
    """Return a video's activity and what holds for the learner; raises NotEnrolled."""
    activity = lms.activity(session, activity_id)
    if activity.kind != VIDEO_KIND:
        raise Missing
    found = lms.rules_for(session, person_id, activity.programme_code, now)
    if found is None:
        raise rules.NotEnrolled
    return activity, found


def _close(session: Session, account: store.AccountState, now: datetime) -> Budget | None:
    """Close the account's newest lease; what it has not spent stays for its late reports."""
    if account.lease_id is None:
        return None
    former, budget = store.lease(session, account.lease_id)
    closed = budget.closed(former, now, account.presence.deadline if former.presence_minutes else None)
    store.save_budget(session, former.id, closed)
    return closed


def _terms(session: Session, activity: Activity, found: LearningRules, now: datetime) -> Lease:
    asset = assets.asset(session, activity.ref)
    if not asset.playable or asset.length_ms <= 0:
        raise NotPlayable  # a video whose length is unknown has no share that could be watched
    return Lease(
        id=0,
        person_id=0,
        login_id=0,
        activity_id=activity.id,
        asset_id=asset.id,
        length_ms=asset.length_ms,
        opened_at=now,
        opens=found.opens,
        closes=found.closes,
        rate=int(found.rate * rules.FULL_RATE),
        done_ms=-(-asset.length_ms * int(found.watched_ratio * 10_000) // 10_000),
        presence_minutes=found.presence_minutes,
    )
