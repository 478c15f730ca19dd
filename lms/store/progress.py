"""One roll-up row per learner and programme, kept in step with the ledger by the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.hours import HoursKind, Worth
from lms.kernel import db
from lms.kernel.db import Base, Session
from lms.kernel.statement import Statement
from lms.store.enrolment import EnrolmentRow


class LearnerProgressRow(Base):
    """What the ledger of one enrolment adds up to."""

    __tablename__ = "learner_progress"

    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"), primary_key=True)
    online_seconds: Mapped[int] = mapped_column(Integer)
    online_lessons: Mapped[int] = mapped_column(Integer)
    offline_seconds: Mapped[int] = mapped_column(Integer)
    online_complete: Mapped[bool] = mapped_column(Boolean)
    offline_complete: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Progress:
    """The sums of one enrolment."""

    enrolment_id: int
    online: Worth
    offline: Worth
    online_complete: bool
    offline_complete: bool


COLUMNS = (
    LearnerProgressRow.enrolment_id,
    LearnerProgressRow.online_seconds,
    LearnerProgressRow.online_lessons,
    LearnerProgressRow.offline_seconds,
    LearnerProgressRow.online_complete,
    LearnerProgressRow.offline_complete,
)


def begin(session: Session, enrolment_id: int, *, online_complete: bool, offline_complete: bool, now: datetime) -> None:
    """Open the row of a new enrolment; a programme that asks no hours is complete from the start."""
    session.execute(
        insert(LearnerProgressRow).values(
            enrolment_id=enrolment_id,
            online_seconds=0,
            online_lessons=0,
            offline_seconds=0,
            online_complete=online_complete,
            offline_complete=offline_complete,
            changed_at=now,
        )
    )


def begin_many(session: Session, enrolment_ids: Iterable[int], *, online_complete: bool, offline_complete: bool, now: datetime) -> None:
    """Open the rows of many new enrolments by COPY."""
    target = "learner_progress (enrolment_id, online_seconds, online_lessons, offline_seconds, online_complete, offline_complete, changed_at)"
    db.copy_rows(session, target, ((number, 0, 0, 0, online_complete, offline_complete, now) for number in enrolment_ids))


_OF_ENROLMENT = Statement(select(*COLUMNS).where(LearnerProgressRow.enrolment_id == bindparam("enrolment_id")))


def of_enrolment(session: Session, enrolment_id: int) -> Progress:
    """Return the sums of an enrolment."""
    return progress_from(_OF_ENROLMENT.row(session, enrolment_id=enrolment_id))


def of_enrolments(session: Session, enrolment_ids: Sequence[int]) -> dict[int, Progress]:
    """Return the sums of many enrolments."""
    rows = session.execute(select(*COLUMNS).where(LearnerProgressRow.enrolment_id.in_(enrolment_ids)))
    return {row.enrolment_id: progress_from(row) for row in rows}


def add(session: Session, enrolment_id: int, kind: HoursKind, worth: Worth, now: datetime) -> Progress:
    """Add an entry's worth to the sums; the row stays locked to the transaction's end."""
    if kind is HoursKind.ONLINE:
        change = {
            "online_seconds": LearnerProgressRow.online_seconds + worth.seconds,
            "online_lessons": LearnerProgressRow.online_lessons + worth.lessons,
        }
    else:
        change = {"offline_seconds": LearnerProgressRow.offline_seconds + worth.seconds}
    row = session.execute(
        update(LearnerProgressRow).where(LearnerProgressRow.enrolment_id == enrolment_id).values(**change, changed_at=now).returning(*COLUMNS)
    ).one()
    return progress_from(row)


def lock_many(session: Session, enrolment_ids: Sequence[int]) -> None:
    """Lock the sums of many, one after the other in the order of their ids."""
    query = select(LearnerProgressRow.enrolment_id).where(LearnerProgressRow.enrolment_id.in_(enrolment_ids))
    session.execute(query.order_by(LearnerProgressRow.enrolment_id).with_for_update())


def mark(session: Session, enrolment_id: int, *, online_complete: bool, offline_complete: bool) -> None:
    """Keep whether the hours asked are there."""
    session.execute(
        update(LearnerProgressRow)
        .where(LearnerProgressRow.enrolment_id == enrolment_id)
        .values(online_complete=online_complete, offline_complete=offline_complete)
    )


def of_programme(session: Session, programme_code: str) -> tuple[Progress, ...]:
    """Return the sums of everyone in a programme."""
    rows = session.execute(
        select(*COLUMNS).join(EnrolmentRow, EnrolmentRow.id == LearnerProgressRow.enrolment_id).where(EnrolmentRow.programme_code == programme_code)
    )
    return tuple(progress_from(row) for row in rows)


def every(session: Session) -> tuple[Progress, ...]:
    """Return the sums of every enrolment, for `flask hours verify`."""
    return tuple(progress_from(row) for row in session.execute(select(*COLUMNS)))


def progress_from(row: Any) -> Progress:
    """Read the sums from a row that holds their columns."""
    return Progress(
        enrolment_id=row.enrolment_id,
        online=Worth(row.online_seconds, row.online_lessons),
        offline=Worth(row.offline_seconds, 0),
        online_complete=row.online_complete,
        offline_complete=row.offline_complete,
    )
