"""Tries at lesson quizzes: the table and its statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.quiz import Given, QuizAttempt, QuizItem, QuizStanding
from lms.kernel.db import Base
from lms.kernel.statement import Statement


class QuizAttemptRow(Base):
    """One try: what was drawn, and what was handed in."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        UniqueConstraint("person_id", "activity_id", "number"),
        CheckConstraint("(submitted_at IS NULL) = (responses IS NULL)", name="submitted"),
        Index("ix_quiz_attempt_activity_id", "activity_id"),
        Index("ix_quiz_attempt_drawn", "drawn", postgresql_using="gin", postgresql_ops={"drawn": "jsonb_path_ops"}),
        Index("uq_quiz_attempt_open", "person_id", "activity_id", unique=True, postgresql_where=text("submitted_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    number: Mapped[int] = mapped_column(Integer)
    drawn: Mapped[Any] = mapped_column(JSONB)
    of_items: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None] = mapped_column(default=None)
    responses: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    right_items: Mapped[int] = mapped_column(Integer, default=0)
    passed: Mapped[bool] = mapped_column(Boolean, default=False)


# Rows rather than objects: a quiz is asked for far more often than it is written.
_READ = select(QuizAttemptRow.__table__)
_OWN = Statement(_READ.where(QuizAttemptRow.id == bindparam("attempt_id"), QuizAttemptRow.person_id == bindparam("person_id")))
_NEWEST = Statement(
    _READ.where(QuizAttemptRow.person_id == bindparam("person_id"), QuizAttemptRow.activity_id == bindparam("activity_id"))
    .order_by(QuizAttemptRow.number.desc())
    .limit(1)
)
_BEGIN = Statement(
    text(
        "INSERT INTO quiz_attempt (person_id, activity_id, number, drawn, of_items, started_at, right_items, passed)"
        " VALUES (:person_id, :activity_id, :number, CAST(:drawn AS jsonb), :of_items, :now, 0, false) ON CONFLICT DO NOTHING RETURNING id"
    )
)
_HAND_IN = Statement(
    text(
        "UPDATE quiz_attempt SET submitted_at = :now, responses = CAST(:responses AS jsonb), right_items = :right, passed = :passed"
        " WHERE id = :attempt_id AND submitted_at IS NULL RETURNING id"
    )
)


def begin(session: Session, *, person_id: int, activity_id: int, number: int, items: Sequence[QuizItem], now: datetime) -> int:
    """Open a try and return its id; where another start of the same person was faster, that one's."""
    drawn = msgspec.json.encode([(item.version_id, item.order) for item in items]).decode()
    row = _BEGIN.row(session, person_id=person_id, activity_id=activity_id, number=number, drawn=drawn, of_items=len(items), now=now)
    return int((row or _NEWEST.row(session, person_id=person_id, activity_id=activity_id)).id)


def of_person(session: Session, person_id: int, attempt_id: int) -> QuizAttempt | None:
    """Return one try of a person; another's is not found."""
    row = _OWN.row(session, person_id=person_id, attempt_id=attempt_id)
    return _attempt(row) if row else None


def newest_of(session: Session, person_id: int, activity_id: int) -> QuizAttempt | None:
    """Return the newest try of a person at a quiz."""
    row = _NEWEST.row(session, person_id=person_id, activity_id=activity_id)
    return _attempt(row) if row else None


def not_handed_in(session: Session, person_id: int, at: datetime) -> list[QuizAttempt]:
    """Return the tries of a person, at any quiz, that had not been handed in by then; those begun since are among them."""
    query = _READ.where(QuizAttemptRow.person_id == person_id, (QuizAttemptRow.submitted_at > at) | QuizAttemptRow.submitted_at.is_(None))
    return [_attempt(row) for row in session.execute(query)]


def hand_in(session: Session, attempt_id: int, *, responses: Sequence[Given], right: int, passed: bool, now: datetime) -> bool:
    """Store what was handed in, once; tell whether this was the time."""
    given = msgspec.json.encode(responses).decode()
    return bool(_HAND_IN.rows(session, attempt_id=attempt_id, responses=given, right=right, passed=passed, now=now))


def unproven(session: Session, kind: str, allowed: str) -> list[tuple[int, int]]:
    """Return the (person, activity) that the platform holds for passed, and no try of that person did; evidence that is allowed needs none."""
    rows = session.execute(
        text(
            "SELECT d.person_id, d.activity_id FROM activity_done d JOIN activity a ON a.id = d.activity_id AND a.kind = :kind "
            "WHERE d.evidence <> :allowed AND NOT EXISTS (SELECT FROM quiz_attempt q WHERE q.person_id = d.person_id AND q.activity_id = d.activity_id "
            "AND q.passed AND d.evidence = concat('quiz_attempt\\:', q.id)) ORDER BY 1, 2"
        ),
        {"kind": kind, "allowed": allowed},
    )
    return [(row[0], row[1]) for row in rows]


def passed_after(session: Session, last: int, limit: int) -> list[QuizAttempt]:
    """Return the passed tries behind one, in order."""
    query = _READ.where(QuizAttemptRow.passed, QuizAttemptRow.id > last).order_by(QuizAttemptRow.id).limit(limit)
    return [_attempt(row) for row in session.execute(query)]


_DONE = QuizAttemptRow.submitted_at.is_not(None)
_STANDINGS = Statement(
    select(
        QuizAttemptRow.activity_id,
        func.count().filter(_DONE).label("tries"),
        func.coalesce(func.bool_or(QuizAttemptRow.passed), False).label("passed"),
        func.coalesce(func.max(QuizAttemptRow.right_items).filter(_DONE), 0).label("best"),
        func.max(QuizAttemptRow.of_items).label("of_items"),
        func.max(QuizAttemptRow.id).filter(~_DONE).label("open_id"),
        func.max(QuizAttemptRow.id).filter(_DONE).label("newest_id"),
    )
    .where(QuizAttemptRow.person_id == bindparam("person_id"), QuizAttemptRow.activity_id == any_(bindparam("activity_ids", type_=ARRAY(BigInteger))))
    .group_by(QuizAttemptRow.activity_id)
)


def standings(session: Session, person_id: int, activity_ids: Sequence[int]) -> dict[int, QuizStanding]:
    """Tell how far a person is with each of the quizzes, in one query."""
    rows = _STANDINGS.rows(session, person_id=person_id, activity_ids=list(activity_ids))
    return {
        row.activity_id: QuizStanding(tries=row.tries, passed=row.passed, best=row.best, of_items=row.of_items, open_id=row.open_id, newest_id=row.newest_id)
        for row in rows
    }


def _attempt(row: Any) -> QuizAttempt:
    return QuizAttempt(
        id=row.id,
        person_id=row.person_id,
        activity_id=row.activity_id,
        number=row.number,
        items=tuple(QuizItem(version, tuple(order)) for version, order in row.drawn),
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        responses=tuple(tuple(response) for response in row.responses or ()),
        right=row.right_items,
        passed=row.passed,
    )
