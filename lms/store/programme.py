"""Versions of programme files: written once, never changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Integer, String, Text, UniqueConstraint, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session
from lms.kernel.statement import Statement


class ProgrammeVersionRow(Base):
    """One text of a programme, as it was loaded."""

    __tablename__ = "programme_version"
    __table_args__ = (
        UniqueConstraint("code", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class ProgrammeVersion:
    """Which text of a programme is meant; the text itself is fetched only when it is not at hand."""

    id: int
    code: str
    number: int
    digest: str
    loaded_at: datetime


_COLUMNS = (
    ProgrammeVersionRow.id,
    ProgrammeVersionRow.code,
    ProgrammeVersionRow.number,
    ProgrammeVersionRow.digest,
    ProgrammeVersionRow.loaded_at,
)


def lock(session: Session, code: str) -> None:
    """Let one loader at a time number the versions of a programme."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("programme:" + code))))


_NEWEST = Statement(select(*_COLUMNS).where(ProgrammeVersionRow.code == bindparam("code")).order_by(ProgrammeVersionRow.number.desc()).limit(1))


def newest(session: Session, code: str) -> ProgrammeVersion | None:
    """Return the newest version of a programme."""
    row = _NEWEST.row(session, code=code)
    return ProgrammeVersion(*row) if row else None


def newest_of_all(session: Session) -> tuple[ProgrammeVersion, ...]:
    """Return the newest version of every programme."""
    rows = session.execute(select(*_COLUMNS).ext(distinct_on(ProgrammeVersionRow.code)).order_by(ProgrammeVersionRow.code, ProgrammeVersionRow.number.desc()))
    return tuple(ProgrammeVersion(*row) for row in rows)


def all_of(session: Session, code: str) -> tuple[ProgrammeVersion, ...]:
    """Return every version of a programme, the oldest first."""
    rows = session.execute(select(*_COLUMNS).where(ProgrammeVersionRow.code == code).order_by(ProgrammeVersionRow.number))
    return tuple(ProgrammeVersion(*row) for row in rows)


def one(session: Session, version_id: int) -> ProgrammeVersion:
    """Return a version."""
    return ProgrammeVersion(*session.execute(select(*_COLUMNS).where(ProgrammeVersionRow.id == version_id)).one())


def text_of(session: Session, version_id: int) -> str:
    """Return the text of a version."""
    return session.execute(select(ProgrammeVersionRow.text).where(ProgrammeVersionRow.id == version_id)).scalar_one()


def add(session: Session, *, code: str, number: int, digest: str, text: str, now: datetime) -> int:
    """Keep a new version."""
    row = ProgrammeVersionRow(code=code, number=number, digest=digest, text=text, loaded_at=now)
    session.add(row)
    session.flush()
    return row.id
