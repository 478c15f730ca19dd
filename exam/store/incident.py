"""The log of what happened in an exam: table and statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base, Session


class IncidentRow(Base):
    """One line of the log: written by hand, or with an act of the invigilators or the server; its figures are worded where they are read."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_exam_id", "exam_id", "at"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    unit_path: Mapped[str] = mapped_column(String(400))
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    attempt_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(1000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Incident:
    """One line as read, with the names it is about."""

    id: int
    kind: str
    text: str
    facts: dict[str, Any]
    at: datetime
    recorder: str
    person: str
    unit: str
    attempt_id: int | None


def add(
    session: Session, *, exam_id: int, paths: Sequence[str], kind: str, words: str, recorded_by: int | None, now: datetime,
    person_id: int | None = None, attempt_id: int | None = None, facts: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Write a line, one row for each unit it concerns."""
    session.add_all(
        IncidentRow(
            exam_id=exam_id, unit_path=path, person_id=person_id, attempt_id=attempt_id, kind=kind, text=words, facts=dict(facts or {}),
            recorded_by=recorded_by, at=now,
        )
        for path in paths
    )  # fmt: skip


def of_exam(session: Session, exam_id: int, scope: Sequence[str], most: int | None) -> list[Incident]:
    """Return the newest lines, so many or all, that lie in the scope or concern a unit above it."""
    rows = session.execute(
        text(
            "SELECT i.id, i.kind, i.text, i.facts, i.at, coalesce(r.name, ''), coalesce(p.name, ''), coalesce(u.name, ''), i.attempt_id FROM incident i"
            " LEFT JOIN person r ON r.id = i.recorded_by LEFT JOIN person p ON p.id = i.person_id LEFT JOIN unit u ON u.path = i.unit_path"
            " WHERE i.exam_id = :exam AND EXISTS (SELECT FROM unnest(CAST(:scope AS text[])) AS top"
            " WHERE i.unit_path LIKE top || '%' OR i.person_id IS NULL AND top LIKE i.unit_path || '%') ORDER BY i.id DESC LIMIT :most"
        ),
        {"exam": exam_id, "scope": list(scope), "most": most},
    )
    return [Incident(*row) for row in rows]
