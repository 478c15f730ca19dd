"""Regrades, their approvals and the corrections in force: tables and statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg.errors import LockNotAvailable, UniqueViolation
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.regrade import Correction, Effect, PreviewRuns, RegradeRuns
from exam.store.attempt import Attempt, AttemptRow, read
from exam.store.paper import PaperRow
from lms.kernel.db import APPEND_ONLY, Base

UNSEEN = "uq_regrade_unseen"  # of a person and exam one proposal is worked out at a time


class RegradeRow(Base):
    """One correction of one item in one exam, or the reversal of an earlier one."""

    __tablename__ = "regrade"
    __table_args__ = (
        CheckConstraint("effect IN ('replace', 'accept', 'full', 'drop')", name="effect"),
        CheckConstraint("state IN ('proposed', 'approved', 'applied', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        CheckConstraint("num_nulls(preview, digest) IN (0, 2)", name="preview"),
        Index("uq_regrade_reversed", "reverses_id", unique=True, postgresql_where=text("reverses_id IS NOT NULL AND state <> 'withdrawn'")),
        Index(UNSEEN, "exam_id", "proposed_by", unique=True, postgresql_where=text("state = 'proposed' AND digest IS NULL")),
        Index("ix_regrade_exam_id", "exam_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    item: Mapped[str] = mapped_column(String(120))
    version_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    effect: Mapped[str] = mapped_column(String(10))
    options: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    blanks: Mapped[Any] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[int | None] = mapped_column(BigInteger)
    proposed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("regrade.id"), default=None)
    preview: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    digest: Mapped[str | None] = mapped_column(String(64), default=None)
    applied_at: Mapped[datetime | None] = mapped_column(default=None)


class RegradeApprovalRow(Base):
    """One person's yes to exactly the figures behind the digest."""

    __tablename__ = "regrade_approval"
    __table_args__ = (UniqueConstraint("regrade_id", "person_id", "digest"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    regrade_id: Mapped[int] = mapped_column(ForeignKey("regrade.id"))
    person_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


def add(session: Session, row: RegradeRow) -> int:
    """Store a proposal and return its id; raises PreviewRuns where the person's last one is still worked out."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation) and error.orig.diag.constraint_name == UNSEEN:
            raise PreviewRuns from None
        raise
    return row.id


def by_id(session: Session, regrade_id: int) -> RegradeRow | None:
    """Return a regrade, also while it is being carried out."""
    return session.get(RegradeRow, regrade_id)


def lock(session: Session, regrade_id: int, *, at_once: bool = False) -> RegradeRow | None:
    """Lock a regrade. Raises RegradeRuns where it is worked out or carried out: `at_once`, or where that takes too long."""
    with _in_turn():
        return session.scalars(select(RegradeRow).where(RegradeRow.id == regrade_id).with_for_update(nowait=at_once)).first()


def of_exam(session: Session, exam_id: int) -> Sequence[RegradeRow]:
    """Return the regrades of an exam, the newest first."""
    return session.scalars(select(RegradeRow).where(RegradeRow.exam_id == exam_id).order_by(RegradeRow.id.desc())).all()


def approve(session: Session, regrade_id: int, person_id: int, digest: str, now: datetime) -> None:
    """Write a yes, once."""
    if person_id not in approvers(session, regrade_id, digest):
        session.add(RegradeApprovalRow(regrade_id=regrade_id, person_id=person_id, digest=digest, at=now))
        session.flush()


def approvers(session: Session, regrade_id: int, digest: str | None) -> list[int]:
    """Return who said yes to these figures, the first one first."""
    approved = select(RegradeApprovalRow.person_id).where(RegradeApprovalRow.regrade_id == regrade_id, RegradeApprovalRow.digest == digest)
    return list(session.scalars(approved.order_by(RegradeApprovalRow.id)))


def hold_scoring(session: Session, exam_id: int, *, alone: bool) -> None:
    """Let scoring of an exam, and regrading or releasing it, take turns: who scores shares the lock, who regrades or releases holds it alone.

    Raises RegradeRuns where that would take too long.
    """
    shared = "" if alone else "_shared"
    with _in_turn():
        session.execute(text(f"SELECT pg_advisory_xact_lock{shared}(hashtextextended('regrade', CAST(:exam AS bigint)))"), {"exam": exam_id})


@contextmanager
def _in_turn() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise RegradeRuns from None
        raise


def in_force(session: Session, exam_id: int) -> dict[int, list[Correction]]:
    """Return the corrections that hold, by item version, the oldest first."""
    rows = session.execute(
        text(
            "SELECT version_ids, effect, options, blanks FROM regrade r WHERE exam_id = :exam AND state = 'applied' AND reverses_id IS NULL"
            " AND NOT EXISTS (SELECT FROM regrade b WHERE b.reverses_id = r.id AND b.state = 'applied') ORDER BY applied_at, id"
        ),
        {"exam": exam_id},
    )
    found: dict[int, list[Correction]] = {}
    for version_ids, effect, options, blanks in rows:
        for version in version_ids:
            found.setdefault(version, []).append(Correction(Effect(effect), tuple(options), tuple(map(tuple, blanks))))
    return found


def touched(session: Session, exam_id: int, version_ids: Sequence[int], after: int, most: int) -> list[Attempt]:
    """Return scored attempts behind an id whose paper holds one of the versions."""
    return read(
        session,
        AttemptRow.exam_id == exam_id,
        AttemptRow.state == "scored",
        AttemptRow.id > after,
        AttemptRow.paper_id.in_(select(PaperRow.id).where(PaperRow.exam_id == exam_id, PaperRow.version_ids.overlap(list(version_ids)))),
        most=most,
    )
