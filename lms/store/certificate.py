"""The issue log of certificates, revocations, and the keys that sign."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeVarTuple

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Integer, LargeBinary, Select, String, Text, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.store.enrolment import EnrolmentRow
from lms.store.grade import GradeRow
from lms.store.person import PersonRow
from lms.store.progress import COLUMNS as PROGRESS
from lms.store.progress import LearnerProgressRow, Progress, progress_from
from lms.store.unit import UnitRow, below

Asked = TypeVarTuple("Asked")


class SigningKeyRow(Base):
    """One Ed25519 key; the newest signs, all verify."""

    __tablename__ = "signing_key"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_private: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class CertificateRow(Base):
    """One issue: written once, chained to the one before it."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("enrolment_id", "kind", "edition"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    enrolment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("enrolment.id"))
    kind: Mapped[str] = mapped_column(String(30))
    edition: Mapped[int] = mapped_column(Integer)
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    key_name: Mapped[str] = mapped_column(String(20), ForeignKey("signing_key.name"))
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(BigInteger)


class RevocationRow(Base):
    """A certificate that no longer holds, and why; `corrected`: a corrected grade took it, and one that qualifies brings the next edition."""

    __tablename__ = "certificate_revocation"
    __table_args__ = ({"info": APPEND_ONLY},)

    certificate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("certificate.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime]
    revoked_by: Mapped[int | None] = mapped_column(BigInteger)
    corrected: Mapped[bool] = mapped_column(Boolean)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as kept."""

    name: str
    public: bytes
    sealed_private: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """One issue as others read it."""

    id: int
    enrolment_id: int
    person_id: int
    edition: int
    serial: str
    code: str
    statement: bytes
    signature: bytes
    key_name: str
    chain: bytes
    issued_at: datetime
    revoked_at: datetime | None
    reason: str | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A certificate that stands though the grade no longer qualifies, with what the grade lacks; `total` in the programme's points."""

    id: int
    serial: str
    enrolment_id: int
    person_id: int
    name: str
    unit_name: str
    programme_code: str
    participants: tuple[str, ...]
    progress: Progress
    total: Fraction | None
    fell_at: datetime | None


def keys(session: Session) -> tuple[SigningKey, ...]:
    """Return every key, the oldest first."""
    rows = session.execute(select(SigningKeyRow).order_by(SigningKeyRow.id)).scalars()
    return tuple(SigningKey(row.name, row.public, row.sealed_private) for row in rows)


def add_key(session: Session, key: SigningKey, now: datetime) -> None:
    """Keep a new key."""
    session.add(SigningKeyRow(name=key.name, public=key.public, sealed_private=key.sealed_private, created_at=now))
    session.flush()


def lock_log(session: Session) -> tuple[bytes, int]:
    """Hold the issue log to the transaction's end; returns the last link and the number of issues."""
    session.execute(text("SELECT pg_advisory_xact_lock(727275)"))
    last = session.execute(select(CertificateRow.chain).order_by(CertificateRow.id.desc()).limit(1)).scalar()
    return last or b"", session.execute(select(func.coalesce(func.max(CertificateRow.id), 0))).scalar_one()


def add(
    session: Session,
    *,
    enrolment_id: int,
    kind: str,
    edition: int,
    serial: str,
    code: str,
    statement: bytes,
    signature: bytes,
    key_name: str,
    chain: bytes,
    issued_by: int | None,
    now: datetime,
) -> int:
    """Write one issue."""
    row = CertificateRow(
        enrolment_id=enrolment_id,
        kind=kind,
        edition=edition,
        serial=serial,
        code=code,
        statement=statement,
        signature=signature,
        key_name=key_name,
        chain=chain,
        issued_at=now,
        issued_by=issued_by,
    )
    session.add(row)
    session.flush()
    return row.id


def revoke(session: Session, certificate_id: int, *, reason: str, revoked_by: int | None, now: datetime, corrected: bool) -> None:
    """Write one revocation."""
    session.add(RevocationRow(certificate_id=certificate_id, reason=reason, revoked_at=now, revoked_by=revoked_by, corrected=corrected))
    session.flush()


_QUERY = (
    select(CertificateRow, RevocationRow, EnrolmentRow.person_id)
    .join(EnrolmentRow, EnrolmentRow.id == CertificateRow.enrolment_id)
    .outerjoin(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
)


def one(session: Session, certificate_id: int) -> Certificate | None:
    """Return one certificate."""
    return next(iter(_read(session, _QUERY.where(CertificateRow.id == certificate_id))), None)


def by_code(session: Session, code: str) -> Certificate | None:
    """Return the certificate with a check code or serial number."""
    return next(iter(_read(session, _QUERY.where(CertificateRow.code == code))), None)


def of_person(session: Session, person_id: int) -> tuple[Certificate, ...]:
    """Return a person's certificates, the newest first."""
    return _read(session, _QUERY.where(EnrolmentRow.person_id == person_id).order_by(CertificateRow.id.desc()))


def of_enrolment(session: Session, *enrolment_ids: int) -> tuple[Certificate, ...]:
    """Return the certificates of one or more enrolments, the newest first."""
    return _read(session, _QUERY.where(CertificateRow.enrolment_id.in_(enrolment_ids)).order_by(CertificateRow.id.desc()))


def standing_among(session: Session, enrolment_ids: Sequence[int]) -> set[int]:
    """Return which of the enrolments hold a standing certificate."""
    rows = session.scalars(
        select(CertificateRow.enrolment_id)
        .outerjoin(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
        .where(CertificateRow.enrolment_id.in_(enrolment_ids), RevocationRow.certificate_id.is_(None))
    )
    return set(rows)


def page(session: Session, scope: tuple[str, ...], *, before: int | None, limit: int) -> tuple[Certificate, ...]:
    """Return the certificates of people below the scope's units, the newest first."""
    query = (
        _QUERY.join(PersonRow, PersonRow.id == EnrolmentRow.person_id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(below(UnitRow.path.expression, scope))
    )
    if before is not None:
        query = query.where(CertificateRow.id < before)
    return _read(session, query.order_by(CertificateRow.id.desc()).limit(limit))


def log(session: Session) -> tuple[Certificate, ...]:
    """Return the whole issue log, the oldest first."""
    return _read(session, _QUERY.order_by(CertificateRow.id))


def holders(session: Session, programme_code: str) -> tuple[int, ...]:
    """Return the enrolments of a programme that hold a standing certificate."""
    rows = session.execute(
        select(CertificateRow.enrolment_id)
        .join(EnrolmentRow, EnrolmentRow.id == CertificateRow.enrolment_id)
        .outerjoin(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
        .where(EnrolmentRow.programme_code == programme_code, RevocationRow.certificate_id.is_(None))
    ).scalars()
    return tuple(rows)


def _of_lapsed(query: Select[*Asked], scope: Sequence[str]) -> Select[*Asked]:
    return (
        query.select_from(CertificateRow)
        .join(EnrolmentRow, EnrolmentRow.id == CertificateRow.enrolment_id)
        .join(PersonRow, PersonRow.id == EnrolmentRow.person_id)
        .join(UnitRow, UnitRow.id == PersonRow.unit_id)
        .join(LearnerProgressRow, LearnerProgressRow.enrolment_id == EnrolmentRow.id)
        .outerjoin(RevocationRow, RevocationRow.certificate_id == CertificateRow.id)
        .outerjoin(GradeRow, GradeRow.enrolment_id == EnrolmentRow.id)
        .where(below(UnitRow.path.expression, scope), RevocationRow.certificate_id.is_(None), GradeRow.qualified.is_not(True))
    )


def count_lapsed(session: Session, scope: Sequence[str]) -> int:
    """Count the certificates of a scope that stand without a qualifying grade."""
    return session.scalars(_of_lapsed(select(func.count()), scope)).one()


def lapsed(
    session: Session, scope: Sequence[str], *, before: int | None = None, limit: int | None = None, ids: Collection[int] | None = None
) -> tuple[Lapsed, ...]:
    """Return the certificates of a scope that stand without a qualifying grade, the newest first; of `ids` only, where given."""
    columns = (
        CertificateRow.id,
        CertificateRow.serial,
        EnrolmentRow.person_id,
        PersonRow.name,
        UnitRow.name.label("unit_name"),
        EnrolmentRow.programme_code,
        EnrolmentRow.participants,
        *PROGRESS,
        GradeRow.total,
        GradeRow.changed_at,
    )
    query = _of_lapsed(select(*columns), scope)
    if before is not None:
        query = query.where(CertificateRow.id < before)
    if ids is not None:
        query = query.where(CertificateRow.id.in_(ids))
    return tuple(
        Lapsed(
            id=row.id,
            serial=row.serial,
            enrolment_id=row.enrolment_id,
            person_id=row.person_id,
            name=row.name,
            unit_name=row.unit_name,
            programme_code=row.programme_code,
            participants=tuple(row.participants),
            progress=progress_from(row),
            total=None if row.total is None else Fraction(row.total),
            fell_at=row.changed_at,
        )
        for row in session.execute(query.order_by(CertificateRow.id.desc()).limit(limit))
    )


def _read(session: Session, query: Select[CertificateRow, RevocationRow, int]) -> tuple[Certificate, ...]:
    return tuple(
        Certificate(
            id=row.id,
            enrolment_id=row.enrolment_id,
            person_id=person_id,
            edition=row.edition,
            serial=row.serial,
            code=row.code,
            statement=row.statement,
            signature=row.signature,
            key_name=row.key_name,
            chain=row.chain,
            issued_at=row.issued_at,
            revoked_at=revocation.revoked_at if revocation else None,
            reason=revocation.reason if revocation else None,
            corrected=bool(revocation and revocation.corrected),
        )
        for row, revocation, person_id in session.execute(query)
    )
