"""A programme, its lessons and a learner, as tests arrange them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from demo.programme import DEMO_CODE, derive
from lms.domain.programme import Programme, parse
from lms.kernel.db import Session, transaction
from lms.services import activity, enrolment, lesson, programme, programme_version
from tests.conftest import NOON
from tests.support.cast import Member, id_of

CITY = "360700"  # its window is open at noon
CODE = DEMO_CODE


@cache
def programme_text(code: str = CODE) -> str:
    """Return the demo's programme as of the day all tests happen on."""
    text = derive(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"), date(2026, 11, 22))
    for key, value in (("online", "1.5"), ("offline", "1"), ("credit", '"measured"'), ("quiz_required", "true")):
        text = re.sub(rf"(?m)^{key} = \S+$", f"{key} = {value}", text, count=1)  # the demo's own figures follow its lectures
    return text.replace(f'code = "{CODE}"', f'code = "{code}"', 1)


def load(text: str | None = None) -> Programme:
    """Load the programme and return it."""
    programme_version.load(text or programme_text(), now=NOON)
    return parse(text or programme_text())


def enrol(session: Session, person_id: int, *, city: str = CITY, code: str = CODE, unit_id: int = 1, participants: tuple[str, ...] = ("homeroom",)) -> int:
    """Enrol a person while enrolment was open."""
    opens = programme.programme(session, code).enrolment.opens
    return enrolment.enrol(
        session,
        person_id=person_id,
        programme_code=code,
        participants=participants,
        unit_id=unit_id,
        city=city,
        sector="school",
        now=opens,
    )


def enrolled(*members: Member) -> int:
    """Load the programme and enrol members of the cast; returns the id of the first."""
    load()
    people = [id_of(member) for member in members]
    with transaction() as session:
        for person_id in people:
            enrol(session, person_id)
    return people[0]


@dataclass(frozen=True)
class Taught:
    """One lesson with its video and its quiz."""

    lesson_id: int
    video_id: int
    quiz_id: int


def taught(session: Session, *titles: str, seconds: int = 2700, code: str = CODE, published: bool = True) -> tuple[Taught, ...]:
    """Make a course of lessons, each with something to watch and a quiz."""
    course_id = lesson.create_course(session, programme_code=code, title="学校心理健康教育", summary="", actor_id=None, now=NOON)
    made = []
    for title in titles or ("第一讲",):
        lesson_id = lesson.create_lesson(session, course_id=course_id, title=title, topic="principles", seconds=seconds, quiz=True, actor_id=None, now=NOON)
        ids = [
            activity.add_activity(session, lesson_id=lesson_id, programme_code=code, kind=kind, ref=f"{kind}-{lesson_id}", title=title)
            for kind in ("test_video", "quiz")
        ]
        made.append(Taught(lesson_id, *ids))
    if published:
        lesson.publish(session, course_id, shown=True, actor_id=None, now=NOON)
    return tuple(made)


def with_quiz(lesson_id: int, code: str = CODE) -> None:
    """Give a lesson a quiz, whatever is in it."""
    with transaction() as session:
        activity.add_activity(session, lesson_id=lesson_id, programme_code=code, kind="quiz", ref="bank/topic", title="小测")


def learn(person_id: int, what: Taught, *, seconds: int = 2700, after: timedelta = timedelta()) -> None:
    """Watch a lesson and pass its quiz."""
    with transaction() as session:
        lesson.activity_done(session, person_id=person_id, activity_id=what.video_id, seconds=seconds, evidence="watched", now=NOON + after)
        lesson.activity_done(session, person_id=person_id, activity_id=what.quiz_id, seconds=0, evidence="quiz", now=NOON + after)
