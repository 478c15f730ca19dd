"""Courses as their editors make them: each function one transaction over the verbs of lessons."""

from dataclasses import dataclass
from datetime import datetime

from lms.domain.activity import Activity, Panel
from lms.domain.lesson import Course, Lesson
from lms.kernel.db import transaction
from lms.services import activity as activities
from lms.services import lesson as lessons
from lms.store import activity as activity_store


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course with its lessons and what tools attached to them."""

    course: Course
    lessons: tuple[Lesson, ...]
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson as its editor sees it."""

    course: Course
    lesson: Lesson
    activities: tuple[Activity, ...]
    editors: tuple[Panel, ...]


def courses() -> tuple[Course, ...]:
    """Return every course."""
    with transaction() as session:
        return lessons.courses(session)


def view(course_id: int) -> CourseView:
    """Return a course with its lessons."""
    with transaction() as session:
        course = lessons.course(session, course_id)
        found = activity_store.of_programme(session, course.programme_code)
        return CourseView(course, lessons.lessons_of_course(session, course_id), found)


def lesson(lesson_id: int, person_id: int) -> LessonView:
    """Return a lesson with its activities and what tools offer its editor."""
    with transaction() as session:
        found = lessons.lesson(session, lesson_id)
        attached = tuple(one for one in activity_store.of_programme(session, found.programme_code) if one.lesson_id == lesson_id)
        return LessonView(lessons.course(session, found.course_id), found, attached, activities.editors(session, person_id, found, attached))


def create_course(*, programme_code: str, title: str, summary: str, actor_id: int, now: datetime) -> int:
    """Begin a course."""
    with transaction() as session:
        return lessons.create_course(session, programme_code=programme_code, title=title, summary=summary, actor_id=actor_id, now=now)


def create_lesson(*, course_id: int, title: str, topic: str, seconds: int, quiz: bool, actor_id: int, now: datetime) -> int:
    """Add a lesson at the end of a course."""
    with transaction() as session:
        return lessons.create_lesson(session, course_id=course_id, title=title, topic=topic, seconds=seconds, quiz=quiz, actor_id=actor_id, now=now)


def change_lesson(lesson_id: int, *, title: str, topic: str, seconds: int, quiz: bool, actor_id: int, now: datetime) -> None:
    """Change a lesson."""
    with transaction() as session:
        lessons.change_lesson(session, lesson_id, title=title, topic=topic, seconds=seconds, quiz=quiz, actor_id=actor_id, now=now)


def move_earlier(course_id: int, lesson_id: int) -> None:
    """Move a lesson one place up; the first stays first."""
    with transaction() as session:
        ids = [one.id for one in lessons.lessons_of_course(session, course_id)]
        if lesson_id not in ids:
            raise lessons.OtherLessons
        at = ids.index(lesson_id)
        if at > 0:
            ids[at - 1], ids[at] = ids[at], ids[at - 1]
            lessons.order_lessons(session, course_id, ids)


def publish(course_id: int, *, shown: bool, actor_id: int, now: datetime) -> None:
    """Show a course to its learners, or hide it."""
    with transaction() as session:
        lessons.publish(session, course_id, shown=shown, actor_id=actor_id, now=now)
