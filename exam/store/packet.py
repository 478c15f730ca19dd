"""Emergency packets and the decisions on them: two append-only tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, Integer, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from exam.domain.packet import Brought, Outstanding
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


# What waits for a decision of an exam (its id as `{exam}`); nothing comes of what belongs to an annulled attempt.
UNDECIDED = (
    "exam_packet k JOIN attempt b ON b.id = k.attempt_id WHERE b.exam_id = {exam} AND b.state <> 'annulled'"
    " AND NOT EXISTS (SELECT FROM exam_packet_decision d WHERE d.packet_id = k.id)"
)
LAST_BELL = "SELECT max(b.deadline) FROM attempt b WHERE b.exam_id = {exam} AND b.state <> 'annulled'"
_THESE = UNDECIDED.format(exam=":exam")
_OUTSTANDING = text(f"SELECT ({LAST_BELL.format(exam=':exam')}), (SELECT count(*) FROM {_THESE})")  # noqa: S608 - constants of this file
# The unit and all above it, by the ids in its path: each is looked up by its key, however many units there are.
_ABOVE = "CAST(string_to_array(trim('/' FROM u.path), '/') AS bigint[])"
_WAITING = text(
    f"SELECT k.id FROM {_THESE} AND (CAST(:said AS timestamptz) IS NULL OR (k.said_at, k.id) < (:said, :id))"  # noqa: S608 - constants of this file
    " AND (CAST(:unit AS bigint) IS NULL OR EXISTS (SELECT FROM person p JOIN unit u ON u.id = p.unit_id"
    f" WHERE p.id = b.person_id AND CAST(:unit AS bigint) = ANY({_ABOVE})))"
    " ORDER BY k.said_at DESC, k.id DESC LIMIT :most"
)
_UNITS = text(
    f"SELECT above.id, above.name, count(*) FROM (SELECT b.person_id FROM {_THESE}) AS brought JOIN person p ON p.id = brought.person_id"  # noqa: S608 - constants of this file
    f" JOIN unit u ON u.id = p.unit_id, unnest({_ABOVE}) AS a(id) JOIN unit above ON above.id = a.id GROUP BY above.id HAVING count(*) > 1 ORDER BY above.path"
)
_SETTINGS = text(
    "SELECT a.id, a.person_id, a.deadline, (SELECT s.ended_by FROM submission s WHERE s.attempt_id = a.id AND s.round = a.reopened),"
    " greatest((SELECT seen_at FROM attempt_pulse p WHERE p.attempt_id = a.id), (SELECT max(e.arrived_at) FROM response_event e"
    " WHERE e.attempt_id = a.id AND e.client_seq >= 0 AND e.arrived_at <= coalesce(a.ended_at, 'infinity'))),"
    " (SELECT v.at FROM result_view v WHERE v.attempt_id = a.id)"
    " FROM attempt a WHERE a.id = ANY(:attempts)"
)
_UNSEALED = defer(PacketRow.content, raiseload=True)  # the sealed file is evidence: no page shows it


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
    joined = select(PacketRow, PacketDecisionRow).outerjoin(PacketDecisionRow, PacketDecisionRow.packet_id == PacketRow.id).options(_UNSEALED)
    theirs = joined.where(PacketRow.attempt_id.in_(attempt_ids)).order_by(PacketRow.id.desc())
    return [(packet, decision) for packet, decision in session.execute(theirs)]


@dataclass(frozen=True, slots=True)
class Setting:
    """How the attempt of a packet ended: by whom, its bell, when the page was last heard of before that, and when she first read its result."""

    person_id: int
    deadline: datetime
    ended_by: str | None  # None while it is open
    heard_at: datetime | None
    viewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnitCount:
    """A unit, and how many packets of its people wait for a decision."""

    id: int
    name: str
    waiting: int


def waiting(session: Session, exam_id: int, unit_id: int | None, before: PacketRow | None, most: int) -> list[PacketRow]:
    """Return packets made before another that wait for a decision, of the people of one unit or of all, the newest first.

    By the device's clock, since files may be brought in any order: of two packets of one device the newer holds the answers she meant.
    """
    said, below = (before.said_at, before.id) if before else (None, 0)
    ids = list(session.scalars(_WAITING, {"exam": exam_id, "unit": unit_id, "said": said, "id": below, "most": most}))
    newest_first = select(PacketRow).where(PacketRow.id.in_(ids)).order_by(PacketRow.said_at.desc(), PacketRow.id.desc())
    return list(session.scalars(newest_first.options(_UNSEALED)))


def units(session: Session, exam_id: int) -> list[UnitCount]:
    """Return the units, the wide ones first, whose people have brought several packets that wait for a decision."""
    return [UnitCount(*row) for row in session.execute(_UNITS, {"exam": exam_id})]


def decided(session: Session, exam_id: int, most: int) -> list[tuple[PacketRow, PacketDecisionRow]]:
    """Return the packets of an exam that were decided on last."""
    joined = select(PacketRow, PacketDecisionRow).join(PacketDecisionRow, PacketDecisionRow.packet_id == PacketRow.id).options(_UNSEALED)
    theirs = joined.join(AttemptRow, AttemptRow.id == PacketRow.attempt_id).where(AttemptRow.exam_id == exam_id)
    return [(packet, decision) for packet, decision in session.execute(theirs.order_by(PacketDecisionRow.at.desc(), PacketRow.id.desc()).limit(most))]


def settings_of(session: Session, attempt_ids: Sequence[int]) -> dict[int, Setting]:
    """Return how attempts ended."""
    return {attempt: Setting(*facts) for attempt, *facts in session.execute(_SETTINGS, {"attempts": list(attempt_ids)})}


def by_id(session: Session, packet_id: int) -> PacketRow | None:
    """Return a packet."""
    return session.get(PacketRow, packet_id)


def is_decided(session: Session, packet_id: int) -> bool:
    """Tell whether a packet has its decision."""
    return session.get(PacketDecisionRow, packet_id) is not None


def outstanding(session: Session, exam_id: int) -> Outstanding:
    """Return what may still come of an exam by packets."""
    return Outstanding(*session.execute(_OUTSTANDING, {"exam": exam_id}).one())


def decide(session: Session, row: PacketDecisionRow) -> None:
    """Store a decision."""
    session.add(row)
    session.flush()


def count(session: Session, packet: PacketRow, counting: Sequence[Brought], now: datetime) -> None:
    """Write answers of an approved packet into the log and the locked attempt.

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
    " login_id, epoch, hash) VALUES (:attempt, :place, :seq, :expected, :expected + 1, :value, :marked, 'saved', false, :arrived, :now,"
    " :login, :epoch, decode(:digest, 'hex'))"
)
_SET = text("UPDATE attempt SET answers[:place] = :value, revisions[:place] = :expected + 1, marks[:place] = :marked WHERE id = :attempt")
