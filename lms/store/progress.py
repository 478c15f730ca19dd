"""One roll-up row per learner and programme, kept in step with the ledger by the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, Row, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from lms.domain.enrolment import Enrolment
from lms.domain.hours import HoursKind, Worth
from lms.kernel.db import Base, Session
from lms.store.certificate import CertificateRow, RevocationRow
from lms.store.enrolment import COLUMNS as ENROLMENT
from lms.store.enrolment import EnrolmentRow, enrolment_from
from lms.store.grade import GradeRow
from lms.store.programme import ProgrammeVersion, ProgrammeVersionRow


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


_COLUMNS = (
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


def of_enrolment(session: Session, enrolment_id: int) -> Progress:
    """Return the sums of an enrolment."""
    row = session.execute(select(*_COLUMNS).where(LearnerProgressRow.enrolment_id == enrolment_id)).one()
    return _progress(row)


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
        update(LearnerProgressRow).where(LearnerProgressRow.enrolment_id == enrolment_id).values(**change, changed_at=now).returning(*_COLUMNS)
    ).one()
    return _progress(row)


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
        select(*_COLUMNS).join(EnrolmentRow, EnrolmentRow.id == LearnerProgressRow.enrolment_id).where(EnrolmentRow.programme_code == programme_code)
    )
    return tuple(_progress(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands in one programme, and which version of it is in force."""

    enrolment: Enrolment
    progress: Progress
    version: ProgrammeVersion
    total: Fraction | None
    certified: bool


def standings(session: Session, person_id: int) -> tuple[Standing, ...]:
    """Return everything of a person's enrolments in one query, the newest first."""
    newest = (
        select(
            ProgrammeVersionRow.id.label("version_id"),
            ProgrammeVersionRow.number,
            ProgrammeVersionRow.digest,
            ProgrammeVersionRow.loaded_at,
        )
        .where(ProgrammeVersionRow.code == EnrolmentRow.programme_code)
        .order_by(ProgrammeVersionRow.number.desc())
        .limit(1)
        .lateral()
    )
    revoked = select(RevocationRow.certificate_id).where(RevocationRow.certificate_id == CertificateRow.id).exists()
    certified = select(CertificateRow.id).where(CertificateRow.enrolment_id == EnrolmentRow.id, ~revoked).exists()
    rows = session.execute(
        select(*ENROLMENT, *_COLUMNS, newest, GradeRow.total, certified.label("certified"))
        .join(LearnerProgressRow, LearnerProgressRow.enrolment_id == EnrolmentRow.id)
        .outerjoin(GradeRow, GradeRow.enrolment_id == EnrolmentRow.id)
        .join(newest, true())
        .where(EnrolmentRow.person_id == person_id)
        .order_by(EnrolmentRow.enrolled_at.desc(), EnrolmentRow.id.desc())
    )
    return tuple(
        Standing(
            enrolment=enrolment_from(row),
            progress=_progress(row),
            version=ProgrammeVersion(id=row.version_id, code=row.programme_code, number=row.number, digest=row.digest, loaded_at=row.loaded_at),
            total=None if row.total is None else Fraction(row.total),
            certified=row.certified,
        )
        for row in rows
    )


def every(session: Session) -> tuple[Progress, ...]:
    """Return the sums of every enrolment, for the nightly comparison."""
    return tuple(_progress(row) for row in session.execute(select(*_COLUMNS)))


def _progress(row: Row[*tuple[Any, ...]]) -> Progress:
    return Progress(
        enrolment_id=row.enrolment_id,
        online=Worth(row.online_seconds, row.online_lessons),
        offline=Worth(row.offline_seconds, 0),
        online_complete=row.online_complete,
        offline_complete=row.offline_complete,
    )
