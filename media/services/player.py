"""What the player shows before a report is made: its panel on the lesson page, its addresses, the page of lost seconds."""

from dataclasses import dataclass
from datetime import datetime

from lms.domain.activity import Activity, LearningRules, Panel
from lms.kernel.db import Session, transaction
from media.domain.asset import AssetMissing
from media.domain.interval import Spans, difference, length, union
from media.domain.playback import Watched, losses, overdue
from media.services import asset as assets
from media.services import delivery, playback
from media.services import lease as leases
from media.services.library import library
from media.store import appeal as appeal_store
from media.store import playback as store

SPEEDS = ("0.75", "1", "1.25", "1.5", "2")


@dataclass(frozen=True, slots=True)
class Cookie:
    """The cookie that opens a video's files."""

    name: str
    value: str
    seconds: int
    path: str
    secure: bool


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A video's addresses and the cookie they need."""

    source: delivery.Source
    cookie: Cookie


@dataclass(frozen=True, slots=True)
class StripSpan:
    """One span of the strip under the video, in seconds."""

    start: float
    end: float
    state: str


@dataclass(frozen=True, slots=True)
class PlayerPanel:
    """The player on the lesson page."""

    activity_id: int
    title: str
    person_id: int
    seconds: int
    spans: tuple[StripSpan, ...]
    needed_seconds: int
    done: bool
    earns: bool
    opens: datetime | None
    closes: datetime | None
    rate: float
    speeds: tuple[str, ...]
    lost_seconds: int
    ready: bool


@dataclass(frozen=True, slots=True)
class LossesPage:
    """Which seconds of a video did not count."""

    activity_id: int
    lesson_id: int | None
    title: str
    seconds: int
    pending_seconds: int
    spans: tuple[StripSpan, ...]
    losses: tuple[playback.Loss, ...]
    appeals: tuple[appeal_store.Appeal, ...]
    may_appeal: bool


def source(*, person_id: int, login_id: int, activity_id: int, now: datetime) -> OpenedSource:
    """Return a video's addresses for a learner, and its cookie; looking is allowed outside the window, too."""
    with transaction() as session:
        activity, _rules = leases.learning(session, person_id, activity_id, now)
        asset = assets.asset(session, activity.ref)
        found = delivery.playback_source(session, person_id, asset)
    return OpenedSource(found, Cookie(*delivery.cookie(person_id, login_id, asset, now), secure=library().secure))


def panel(session: Session, person_id: int, activity: Activity, learning: LearningRules, now: datetime) -> Panel | None:
    """Return the player for the lesson page."""
    found = store.shown(session, person_id, activity.id, activity.ref)
    if found is None:
        raise AssetMissing
    watched = found.watched
    lost = [playback.Loss(at, refused) for at, refused in losses(found.refusals, watched)]
    ratio_ms = -(-found.length_ms * int(learning.watched_ratio * 10_000) // 10_000)
    page = PlayerPanel(
        activity_id=activity.id,
        title=activity.title,
        person_id=person_id,
        seconds=max(1, found.length_ms // 1000),
        spans=_strip(watched, lost),
        needed_seconds=ratio_ms // 1000,  # cut like what counted: “15 of 16” must not read as done
        done=found.done,
        earns=learning.earns_at(now),
        opens=learning.opens,
        closes=learning.closes,
        rate=float(learning.rate),
        speeds=SPEEDS,
        lost_seconds=sum(one.seconds for one in lost),
        ready=found.ready,
    )
    return Panel("media/player_panel.html", page, scripts=("media/player.js",), styles=("vendor/plyr.css", "media/player.css"))


def losses_page(person_id: int, activity_id: int, now: datetime) -> LossesPage:
    """Return which seconds of a video did not count, and the appeals about them."""
    with transaction() as session:
        activity, _rules = leases.learning(session, person_id, activity_id, now)
        asset = assets.asset(session, activity.ref)
        found = store.watched(session, person_id, activity_id, asset.id)
        watched = found[0] if found else Watched()
        lost = playback.losses(session, person_id, activity_id, watched)
        appeals = appeal_store.of_person(session, person_id, activity_id)
    # What still waits by now fell into a gap of our own record; nothing but a person's decision can settle it.
    pending = length(watched.waiting) // 1000 if overdue(watched, now) else 0
    return LossesPage(
        activity_id=activity_id,
        lesson_id=activity.lesson_id,
        title=activity.title,
        seconds=max(1, asset.length_ms // 1000),
        pending_seconds=pending,
        spans=_strip(watched, lost),
        losses=tuple(lost),
        appeals=appeals,
        may_appeal=bool(lost or pending) and not any(one.state == "open" for one in appeals),
    )


def _strip(watched: Watched, lost: list[playback.Loss]) -> tuple[StripSpan, ...]:
    refused: Spans = ()
    pending = watched.waiting
    for one in lost:
        if one.refused.provisional:
            pending = union(pending, one.refused.spans)
        else:
            refused = union(refused, one.refused.spans)
    parts = (("counted", watched.accepted), ("pending", pending), ("refused", difference(refused, pending)))
    return tuple(StripSpan(start / 1000, end / 1000, state) for state, spans in parts for start, end in spans)
