"""Checks of identity before an exam, and their photos until the check: tables and statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from exam.store.archive import LEFT_OUT
from lms.kernel.db import Base, Session


class ExamIdentityRow(Base):
    """How one person's identity stands for one exam; every decision is in the audit besides."""

    __tablename__ = "exam_identity"
    __table_args__ = (
        UniqueConstraint("exam_id", "person_id"),
        CheckConstraint("state IN ('none', 'sent', 'confirmed', 'refused')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    consent: Mapped[str] = mapped_column(String(20), default="")  # version of the text, empty where no photo was taken
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    reason: Mapped[str] = mapped_column(String(200), default="")


class ExamPhotoRow(Base):
    """A photo, sealed; it goes with the decision."""

    __tablename__ = "exam_photo"
    __table_args__ = ({"info": LEFT_OUT},)

    identity_id: Mapped[int] = mapped_column(ForeignKey("exam_identity.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Face:
    """One person of an exam as the invigilator sees her; `state` none before anything was sent."""

    person_id: int
    account: str
    name: str
    unit: str
    state: str
    at: datetime | None


_FACES = """
    SELECT p.id, p.account, p.name, u.name, coalesce(i.state, 'none'), i.at FROM person p JOIN unit u ON u.id = p.unit_id
    LEFT JOIN exam_identity i ON i.person_id = p.id AND i.exam_id = :exam
    WHERE u.path LIKE ANY(:below) AND {}
"""
_WAITING = text(_FACES.format("i.state = 'sent' ORDER BY i.at, i.id LIMIT :most"))
_NAMED = text(
    _FACES.format(
        "EXISTS (SELECT FROM enrolment e JOIN exam x ON x.programme_code = e.programme_code WHERE e.person_id = p.id AND x.id = :exam)"
        " AND (p.account = :words OR p.name LIKE :words || '%') ORDER BY p.name, p.id LIMIT :most"
    )
)


def lock(session: Session, exam_id: int, person_id: int, now: datetime) -> ExamIdentityRow:
    """Return a person's row, made where there is none, and lock it."""
    made = text(
        "INSERT INTO exam_identity (exam_id, person_id, state, consent, at, reason) VALUES (:exam, :person, 'none', '', :now, '') ON CONFLICT DO NOTHING"
    )
    session.execute(made, {"exam": exam_id, "person": person_id, "now": now})
    mine = select(ExamIdentityRow).where(ExamIdentityRow.exam_id == exam_id, ExamIdentityRow.person_id == person_id)
    return session.scalars(mine.with_for_update()).one()


def one(session: Session, exam_id: int, person_id: int) -> ExamIdentityRow | None:
    """Return a person's row."""
    return session.scalars(select(ExamIdentityRow).where(ExamIdentityRow.exam_id == exam_id, ExamIdentityRow.person_id == person_id)).first()


def keep_photo(session: Session, identity_id: int, sealed: bytes, now: datetime) -> None:
    """Keep a photo in the place of an earlier one."""
    session.merge(ExamPhotoRow(identity_id=identity_id, sealed=sealed, sent_at=now))


def photo(session: Session, identity_id: int) -> bytes | None:
    """Return the sealed photo."""
    return session.scalar(select(ExamPhotoRow.sealed).where(ExamPhotoRow.identity_id == identity_id))


def drop_photo(session: Session, identity_id: int) -> None:
    """Delete a photo."""
    session.execute(text("DELETE FROM exam_photo WHERE identity_id = :id"), {"id": identity_id})


def drop_photos_after(session: Session, now: datetime) -> None:
    """Delete the photos of exams that are over; nobody will decide on them."""
    gone = "DELETE FROM exam_photo USING exam_identity i, exam x WHERE i.id = identity_id AND x.id = i.exam_id AND x.closes <= :now"
    session.execute(text(gone), {"now": now})
    session.execute(
        text("UPDATE exam_identity i SET state = 'none' FROM exam x WHERE x.id = i.exam_id AND x.closes <= :now AND i.state = 'sent'"), {"now": now}
    )


def waiting(session: Session, exam_id: int, scope: Sequence[str], most: int) -> list[Face]:
    """Return whose photos wait, the longest first."""
    return [Face(*row) for row in session.execute(_WAITING, {"exam": exam_id, "below": [f"{path}%" for path in scope], "most": most})]


def named(session: Session, exam_id: int, scope: Sequence[str], words: str, most: int) -> list[Face]:
    """Return who takes part by account or name."""
    return [Face(*row) for row in session.execute(_NAMED, {"exam": exam_id, "below": [f"{path}%" for path in scope], "words": words, "most": most})]
