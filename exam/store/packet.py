"""Emergency packets and the decisions on them: two append-only tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, Integer, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.packet import Brought
from exam.store.attempt import AttemptRow
from lms.kernel.db import APPEND_ONLY, Base


class PacketRow(Base):
    """One packet as it came; `content` stays sealed, `changes` is what was inside."""

    __tablename__ = "exam_packet"
    __table_args__ = (UniqueConstraint("attempt_id", "digest"), Index("ix_exam_packet_arrived_at", "arrived_at"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    changes: Mapped[Any] = mapped_column(JSONB)
    login_id: Mapped[int] = mapped_column(BigInteger)
    epoch: Mapped[int] = mapped_column(Integer)
    said_at: Mapped[datetime]  # by the device's own clock: evidence only
    arrived_at: Mapped[datetime]
    brought_by: Mapped[int] = mapped_column(BigInteger)

    @property
    def brought(self) -> tuple[Brought, ...]:
        """Return the answers inside."""
        return tuple(Brought(*one) for one in self.changes)


class PacketDecisionRow(Base):
    """The one decision on a packet."""

    __tablename__ = "exam_packet_decision"
    __table_args__ = ({"info": APPEND_ONLY},)

    packet_id: Mapped[int] = mapped_column(ForeignKey("exam_packet.id"), primary_key=True)
    approved: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(500))
    counted: Mapped[int] = mapped_column(Integer)
    actor_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


def add(session: Session, row: PacketRow) -> int:
    """Store a packet; the same file twice is one packet. Returns its id."""
    known = session.scalars(select(PacketRow.id).where(PacketRow.attempt_id == row.attempt_id, PacketRow.digest == row.digest)).first()
    if known is not None:
        return known
    session.add(row)
    session.flush()
    return row.id


def of_attempts(session: Session, attempt_ids: Sequence[int]) -> list[tuple[PacketRow, PacketDecisionRow | None]]:
    """Return the packets of attempts with their decisions, the newest first."""
    return _with_decisions(session, PacketRow.attempt_id.in_(attempt_ids))


def of_exam(session: Session, exam_id: int) -> list[tuple[PacketRow, PacketDecisionRow | None]]:
    """Return the packets of an exam with their decisions, the newest first."""
    return _with_decisions(session, PacketRow.attempt_id.in_(select(AttemptRow.id).where(AttemptRow.exam_id == exam_id)))


def _with_decisions(session: Session, which: Any) -> list[tuple[PacketRow, PacketDecisionRow | None]]:
    joined = select(PacketRow, PacketDecisionRow).outerjoin(PacketDecisionRow, PacketDecisionRow.packet_id == PacketRow.id)
    return [(packet, decision) for packet, decision in session.execute(joined.where(which).order_by(PacketRow.id.desc()))]


def by_id(session: Session, packet_id: int) -> PacketRow | None:
    """Return a packet."""
    return session.get(PacketRow, packet_id)


def is_decided(session: Session, packet_id: int) -> bool:
    """Tell whether a packet has its decision."""
    return session.get(PacketDecisionRow, packet_id) is not None


def decide(session: Session, row: PacketDecisionRow) -> None:
    """Store a decision."""
    session.add(row)
    session.flush()


def count(session: Session, packet: PacketRow, counting: Sequence[Brought], now: datetime) -> None:
    """Write answers of an approved packet into the log and the locked attempt, marked as late.

    Their numbers in the log are negative: the page may have tried the same number after the end.
    """
    for one in counting:
        values = {
            "attempt": packet.attempt_id, "place": one.position, "seq": -packet.id, "expected": one.revision, "value": one.value,
            "marked": one.marked, "arrived": packet.arrived_at, "now": now, "login": packet.login_id, "epoch": packet.epoch, "digest": packet.digest,
        }  # fmt: skip
        session.execute(_LOG, values)
        session.execute(_SET, values)


_LOG = text(
    "INSERT INTO response_event (attempt_id, position, client_seq, expected, revision, value, marked, outcome, late, arrived_at, stored_at,"
    " login_id, epoch, hash) VALUES (:attempt, :place, :seq, :expected, :expected + 1, :value, :marked, 'saved', true, :arrived, :now,"
    " :login, :epoch, decode(:digest, 'hex'))"
)
_SET = text("UPDATE attempt SET answers[:place] = :value, revisions[:place] = :expected + 1, marks[:place] = :marked, late = late + 1 WHERE id = :attempt")
