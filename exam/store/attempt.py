"""Attempts and their submissions: tables and statements.

Whoever changes an attempt locks its row first; batches lock in the order of ids. Starting: `start.py`; ending in one call: `functions/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.attempt import Answer, State
from exam.domain.response import choices_of, texts_of
from lms.kernel.db import APPEND_ONLY, Base
from lms.kernel.statement import Statement


class AttemptRow(Base):
    """One learner's one try; the answers stand in three arrays, one element a position."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("exam_id", "person_id", "number"),
        CheckConstraint("state IN ('open', 'submitted', 'finalised', 'scored', 'annulled')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("cardinality(answers) = items AND cardinality(revisions) = items AND cardinality(marks) = items", name="arrays"),
        CheckConstraint("deadline >= started_at", name="deadline"),
        Index("ix_attempt_open", "deadline", postgresql_where=text("state = 'open'")),
        Index("ix_attempt_unscored", "id", postgresql_where=text("state IN ('submitted', 'finalised')")),
        Index("ix_attempt_person_id", "person_id"),
        Index("ix_attempt_deadline", "exam_id", "deadline"),  # the last bell of an exam
        {"postgresql_with": {"fillfactor": 60}},  # saves rewrite the row: room on its page keeps them off the indexes
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int] = mapped_column(Integer)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))
    state: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    base_deadline: Mapped[datetime]
    deadline: Mapped[datetime]
    percent: Mapped[int] = mapped_column(Integer)
    items: Mapped[int] = mapped_column(Integer)
    epoch: Mapped[int] = mapped_column(Integer)
    resumes: Mapped[int] = mapped_column(Integer)
    device: Mapped[str] = mapped_column(String(64))
    led_since: Mapped[datetime]
    answers: Mapped[list[str | None]] = mapped_column(ARRAY(String))
    revisions: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    marks: Mapped[list[bool]] = mapped_column(ARRAY(Boolean))
    late: Mapped[int] = mapped_column(Integer)
    reopened: Mapped[int] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    paused_at: Mapped[datetime | None] = mapped_column(default=None)  # since when its clock stands: what arrives later is not taken


class SubmissionRow(Base):
    """The one handing-in of an attempt (one for each time it was open)."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("attempt_id", "round"),
        CheckConstraint("ended_by IN ('learner', 'deadline')", name="ended_by"),
        Index("ix_submission_receipt", "receipt"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    round: Mapped[int] = mapped_column(Integer)
    ended_by: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    body_hash: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[datetime]
    answered: Mapped[int] = mapped_column(Integer)
    receipt: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as read."""

    id: int
    exam_id: int
    person_id: int
    number: int
    paper_id: int
    state: State
    started_at: datetime
    base_deadline: datetime
    deadline: datetime
    epoch: int
    resumes: int
    device: str
    led_since: datetime
    answers: dict[int, Answer]
    late: int
    reopened: int
    ended_at: datetime | None
    paused_at: datetime | None = None


# What is read of an attempt; rows rather than objects, because saves change it behind the session's back.
_READ = select(AttemptRow.__table__)


_NEWEST_OF = _READ.where(AttemptRow.exam_id == bindparam("exam"), AttemptRow.person_id == bindparam("person")).order_by(AttemptRow.number.desc()).limit(1)
_NEWEST = Statement(_NEWEST_OF)
_NEWEST_LOCKED = Statement(_NEWEST_OF.with_for_update())
_ONE_AT_A_TIME = Statement(text("SELECT pg_advisory_xact_lock(hashtextextended('attempt:' || CAST(:exam AS bigint), CAST(:person AS bigint)))"))


_STANDS = Statement(
    text(
        "SELECT EXISTS (SELECT FROM login JOIN person ON person.id = login.person_id WHERE login.id = :login AND person.id = :person"
        " AND login.ended_at IS NULL AND login.ends_at > :now AND person.active) AS stands"
    )
)


def stands(session: Session, login_id: int, person_id: int, now: datetime) -> bool:
    """Tell whether a sign-in stands."""
    return bool(_STANDS.row(session, login=login_id, person=person_id, now=now).stands)


def one_at_a_time(session: Session, exam_id: int, person_id: int) -> None:
    """Let no other start of the same person at the same exam go on until this transaction ends."""
    _ONE_AT_A_TIME.rows(session, exam=exam_id, person=person_id)


