"""Everything the first page needs of a learner's programmes, in one statement built once."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, func, select, true

from lms.domain.activity import Activity
from lms.domain.attendance import ListStage
from lms.domain.enrolment import Enrolment
from lms.domain.lesson import Lesson
from lms.kernel.db import Session
from lms.kernel.statement import Statement
from lms.store.activity import COLUMNS as ACTIVITY
from lms.store.activity import ActivityRow, activity_from
from lms.store.attendance import AttendanceLineRow, AttendanceListRow
from lms.store.certificate import CertificateRow, RevocationRow
from lms.store.enrolment import COLUMNS as ENROLMENT
from lms.store.enrolment import EnrolmentRow, enrolment_from
from lms.store.grade import GradeRow
from lms.store.lesson import COLUMNS as LESSON
from lms.store.lesson import CourseRow, LessonRow, lesson_from
from lms.store.programme import ProgrammeVersion, ProgrammeVersionRow
from lms.store.progress import COLUMNS as PROGRESS
from lms.store.progress import LearnerProgressRow, Progress, progress_from
from lms.store.reminder import ReminderRow


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands in one programme; `marked` names the assignments that have a mark."""

    enrolment: Enrolment
    progress: Progress
    version: ProgrammeVersion
    total: Fraction | None
    qualified: bool
    certified: bool
    issued: bool
    marked: frozenset[str]
    reminded_at: datetime | None


_newest = (
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
_revoked = select(RevocationRow.certificate_id).where(RevocationRow.certificate_id == CertificateRow.id).exists()
_certified = select(CertificateRow.id).where(CertificateRow.enrolment_id == EnrolmentRow.id, ~_revoked).exists()
_issued = select(CertificateRow.id).where(CertificateRow.enrolment_id == EnrolmentRow.id).exists()
_marked = (
    select(func.array_agg(AttendanceListRow.component.distinct()))
    .join(AttendanceLineRow, AttendanceLineRow.list_id == AttendanceListRow.id)
    .where(
        AttendanceLineRow.enrolment_id == EnrolmentRow.id,
        AttendanceLineRow.fault.is_(None),
        AttendanceListRow.component.is_not(None),
        AttendanceListRow.stage == ListStage.COMMITTED.value,
    )
    .correlate(EnrolmentRow)
    .scalar_subquery()
)
_reminded = (
    select(ReminderRow.sent_at)
    .where(ReminderRow.person_id == EnrolmentRow.person_id, ReminderRow.dismissed_at.is_(None))
    .order_by(ReminderRow.sent_at.desc())
    .limit(1)
    .scalar_subquery()
)
# The first page is the hottest of all: its statement is put together once, not at every request.
_STANDINGS = Statement(
    select(
        *ENROLMENT,
        *PROGRESS,
        _newest,
        GradeRow.total,
        GradeRow.qualified,
        _certified.label("certified"),
        _issued.label("issued"),
        _marked.label("marked"),
        _reminded.label("reminded_at"),
    )
    .join(LearnerProgressRow, LearnerProgressRow.enrolment_id == EnrolmentRow.id)
    .outerjoin(GradeRow, GradeRow.enrolment_id == EnrolmentRow.id)
    .join(_newest, true())
    .where(EnrolmentRow.person_id == bindparam("person_id"))
    .order_by(EnrolmentRow.enrolled_at.desc(), EnrolmentRow.id.desc())
)


@dataclass(frozen=True, slots=True)
class Learning:
    """What admission asks of one enrolment: who, where, and how far."""

    enrolment_id: int
    city: str
    unit_id: int | None
    participants: tuple[str, ...]
    progress: Progress
    version: ProgrammeVersion


_LEARNING = Statement(
    select(EnrolmentRow.city, EnrolmentRow.unit_id, EnrolmentRow.participants, *PROGRESS, _newest)
    .join(LearnerProgressRow, LearnerProgressRow.enrolment_id == EnrolmentRow.id)
    .join(_newest, true())
    .where(EnrolmentRow.person_id == bindparam("person_id"), EnrolmentRow.programme_code == bindparam("code"))
)


def learning(session: Session, person_id: int, code: str) -> Learning | None:
    """Return how far a person is in one programme; None where she does not take part."""
    row = _LEARNING.row(session, person_id=person_id, code=code)
    if row is None:
        return None
    version = ProgrammeVersion(id=row.version_id, code=code, number=row.number, digest=row.digest, loaded_at=row.loaded_at)
    return Learning(row.enrolment_id, row.city, row.unit_id, tuple(row.participants), progress_from(row), version)


# The lesson's own columns come first and are read by their place: two of the enrolment's have the same names.
_LESSON_OF = Statement(
    select(*(column.label(f"lesson_{place}") for place, column in enumerate(LESSON)), *ENROLMENT, _newest)
    .select_from(LessonRow)
    .join(CourseRow, CourseRow.id == LessonRow.course_id)
    .join(EnrolmentRow, EnrolmentRow.programme_code == CourseRow.programme_code)
    .join(_newest, true())
    .where(LessonRow.id == bindparam("lesson_id"), CourseRow.published_at.is_not(None), EnrolmentRow.person_id == bindparam("person_id"))
)


def lesson_of(session: Session, person_id: int, lesson_id: int) -> tuple[Lesson, Enrolment, ProgrammeVersion] | None:
    """Return a published lesson of a programme in which a person takes part, with her enrolment and the version in force."""
    row = _LESSON_OF.row(session, person_id=person_id, lesson_id=lesson_id)
    return (lesson_from(row), enrolment_from(row), _version(row)) if row else None


_ACTIVITY_OF = Statement(
    select(*(column.label(f"activity_{place}") for place, column in enumerate(ACTIVITY)), *ENROLMENT, _newest)
    .select_from(ActivityRow)
    .join(LessonRow, LessonRow.id == ActivityRow.lesson_id)
    .join(CourseRow, CourseRow.id == LessonRow.course_id)
    .join(EnrolmentRow, EnrolmentRow.programme_code == ActivityRow.programme_code)
    .join(_newest, true())
    .where(ActivityRow.id == bindparam("activity_id"), CourseRow.published_at.is_not(None), EnrolmentRow.person_id == bindparam("person_id"))
)


def activity_of(session: Session, person_id: int, activity_id: int) -> tuple[Activity, Enrolment, ProgrammeVersion] | None:
    """Return an activity of a published lesson of a programme in which a person takes part, with her enrolment and the version in force."""
    row = _ACTIVITY_OF.row(session, person_id=person_id, activity_id=activity_id)
    return (activity_from(row), enrolment_from(row), _version(row)) if row else None


def standings(session: Session, person_id: int) -> tuple[Standing, ...]:
    """Return everything of a person's enrolments, the newest first."""
    return tuple(
        Standing(
            enrolment=enrolment_from(row),
            progress=progress_from(row),
            version=_version(row),
            total=None if row.total is None else Fraction(row.total),
            qualified=bool(row.qualified),
            certified=row.certified,
            issued=row.issued,
            marked=frozenset(row.marked or ()),
            reminded_at=row.reminded_at,
        )
        for row in _STANDINGS.rows(session, person_id=person_id)
    )


def _version(row: Any) -> ProgrammeVersion:
    return ProgrammeVersion(id=row.version_id, code=row.programme_code, number=row.number, digest=row.digest, loaded_at=row.loaded_at)
