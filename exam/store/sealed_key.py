"""Who agreed that the keys of an exam's papers are opened: table and statements."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.sealed_key import Consent
from lms.kernel.db import APPEND_ONLY, Base


class KeyConsentRow(Base):
    """One person's consent to opening the keys of one exam, or its withdrawal."""

    __tablename__ = "exam_key_consent"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    given: Mapped[bool]


def consents(session: Session, exam_id: int) -> Sequence[Consent]:
    """Return the consents and withdrawals, oldest first."""
    rows = session.scalars(select(KeyConsentRow).where(KeyConsentRow.exam_id == exam_id).order_by(KeyConsentRow.id))
    return [Consent(row.person_id, row.reason, row.at.astimezone(UTC), row.given) for row in rows]


def add(session: Session, exam_id: int, consent: Consent) -> None:
    """Store a consent or a withdrawal."""
    session.add(KeyConsentRow(exam_id=exam_id, person_id=consent.person_id, reason=consent.reason, at=consent.at, given=consent.given))
