"""Look videos up and attach them to lessons."""

from dataclasses import dataclass
from datetime import datetime

from lms import api as lms
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from media.domain.asset import VIDEO_KIND, Asset
from media.services.delivery import Source, playback_source
from media.store import asset as store


@dataclass(frozen=True, slots=True)
class LessonChoice:
    """One lesson a video can be attached to."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class AssetView:
    """One video with where it plays from, where it is used, and where it could be."""

    asset: Asset
    source: Source
    used_in: tuple[str, ...]
    choices: tuple[LessonChoice, ...]


def asset(session: Session, code: str) -> Asset:
    """Return a video by its code; raises AssetMissing."""
    return store.asset(session, code)


def attach_video(session: Session, *, lesson_id: int, programme_code: str, asset_code: str, title: str) -> int:
    """Make a video an activity of a lesson; returns the activity's id."""
    store.asset(session, asset_code)
    return lms.add_activity(session, lesson_id=lesson_id, programme_code=programme_code, kind=VIDEO_KIND, ref=asset_code, title=title)


def attach_to_lesson(*, code: str, lesson_id: int, actor_id: int | None, now: datetime) -> int:
    """Attach a video to a lesson under the video's own title; raises AssetMissing or LessonMissing."""
    with transaction() as session:
        found, lesson = store.asset(session, code), lms.lesson(session, lesson_id)
        activity_id = attach_video(session, lesson_id=lesson.id, programme_code=lesson.programme_code, asset_code=code, title=found.title)
        audit.record(session, actor_id=actor_id, action="asset.attach", subject=f"asset:{code}", now=now, lesson=lesson_id)
        return activity_id


def every() -> tuple[Asset, ...]:
    """Return every video, the newest first."""
    with transaction() as session:
        return store.every(session)


def one(code: str) -> Asset:
    """Return a video by its code; raises AssetMissing."""
    with transaction() as session:
        return store.asset(session, code)


def view(code: str, person_id: int) -> AssetView:
    """Return a video for its page."""
    with transaction() as session:
        found = store.asset(session, code)
        courses = {course.id: course.title for course in lms.courses(session)}
        lessons = {lesson.id: f"{courses[lesson.course_id]} · {lesson.title}" for lesson in lms.every_lesson(session)}
        used = [one.lesson_id for one in lms.activities(session, VIDEO_KIND, code) if one.lesson_id is not None]
        return AssetView(
            asset=found,
            source=playback_source(session, person_id, found),
            used_in=tuple(lessons[lesson_id] for lesson_id in used if lesson_id in lessons),
            choices=tuple(LessonChoice(lesson_id, title) for lesson_id, title in lessons.items() if lesson_id not in used),
        )
