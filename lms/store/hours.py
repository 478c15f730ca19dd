"""The credit ledger: written once, never changed; a mistake is taken back by another entry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, Row, String, Text, func, select, text
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.domain.hours import HoursKind, Worth
from lms.domain.lesson import QUIZ_KIND
from lms.kernel.db import APPEND_ONLY, Base, Session


class HoursEntryRow(Base):
    """One entry: whose, for what, how much, by which version of the rules, taking back which other."""

    __tablename__ = "hours_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('online', 'offline')", name="kind_known"),
        CheckConstraint("reverses_id IS NOT NULL OR (seconds >= 0 AND lessons >= 0)", name="taking_names_entry"),
        # Exactly one entry for a lesson; taking it back, and giving it again, are chained by reverses_id.
        Index(
            "uq_hours_entry_lesson",
            "enrolment_id",
            "lesson_id",
            unique=True,
            postgresql_where=text("reverses_id IS NULL AND lesson_id IS NOT NULL"),
        ),
        Index(
            "uq_hours_entry_listed",
            "enrolment_id",
            "evidence",
            unique=True,
            postgresql_where=text("reverses_id IS NULL AND lesson_id IS NULL"),
        ),
        Index("uq_hours_entry_reversed", "reverses_id", unique=True, postgresql_where=text("reverses_id IS NOT NULL")),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    lesson_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("lesson.id"))
    seconds: Mapped[int] = mapped_column(Integer)
    lessons: Mapped[int] = mapped_column(Integer)
    evidence: Mapped[str] = mapped_column(Text)
    programme_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("programme_version.id"))
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("hours_entry.id"))
    entered_at: Mapped[datetime]
    entered_by: Mapped[int | None] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class HoursEntry:
    """One entry of the ledger as others read it."""

    id: int
    enrolment_id: int
    kind: HoursKind
    lesson_id: int | None
    worth: Worth
    evidence: str
    reverses_id: int | None
    entered_at: datetime


def _entry(row: HoursEntryRow) -> HoursEntry:
    return HoursEntry(
        id=row.id,
        enrolment_id=row.enrolment_id,
        kind=HoursKind(row.kind),
        lesson_id=row.lesson_id,
        worth=Worth(row.seconds, row.lessons),
        evidence=row.evidence,
        reverses_id=row.reverses_id,
        entered_at=row.entered_at,
    )


def add(
    session: Session,
    *,
    enrolment_id: int,
    kind: HoursKind,
    lesson_id: int | None,
    worth: Worth,
    evidence: str,
    programme_version_id: int,
    entered_by: int | None,
    now: datetime,
    reverses_id: int | None = None,
) -> int:
    """Write one entry."""
    row = HoursEntryRow(
        enrolment_id=enrolment_id,
        kind=kind.value,
        lesson_id=lesson_id,
        seconds=worth.seconds,
        lessons=worth.lessons,
        evidence=evidence,
        programme_version_id=programme_version_id,
        reverses_id=reverses_id,
        entered_at=now,
        entered_by=entered_by,
    )
    session.add(row)
    session.flush()
    return row.id


def one(session: Session, entry_id: int) -> HoursEntry | None:
    """Return one entry."""
    row = session.get(HoursEntryRow, entry_id)
    return _entry(row) if row else None


def is_reversed(session: Session, entry_id: int) -> bool:
    """Tell whether an entry has been taken back."""
    return session.execute(select(HoursEntryRow.id).where(HoursEntryRow.reverses_id == entry_id)).first() is not None


def of_enrolment(session: Session, enrolment_id: int) -> tuple[HoursEntry, ...]:
    """Return the ledger of an enrolment, the oldest first."""
    rows = session.execute(select(HoursEntryRow).where(HoursEntryRow.enrolment_id == enrolment_id).order_by(HoursEntryRow.id)).scalars()
    return tuple(_entry(row) for row in rows)


def by_evidence(session: Session, evidence: str) -> tuple[HoursEntry, ...]:
    """Return the standing entries with this evidence: those nobody took back."""
    back = aliased(HoursEntryRow)
    rows = session.execute(
        select(HoursEntryRow)
        .outerjoin(back, back.reverses_id == HoursEntryRow.id)
        .where(HoursEntryRow.evidence == evidence, HoursEntryRow.reverses_id.is_(None), back.id.is_(None))
        .order_by(HoursEntryRow.id)
    ).scalars()
    return tuple(_entry(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Behind:
    """One entry with what its worth can be told from; None where there is no such thing.

    That is the lesson's length and the time measured (seconds) when it was entered, what a list says (hundredths), or the entry it takes back.
    `watched` and `quizzed` tell what a tool had said to be done by then; `quiz_asked` is told only of lessons that nobody changed since.
    """

    id: int
    enrolment_id: int
    kind: HoursKind
    worth: Worth
    version_id: int
    nominal: int | None
    measured: int
    watched: bool
    quizzed: bool
    quiz_asked: bool
    listed: int | None
    taken_back: Worth | None


_BEHIND = text(
    """
    WITH changed AS (SELECT subject, max(at) AS at FROM audit_entry WHERE action = 'lesson.change' GROUP BY subject)
    SELECT e.id, e.enrolment_id, e.kind, e.seconds, e.lessons, e.programme_version_id, nominal.seconds AS nominal, done.seconds AS measured,
      done.watched, done.quizzed, coalesce(lesson.quiz AND (changed.at IS NULL OR changed.at < e.entered_at), false) AS quiz_asked,
      line.amount AS listed, back.seconds AS back_seconds, back.lessons AS back_lessons
    FROM hours_entry e
    JOIN enrolment ON enrolment.id = e.enrolment_id
    LEFT JOIN hours_entry back ON back.id = e.reverses_id AND back.enrolment_id = e.enrolment_id AND back.kind = e.kind
    LEFT JOIN attendance_line line ON e.reverses_id IS NULL AND e.lesson_id IS NULL AND line.fault IS NULL
      AND line.enrolment_id = e.enrolment_id AND e.evidence = 'attendance_list:' || line.list_id
    LEFT JOIN LATERAL (
      SELECT l.seconds FROM lesson_length l WHERE l.lesson_id = e.lesson_id AND l.since <= e.entered_at ORDER BY l.since DESC, l.id DESC LIMIT 1
    ) nominal ON true
    LEFT JOIN lesson ON lesson.id = e.lesson_id
    LEFT JOIN changed ON changed.subject = 'lesson\\:' || e.lesson_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(d.seconds) FILTER (WHERE a.kind <> :quiz), 0) AS seconds,
        count(*) FILTER (WHERE a.kind <> :quiz) > 0 AS watched, count(*) FILTER (WHERE a.kind = :quiz) > 0 AS quizzed
      FROM activity a JOIN activity_done d ON d.activity_id = a.id
      WHERE a.lesson_id = e.lesson_id AND d.person_id = enrolment.person_id AND d.done_at <= e.entered_at
    ) done
    ORDER BY e.id
    """
)
_BEHIND_BATCH = 2000


def behind(session: Session) -> Iterator[Behind]:
    """Return every entry with what it rests on, a batch at a time."""
    for row in session.execute(_BEHIND, {"quiz": QUIZ_KIND}, execution_options={"yield_per": _BEHIND_BATCH}):
        yield Behind(
            id=row.id,
            enrolment_id=row.enrolment_id,
            kind=HoursKind(row.kind),
            worth=Worth(row.seconds, row.lessons),
            version_id=row.programme_version_id,
            nominal=row.nominal,
            measured=int(row.measured),
            watched=row.watched,
            quizzed=row.quizzed,
            quiz_asked=row.quiz_asked,
            listed=row.listed,
            taken_back=None if row.back_seconds is None else Worth(row.back_seconds, row.back_lessons),
        )


def sums(session: Session) -> list[Row[*tuple[Any, ...]]]:
    """Sum the ledger per enrolment and kind."""
    return list(
        session.execute(
            select(
                HoursEntryRow.enrolment_id,
                HoursEntryRow.kind,
                func.sum(HoursEntryRow.seconds).label("seconds"),
                func.sum(HoursEntryRow.lessons).label("lessons"),
            ).group_by(HoursEntryRow.enrolment_id, HoursEntryRow.kind)
        )
    )
