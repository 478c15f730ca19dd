"""Look videos up and attach them to lessons."""

from collections.abc import Sequence

from lms import api as lms
from lms.kernel.db import Session
from media.domain.asset import VIDEO_KIND, Asset, NotPlayable
from media.store import asset as store


def asset(session: Session, code: str) -> Asset:
    """Return a video by its code; raises AssetMissing."""
    return store.asset(session, code)


def assets(session: Session, codes: Sequence[str]) -> tuple[Asset, ...]:
    """Return the videos of these codes, by one query."""
    return store.by_codes(session, codes)


def attach_video(session: Session, *, lesson_id: int, programme_code: str, asset_code: str, title: str) -> int:
    """Make a video an activity of a lesson; returns the activity's id."""
    store.asset(session, asset_code)
    return lms.add_activity(session, lesson_id=lesson_id, programme_code=programme_code, kind=VIDEO_KIND, ref=asset_code, title=title)


def seconds_of(asset: Asset) -> int:
    """Return a video's length in whole seconds."""
    return asset.seconds


def playable(session: Session, code: str) -> Asset:
    """Return a video that can be played now; raises AssetMissing or NotPlayable."""
    found = store.asset(session, code)
    if not found.playable:
        raise NotPlayable
    return found
