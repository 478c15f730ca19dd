"""Receipts: finding a handing-in by its code, and what stood at that moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from exam.domain.receipt import Logged
from lms.kernel.db import Session


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One handing-in with what it belongs to; `replaced`: the attempt was opened again and handed in anew."""

    attempt_id: int
    turn: int
    exam: str
    person_id: int
    person: str
    paper_hash: str
    items: int
    submitted_at: datetime
    ended_by: str
    answered: int
    late: int
    receipt: str
    replaced: bool
    number: int
    of: int  # attempts of hers that were handed in


_FOUND = text(
    "SELECT a.id, s.round, x.title, a.person_id, p.name, q.hash, a.items, s.submitted_at, s.ended_by, s.answered, a.late, s.receipt,"
    " s.round < a.reopened, a.number,"
    " (SELECT count(*) FROM attempt o WHERE o.exam_id = a.exam_id AND o.person_id = a.person_id AND o.ended_at IS NOT NULL)"
    " FROM submission s JOIN attempt a ON a.id = s.attempt_id JOIN exam x ON x.id = a.exam_id JOIN person p ON p.id = a.person_id"
    " JOIN paper q ON q.id = a.paper_id WHERE s.receipt = :code ORDER BY s.id LIMIT 1"
)
# Answers of an emergency packet, whose numbers are negative, arrive in time and are stored by a decision later.
_LOG = text(
    "SELECT position, revision, value FROM response_event WHERE attempt_id = :id AND outcome = 'saved' AND arrived_at <= :at"
    " AND (client_seq >= 0 OR stored_at <= :at)"
)
_PACKETS = text("SELECT count(DISTINCT position) FROM response_event WHERE attempt_id = :id AND outcome = 'saved' AND client_seq < 0 AND stored_at > :at")


def by_code(session: Session, code: str) -> HandedIn | None:
    """Return the handing-in of a code."""
    row = session.execute(_FOUND, {"code": code}).first()
    return None if row is None else HandedIn(*row)


def held(session: Session, attempt_id: int, at: datetime) -> list[Logged]:
    """Return what had been saved of an attempt up to an instant."""
    return [Logged(*row) for row in session.execute(_LOG, {"id": attempt_id, "at": at})]


def brought_later(session: Session, attempt_id: int, at: datetime) -> int:
    """Count the answers that an approved emergency packet brought after an instant."""
    return int(session.execute(_PACKETS, {"id": attempt_id, "at": at}).scalar_one())
