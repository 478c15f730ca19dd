"""Courses, lessons, and how far each learner is in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Row,
    String,
    Text,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.lesson import Course, Lesson, LessonState
from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.kernel.statement import Statement
from lms.store.enrolment import EnrolmentRow
from lms.store.hours import HoursEntryRow


class CourseRow(Base):
    """A row of lessons of one programme; learners see it once it is published."""

    __tablename__ = "course"
    __table_args__ = (Index("ix_course_programme", "programme_code", "position"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    programme_code: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    published_at: Mapped[datetime | None] = mapped_column(default=None)


class LessonRow(Base):
    """One lesson of a course."""

    __tablename__ = "lesson"
    __table_args__ = (CheckConstraint("seconds > 0", name="takes_time"), Index("ix_lesson_course", "course_id", "position"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    course_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"))
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(64))
    seconds: Mapped[int] = mapped_column(Integer)
    quiz: Mapped[bool] = mapped_column(Boolean)


class LessonLengthRow(Base):
    """What a lesson's nominal length was from an instant on: an entry of the ledger keeps the worth it had."""

    __tablename__ = "lesson_length"
    __table_args__ = (Index("ix_lesson_length_lesson", "lesson_id", "since"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    lesson_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("lesson.id"))
    seconds: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime]


class LessonStateRow(Base):
    """How far one learner is in one lesson."""

    __tablename__ = "lesson_state"
    __table_args__ = (CheckConstraint("state IN ('not_started', 'watching', 'watched', 'quiz_passed', 'credited')", name="state_known"),)

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"), primary_key=True)
    lesson_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("lesson.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime]


# In the order of Lesson's fields.
COLUMNS = (
    LessonRow.id,
    LessonRow.course_id,
    CourseRow.programme_code,
    LessonRow.title,
    LessonRow.topic,
    LessonRow.position,
    LessonRow.seconds,
    LessonRow.quiz,
    CourseRow.published_at.is_not(None).label("published"),
)
_COURSE = (
    CourseRow.id,
    CourseRow.programme_code,
    CourseRow.title,
    CourseRow.summary,
    CourseRow.position,
    CourseRow.published_at.is_not(None).label("published"),
)


def lesson_from(row: Any) -> Lesson:
    """Read a lesson from a row that begins with its columns."""
    return Lesson(*row[: len(COLUMNS)])


def _course(row: Row[*tuple[Any, ...]]) -> Course:
    return Course(**row._mapping)


_ONE_LESSON = Statement(select(*COLUMNS).join(CourseRow).where(LessonRow.id == bindparam("lesson_id")))


def lesson(session: Session, lesson_id: int) -> Lesson | None:
    """Return one lesson."""
    row = _ONE_LESSON.row(session, lesson_id=lesson_id)
    return lesson_from(row) if row else None


_LESSONS_WITH_STATES = Statement(
    select(*COLUMNS, LessonStateRow.state)
    .join(CourseRow)
    .outerjoin(LessonStateRow, (LessonStateRow.lesson_id == LessonRow.id) & (LessonStateRow.person_id == bindparam("person_id")))
    .where(CourseRow.programme_code == bindparam("programme_code"), CourseRow.published_at.is_not(None))
    .order_by(CourseRow.position, CourseRow.id, LessonRow.position, LessonRow.id)
)


def lessons_with_states(session: Session, person_id: int, programme_code: str) -> list[tuple[Lesson, LessonState]]:
    """Return the published lessons of a programme in order, each with the learner's state; one query."""
    rows = _LESSONS_WITH_STATES.rows(session, person_id=person_id, programme_code=programme_code)
    return [(lesson_from(row), LessonState(row.state or "not_started")) for row in rows]


# Part of the first page, so it is put together once.
_NEXT_LESSON = Statement(
    select(*COLUMNS, LessonStateRow.state)
    .join(CourseRow)
    .outerjoin(LessonStateRow, (LessonStateRow.lesson_id == LessonRow.id) & (LessonStateRow.person_id == bindparam("person_id")))
    .where(
        CourseRow.programme_code == bindparam("programme_code"),
        CourseRow.published_at.is_not(None),
        LessonStateRow.state.is_distinct_from(LessonState.CREDITED.value),
    )
    .order_by(CourseRow.position, CourseRow.id, LessonRow.position, LessonRow.id)
    .limit(1)
)


def next_lesson(session: Session, person_id: int, programme_code: str) -> tuple[Lesson, LessonState] | None:
    """Return the first published lesson that is not credited yet, with the learner's state."""
    row = _NEXT_LESSON.row(session, person_id=person_id, programme_code=programme_code)
    return (lesson_from(row), LessonState(row.state or "not_started")) if row else None


def courses(session: Session) -> tuple[Course, ...]:
    """Return every course, by programme."""
    rows = session.execute(select(*_COURSE).order_by(CourseRow.programme_code, CourseRow.position, CourseRow.id))
    return tuple(_course(row) for row in rows)


def course(session: Session, course_id: int) -> Course | None:
    """Return one course."""
    row = session.execute(select(*_COURSE).where(CourseRow.id == course_id)).one_or_none()
    return _course(row) if row else None


def lessons_of_course(session: Session, course_id: int) -> tuple[Lesson, ...]:
    """Return the lessons of a course in order."""
    rows = session.execute(select(*COLUMNS).join(CourseRow).where(LessonRow.course_id == course_id).order_by(LessonRow.position, LessonRow.id))
    return tuple(lesson_from(row) for row in rows)


def every_lesson(session: Session) -> tuple[Lesson, ...]:
    """Return the lessons of all courses, in the order of the courses and their own."""
    order = (CourseRow.programme_code, CourseRow.position, CourseRow.id, LessonRow.position, LessonRow.id)
    return tuple(lesson_from(row) for row in session.execute(select(*COLUMNS).join(CourseRow).order_by(*order)))


def published_seconds(session: Session, programme_code: str) -> int:
    """Sum the nominal length of the published lessons."""
    return session.execute(
        select(func.coalesce(func.sum(LessonRow.seconds), 0))
        .join(CourseRow)
        .where(CourseRow.programme_code == programme_code, CourseRow.published_at.is_not(None))
    ).scalar_one()


def mean_minutes(session: Session, programme_code: str) -> float | None:
    """Return the mean nominal length of the published lessons; None where there are none."""
    seconds = session.execute(
        select(func.avg(LessonRow.seconds)).join(CourseRow).where(CourseRow.programme_code == programme_code, CourseRow.published_at.is_not(None))
    ).scalar_one()
    return None if seconds is None else float(seconds) / 60


def add_course(session: Session, *, programme_code: str, title: str, summary: str) -> int:
    """Keep a course behind the others of its programme."""
    last = session.execute(select(func.max(CourseRow.position)).where(CourseRow.programme_code == programme_code)).scalar()
    row = CourseRow(programme_code=programme_code, title=title, summary=summary, position=(last or 0) + 1)
    session.add(row)
    session.flush()
    return row.id


def add_lesson(session: Session, *, course_id: int, title: str, topic: str, seconds: int, quiz: bool) -> int:
    """Keep a lesson behind the others of its course."""
    last = session.execute(select(func.max(LessonRow.position)).where(LessonRow.course_id == course_id)).scalar()
    row = LessonRow(course_id=course_id, title=title, topic=topic, seconds=seconds, quiz=quiz, position=(last or 0) + 1)
    session.add(row)
    session.flush()
    return row.id


def change_lesson(session: Session, lesson_id: int, *, title: str, topic: str, seconds: int, quiz: bool) -> None:
    """Change a lesson; what was credited keeps its worth."""
    session.execute(update(LessonRow).where(LessonRow.id == lesson_id).values(title=title, topic=topic, seconds=seconds, quiz=quiz))


def keep_length(session: Session, lesson_id: int, seconds: int, now: datetime) -> None:
    """Remember a lesson's nominal length from now on."""
    session.add(LessonLengthRow(lesson_id=lesson_id, seconds=seconds, since=now))
    session.flush()


def order_lessons(session: Session, lesson_ids: Sequence[int]) -> None:
    """Number lessons in the order given."""
    for position, lesson_id in enumerate(lesson_ids, start=1):
        session.execute(update(LessonRow).where(LessonRow.id == lesson_id).values(position=position))


def publish(session: Session, course_id: int, published_at: datetime | None) -> None:
    """Show a course to learners, or hide it."""
    session.execute(update(CourseRow).where(CourseRow.id == course_id).values(published_at=published_at))


_NOTE = Statement(
    text("INSERT INTO lesson_state (person_id, lesson_id, state, changed_at) VALUES (:person_id, :lesson_id, 'not_started', :now) ON CONFLICT DO NOTHING")
)
_LOCK = Statement(text("SELECT state FROM lesson_state WHERE person_id = :person_id AND lesson_id = :lesson_id FOR UPDATE"))
_SAVE = Statement(text("UPDATE lesson_state SET state = :state, changed_at = :now WHERE person_id = :person_id AND lesson_id = :lesson_id"))


def lock_state(session: Session, person_id: int, lesson_id: int, now: datetime) -> LessonState:
    """Lock a learner's lesson: whoever moves it on holds this row first."""
    _NOTE.rows(session, person_id=person_id, lesson_id=lesson_id, now=now)
    return LessonState(_LOCK.row(session, person_id=person_id, lesson_id=lesson_id).state)


_BEGIN = Statement(
    text(
        "INSERT INTO lesson_state (person_id, lesson_id, state, changed_at)"
        " SELECT :person_id, lesson_id, 'watching', :now FROM activity WHERE id = :activity_id AND lesson_id IS NOT NULL"
        " ON CONFLICT (person_id, lesson_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at WHERE lesson_state.state = 'not_started'"
    )
)


def begin(session: Session, person_id: int, activity_id: int, now: datetime) -> None:
    """Note that a learner has begun the lesson of an activity; whoever is further stays there."""
    _BEGIN.rows(session, person_id=person_id, activity_id=activity_id, now=now)


def save_state(session: Session, person_id: int, lesson_id: int, state: LessonState, now: datetime) -> None:
    """Keep how far a learner is."""
    _SAVE.rows(session, person_id=person_id, lesson_id=lesson_id, state=state.value, now=now)


_WATCHED = (
    select(LessonStateRow.person_id, LessonStateRow.lesson_id)
    .where(LessonStateRow.state == LessonState.WATCHED.value)
    .order_by(LessonStateRow.person_id, LessonStateRow.lesson_id)
)


def watched_by(session: Session, lesson_id: int) -> tuple[tuple[int, int], ...]:
    """Return who (person, lesson) has watched a lesson and lacks its quiz."""
    return tuple((person, lesson) for person, lesson in session.execute(_WATCHED.where(LessonStateRow.lesson_id == lesson_id)))


def watched_in(session: Session, programme_code: str) -> tuple[tuple[int, int], ...]:
    """Return who (person, lesson) has watched a lesson of a programme and lacks its quiz."""
    query = _WATCHED.join(LessonRow, LessonRow.id == LessonStateRow.lesson_id).join(CourseRow).where(CourseRow.programme_code == programme_code)
    return tuple((person, lesson) for person, lesson in session.execute(query))


def credit_without_match(session: Session) -> list[tuple[int, int, int]]:
    """List (enrolment, lesson, standing worth in lessons) wherever a lesson's state and its entries disagree."""
    worth = (
        select(HoursEntryRow.enrolment_id, HoursEntryRow.lesson_id, func.sum(HoursEntryRow.lessons).label("lessons"))
        .where(HoursEntryRow.lesson_id.is_not(None))
        .group_by(HoursEntryRow.enrolment_id, HoursEntryRow.lesson_id)
        .subquery()
    )
    credited = (
        select(EnrolmentRow.id.label("enrolment_id"), LessonStateRow.lesson_id)
        .join(LessonRow, LessonRow.id == LessonStateRow.lesson_id)
        .join(CourseRow, CourseRow.id == LessonRow.course_id)
        .join(
            EnrolmentRow,
            (EnrolmentRow.person_id == LessonStateRow.person_id) & (EnrolmentRow.programme_code == CourseRow.programme_code),
        )
        .where(LessonStateRow.state == LessonState.CREDITED.value)
        .subquery()
    )
    enrolment_id = func.coalesce(worth.c.enrolment_id, credited.c.enrolment_id)
    lesson_id = func.coalesce(worth.c.lesson_id, credited.c.lesson_id)
    rows = session.execute(
        select(enrolment_id, lesson_id, func.coalesce(worth.c.lessons, 0))
        .select_from(worth)
        .join(
            credited,
            (credited.c.enrolment_id == worth.c.enrolment_id) & (credited.c.lesson_id == worth.c.lesson_id),
            full=True,
        )
        .where(credited.c.lesson_id.is_(None) | func.coalesce(worth.c.lessons, 0).not_in((0, 1)) | worth.c.lesson_id.is_(None))
        .order_by(enrolment_id, lesson_id)
    )
    return [(int(one), int(two), int(three)) for one, two, three in rows]