def hold_people(session: Session, ended: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts whose person nobody holds by `one_at_a_time`, now held here: who holds attempts already must not wait for people."""
    free = hold_free(session, [(one.exam_id, one.person_id) for one in ended])
    return [one for one in ended if (one.exam_id, one.person_id) in free]


def hold_free(session: Session, people: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return of people (exam and person) those whom nobody holds by `one_at_a_time`, now held here."""
    held = text(
        "SELECT exam, person FROM unnest(CAST(:exams AS bigint[]), CAST(:people AS bigint[])) AS one(exam, person)"
        " WHERE pg_try_advisory_xact_lock(hashtextextended('attempt:' || exam, person))"
    )
    columns = {"exams": [exam for exam, _person in people], "people": [person for _exam, person in people]}
    return {(exam, person) for exam, person in session.execute(held, columns)}


def newest_of(session: Session, person_id: int, exam_id: int, *, lock: bool = False) -> Attempt | None:
    """Return the person's newest attempt at an exam."""
    row = (_NEWEST_LOCKED if lock else _NEWEST).row(session, exam=exam_id, person=person_id)
    return None if row is None else attempt_of(row)


def is_newest(session: Session, attempt: Attempt) -> bool:
    """Tell whether a person's attempt at an exam is her last."""
    newest = newest_of(session, attempt.person_id, attempt.exam_id)
    return newest is not None and newest.id == attempt.id


def of_person(session: Session, person_id: int, exam_id: int) -> list[Attempt]:
    """Return the person's attempts at an exam, the first one first."""
    return of_people(session, [person_id], exam_id).get(person_id, [])


def of_people(session: Session, people: Sequence[int], exam_id: int) -> dict[int, list[Attempt]]:
    """Return many people's attempts at an exam, each person's first one first; who has none is left out."""
    found: dict[int, list[Attempt]] = {}
    for row in session.execute(_READ.where(AttemptRow.person_id.in_(people), AttemptRow.exam_id == exam_id).order_by(AttemptRow.number)):
        found.setdefault(row.person_id, []).append(attempt_of(row))
    return found


def newest_by_exam(session: Session, person_id: int, exam_ids: Sequence[int]) -> dict[int, Attempt]:
    """Return the person's newest attempt at each exam."""
    rows = session.execute(_READ.where(AttemptRow.person_id == person_id, AttemptRow.exam_id.in_(exam_ids)).order_by(AttemptRow.number))
    return {row.exam_id: attempt_of(row) for row in rows}


def lock(session: Session, attempt_id: int) -> Attempt | None:
    """Lock an attempt."""
    row = session.execute(_READ.where(AttemptRow.id == attempt_id).with_for_update()).first()
    return None if row is None else attempt_of(row)


def lock_alone(session: Session, attempt_id: int) -> Attempt:
    """Lock an attempt while no other of the person's is begun or scored: first the person, then the attempt, as starts do."""
    known = by_id(session, attempt_id)
    one_at_a_time(session, known.exam_id, known.person_id)
    locked = lock(session, attempt_id)
    assert locked is not None
    return locked


def find(session: Session, attempt_id: int) -> Attempt | None:
    """Return an attempt, if there is one."""
    return next(iter(read(session, AttemptRow.id == attempt_id, most=1)), None)


def by_id(session: Session, attempt_id: int) -> Attempt:
    """Return an attempt."""
    return attempt_of(session.execute(_READ.where(AttemptRow.id == attempt_id)).one())


def lead(session: Session, attempt_id: int, *, device: str, takeover: bool, now: datetime) -> tuple[int, int]:
    """Count a coming back, with a takeover in a new epoch; returns epoch and number of comings."""
    row = session.execute(
        text(
            "UPDATE attempt SET resumes = resumes + 1, device = :device, epoch = epoch + CASE WHEN :takeover THEN 1 ELSE 0 END,"
            " led_since = CASE WHEN :takeover THEN :now ELSE led_since END WHERE id = :id RETURNING epoch, resumes"
        ),
        {"id": attempt_id, "device": device, "takeover": takeover, "now": now},
    ).one()
    return row[0], row[1]


def set_state(session: Session, attempt_id: int, state: State) -> None:
    """Move an ended attempt on; the database refuses what the table of transitions does not hold."""
    session.execute(text("UPDATE attempt SET state = :state WHERE id = :id"), {"id": attempt_id, "state": str(state)})


def annul(session: Session, attempt_id: int, state: State, now: datetime) -> None:
    """Annul an attempt; one that is open ends with it."""
    session.execute(
        text("UPDATE attempt SET state = :state, ended_at = coalesce(ended_at, :now) WHERE id = :id"), {"id": attempt_id, "state": str(state), "now": now}
    )


def reopen(session: Session, attempt_id: int) -> None:
    """Open an ended attempt again."""
    session.execute(text("UPDATE attempt SET state = 'open', ended_at = NULL, reopened = reopened + 1 WHERE id = :id"), {"id": attempt_id})


# A result is out when the exam shows its results, or when examiners have a script of the attempt.
RESULT_OUT = (
    "a.state = 'scored' AND ((SELECT x.release = 'at_once' OR x.released_at IS NOT NULL FROM exam x WHERE x.id = a.exam_id)"
    " OR EXISTS (SELECT FROM script c WHERE c.attempt_id = a.id))"
)


def result_is_out(session: Session, attempt_id: int) -> bool:
    """Tell whether an attempt's result was seen by somebody, or may be."""
    return bool(session.scalar(text(f"SELECT {RESULT_OUT} FROM attempt a WHERE a.id = :id"), {"id": attempt_id}))  # noqa: S608 - a constant of this file


def take_overdue(session: Session, before: datetime, most: int) -> list[int]:
    """Lock open attempts whose deadline lies before the instant, leaving out those another worker or an unsettled outage holds."""
    return list(
        session.scalars(
            text(
                "SELECT id FROM attempt WHERE state = 'open' AND deadline < :before AND NOT EXISTS (SELECT FROM attempt_pause WHERE attempt_id = attempt.id"
                " AND ended_at IS NULL) AND NOT tstzrange(started_at, deadline) && (SELECT exam_unsettled())"
                " ORDER BY deadline, id LIMIT :most FOR UPDATE SKIP LOCKED"
            ),
            {"before": before, "most": most},
        )
    )


def finalise(session: Session, attempt_ids: Sequence[int], now: datetime) -> None:
    """End locked attempts from their last save, each with its submission."""
    session.execute(text("SELECT exam_finalise(:ids, :now)"), {"ids": list(attempt_ids), "now": now})


def take_unscored(session: Session, after: int, most: int) -> list[Attempt]:
    """Lock ended attempts behind an id that have no result yet, leaving out those another worker holds."""
    waiting = _READ.where(AttemptRow.state.in_(("submitted", "finalised")), AttemptRow.id > after).order_by(AttemptRow.id).limit(most)
    return [attempt_of(row) for row in session.execute(waiting.with_for_update(skip_locked=True))]


def any_open(session: Session, exam_id: int) -> bool:
    """Tell whether anybody sits an exam."""
    return bool(session.scalar(text("SELECT EXISTS (SELECT FROM attempt WHERE exam_id = :exam AND state = 'open')"), {"exam": exam_id}))


def scored_people(session: Session, exam_id: int, after: int, most: int) -> list[int]:
    """Return the people behind an id who have a scored attempt at an exam, in the order of ids."""
    behind = select(AttemptRow.person_id).where(AttemptRow.exam_id == exam_id, AttemptRow.state == "scored", AttemptRow.person_id > after)
    return list(session.scalars(behind.distinct().order_by(AttemptRow.person_id).limit(most)))


def handed_in(session: Session, mine: Sequence[Attempt]) -> dict[int, SubmissionRow]:
    """Return the handing-in that ended each attempt, by the attempts' numbers in their order; one that is open has none."""
    rows = session.scalars(select(SubmissionRow).where(SubmissionRow.attempt_id.in_([one.id for one in mine])))
    found = {(row.attempt_id, row.round): row for row in rows}
    return {one.number: found[one.id, one.reopened] for one in mine if (one.id, one.reopened) in found}


def of_ids(session: Session, attempt_ids: Sequence[int]) -> list[Attempt]:
    """Return attempts by their ids."""
    return read(session, AttemptRow.id.in_(attempt_ids), most=len(attempt_ids))


def all_behind(session: Session, after: int, most: int) -> list[Attempt]:
    """Return attempts behind an id, in the order of ids."""
    return read(session, AttemptRow.id > after, most=most)


def all_of(session: Session, exam_id: int, after: int, most: int) -> list[Attempt]:
    """Return attempts of an exam behind an id, in the order of ids."""
    return read(session, AttemptRow.exam_id == exam_id, AttemptRow.id > after, most=most)


def read(session: Session, *conditions: ColumnElement[bool], most: int) -> list[Attempt]:
    """Return attempts that meet conditions, in the order of ids."""
    return [attempt_of(row) for row in session.execute(_READ.where(*conditions).order_by(AttemptRow.id).limit(most))]


def state_counts(session: Session, exam_id: int) -> dict[str, int]:
    """Count an exam's attempts by state."""
    rows = session.execute(text("SELECT state, count(*) FROM attempt WHERE exam_id = :exam GROUP BY state"), {"exam": exam_id})
    return {str(state): int(count) for state, count in rows}


def attempt_of(row: Any) -> Attempt:
    """Return an attempt of what was read of it."""
    answers = {
        index + 1: Answer(choices_of(stored), revision, marked, texts_of(stored))
        for index, (stored, revision, marked) in enumerate(zip(row.answers, row.revisions, row.marks, strict=True))
        if revision
    }
    return Attempt(
        row.id, row.exam_id, row.person_id, row.number, row.paper_id, State(row.state), row.started_at, row.base_deadline, row.deadline,
        row.epoch, row.resumes, row.device, row.led_since, answers, row.late, row.reopened, row.ended_at, row.paused_at,
    )  # fmt: skip
