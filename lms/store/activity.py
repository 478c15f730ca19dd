"""Activities attached to lessons and programmes, and who has done them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, Text, UniqueConstraint, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.activity import Activity
from lms.domain.lesson import QUIZ_KIND
from lms.kernel.db import Base, Session
from lms.kernel.statement import Statement


class ActivityRow(Base):
    """One thing to do, provided by a tool."""

    __tablename__ = "activity"
    __table_args__ = (UniqueConstraint("programme_code", "lesson_id", "kind", "ref", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    lesson_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("lesson.id"), index=True)
    programme_code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(Integer)


class ActivityDoneRow(Base):
    """That a person has done an activity: the seconds measured, and the tool's evidence."""

    __tablename__ = "activity_done"

    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("activity.id"), primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer)
    evidence: Mapped[str] = mapped_column(Text)
    done_at: Mapped[datetime]


# In the order of Activity's fields.
COLUMNS = (
    ActivityRow.id,
    ActivityRow.kind,
    ActivityRow.ref,
    ActivityRow.title,
    ActivityRow.lesson_id,
    ActivityRow.programme_code,
)


def activity_from(row: Any) -> Activity:
    """Read an activity from a row that begins with its columns."""
    return Activity(*row[: len(COLUMNS)])


_ONE = Statement(select(*COLUMNS).where(ActivityRow.id == bindparam("activity_id")))
_OF_PROGRAMME = select(*COLUMNS).where(ActivityRow.programme_code == bindparam("programme_code")).order_by(ActivityRow.position, ActivityRow.id)
_ALL = Statement(_OF_PROGRAMME)
_OUTSIDE_LESSONS = Statement(_OF_PROGRAMME.where(ActivityRow.lesson_id.is_(None)))


def add(session: Session, *, lesson_id: int | None, programme_code: str, kind: str, ref: str, title: str) -> int:
    """Keep an activity behind those of its lesson; the same one twice is one, with the newer title."""
    last = (
        select(func.coalesce(func.max(ActivityRow.position), 0) + 1)
        .where(ActivityRow.programme_code == programme_code, ActivityRow.lesson_id.is_not_distinct_from(lesson_id))
        .scalar_subquery()
    )
    statement = insert(ActivityRow).values(lesson_id=lesson_id, programme_code=programme_code, kind=kind, ref=ref, title=title, position=last)
    return session.execute(
        statement.on_conflict_do_update(index_elements=["programme_code", "lesson_id", "kind", "ref"], set_={"title": statement.excluded.title}).returning(
            ActivityRow.id
        )
    ).scalar_one()


def replace(session: Session, activity_id: int, *, ref: str, title: str) -> None:
    """Let an activity stand for another thing of its tool."""
    session.execute(update(ActivityRow).where(ActivityRow.id == activity_id).values(ref=ref, title=title))


def one(session: Session, activity_id: int) -> Activity | None:
    """Return one activity."""
    row = _ONE.row(session, activity_id=activity_id)
    return activity_from(row) if row else None


def of_kind(session: Session, kind: str, ref: str | None) -> tuple[Activity, ...]:
    """Return the activities of one kind, or those of one thing."""
    query = select(*COLUMNS).where(ActivityRow.kind == kind).order_by(ActivityRow.id)
    if ref is not None:
        query = query.where(ActivityRow.ref == ref)
    return tuple(activity_from(row) for row in session.execute(query))


def of_programme(session: Session, programme_code: str) -> tuple[Activity, ...]:
    """Return every activity of a programme in order."""
    return tuple(activity_from(row) for row in _ALL.rows(session, programme_code=programme_code))


def outside_lessons(session: Session, programme_code: str) -> tuple[Activity, ...]:
    """Return the activities of the programme as a whole, such as its exam."""
    return tuple(activity_from(row) for row in _OUTSIDE_LESSONS.rows(session, programme_code=programme_code))


_KEEP_DONE = Statement(
    text(
        "INSERT INTO activity_done AS d (person_id, activity_id, seconds, evidence, done_at) VALUES (:person_id, :activity_id, :seconds, :evidence, :now)"
        " ON CONFLICT (person_id, activity_id) DO UPDATE SET seconds = excluded.seconds, evidence = excluded.evidence"
        " WHERE d.seconds < excluded.seconds AND :raising"
    )
)


def keep_done(session: Session, *, person_id: int, activity_id: int, seconds: int, evidence: str, now: datetime, raising: bool = True) -> None:
    """Remember that an activity is done; a repeated report can only raise the seconds, or nothing at all."""
    _KEEP_DONE.rows(session, person_id=person_id, activity_id=activity_id, seconds=seconds, evidence=evidence, now=now, raising=raising)


_IS_QUIZ = ActivityRow.kind == QUIZ_KIND
_IS_DONE = ActivityDoneRow.activity_id.is_not(None)
_DONE_IN_LESSON = Statement(
    select(
        func.coalesce(func.bool_and(_IS_DONE).filter(~_IS_QUIZ), False).label("watched"),
        func.coalesce(func.bool_and(_IS_DONE).filter(_IS_QUIZ), False).label("quizzed"),
        func.coalesce(func.sum(ActivityDoneRow.seconds).filter(~_IS_QUIZ), 0).label("seconds"),
    )
    .select_from(ActivityRow)
    .outerjoin(ActivityDoneRow, (ActivityDoneRow.activity_id == ActivityRow.id) & (ActivityDoneRow.person_id == bindparam("person_id")))
    .where(ActivityRow.lesson_id == bindparam("lesson_id"))
)


def keep_done_by(session: Session, activity_id: int, evidence: Mapping[int, str], now: datetime) -> None:
    """Remember of many people, each with her evidence, that an activity without seconds is done; who had done it before stays as she is."""
    rows = [{"person_id": person, "activity_id": activity_id, "seconds": 0, "evidence": why, "done_at": now} for person, why in evidence.items()]
    if rows:
        session.execute(insert(ActivityDoneRow).on_conflict_do_nothing(), rows)


def done_in_lesson(session: Session, person_id: int, lesson_id: int) -> tuple[bool, bool, int]:
    """Tell whether everything to watch is done, whether the quizzes are, and how many seconds were measured."""
    row = _DONE_IN_LESSON.row(session, person_id=person_id, lesson_id=lesson_id)
    return bool(row.watched), bool(row.quizzed), int(row.seconds)
