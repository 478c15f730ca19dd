"""Assemblies and their papers: tables and statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, LargeBinary, String, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.paper import Paper
from exam.domain.result import ItemPlace
from lms.kernel import db
from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.item import ItemType


class AssemblyRow(Base):
    """One set of papers: the seed that replays it, the frozen pool, and its statistics."""

    __tablename__ = "assembly"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    seed: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(64))
    pool: Mapped[Any] = mapped_column(JSONB)
    statistics: Mapped[Any] = mapped_column(JSONB)
    made_at: Mapped[datetime]


class PaperRow(Base):
    """One paper; whoever starts takes the next that is free."""

    __tablename__ = "paper"
    __table_args__ = (
        UniqueConstraint("assembly_id", "number"),
        Index("ix_paper_free", "exam_id", "assembly_id", "number", postgresql_where=text("taken_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    assembly_id: Mapped[int] = mapped_column(ForeignKey("assembly.id"))
    number: Mapped[int] = mapped_column(Integer)
    version_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    orders: Mapped[bytes] = mapped_column(LargeBinary)
    expected: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[datetime | None] = mapped_column(default=None)


def add_assembly(
    session: Session,
    exam_id: int,
    papers: Sequence[Paper],
    *,
    seed: int,
    digest: str,
    places: Mapping[int, ItemPlace],
    statistics: object,
    now: datetime,
    replacing: bool = True,
) -> int:
    """Store a set of papers; `replacing` drops the untaken ones of earlier sets."""
    if replacing:
        drop_untaken(session, exam_id)
    pool = {str(version): [str(place.type), place.topic, place.options, place.difficulty] for version, place in places.items()}
    row = AssemblyRow(exam_id=exam_id, seed=str(seed), hash=digest, pool=pool, statistics=statistics, made_at=now)
    session.add(row)
    session.flush()
    db.copy_rows(
        session,
        "paper (exam_id, assembly_id, number, version_ids, orders, expected, hash)",
        ((exam_id, row.id, paper.number, list(paper.version_ids), paper.orders, paper.expected, paper.hash) for paper in papers),
    )
    return row.id


def by_id(session: Session, paper_id: int) -> tuple[int, Paper]:
    """Return a paper and its set's id."""
    row = session.execute(text("SELECT assembly_id, number, version_ids, orders, expected, hash FROM paper WHERE id = :id"), {"id": paper_id}).one()
    return row[0], paper_of(*row[1:])


def by_ids(session: Session, paper_ids: Sequence[int]) -> dict[int, tuple[int, Paper]]:
    """Return papers with their sets' ids."""
    rows = session.execute(
        text("SELECT id, assembly_id, number, version_ids, orders, expected, hash FROM paper WHERE id = ANY(:ids)"), {"ids": list(paper_ids)}
    )
    return {row[0]: (row[1], paper_of(*row[2:])) for row in rows}


def by_number(session: Session, exam_id: int, number: int) -> tuple[Paper, int] | None:
    """Return a paper of the exam's newest set by its number, and how many the set has."""
    row = session.execute(
        text(
            "SELECT number, version_ids, orders, expected, hash, (SELECT max(number) FROM paper q WHERE q.assembly_id = p.assembly_id) FROM paper p"
            " WHERE exam_id = :exam AND number = :number AND assembly_id = (SELECT max(id) FROM assembly WHERE exam_id = :exam)"
        ),
        {"exam": exam_id, "number": number},
    ).first()
    return None if row is None else (paper_of(*row[:5]), row[5])


def newest_pool(session: Session, exam_id: int) -> frozenset[int]:
    """Return the versions of the pool that the newest set was drawn from."""
    found = session.scalar(select(AssemblyRow.pool).where(AssemblyRow.exam_id == exam_id).order_by(AssemblyRow.id.desc()).limit(1))
    return frozenset(map(int, found or ()))


def places(session: Session, assembly_id: int) -> dict[int, ItemPlace]:
    """Return the frozen pool of a set."""
    pool = session.scalars(select(AssemblyRow.pool).where(AssemblyRow.id == assembly_id)).one()
    return {int(version): ItemPlace(ItemType(kind), topic, options, difficulty) for version, (kind, topic, options, difficulty) in pool.items()}


def counts(session: Session, exam_id: int) -> tuple[int, int]:
    """Return how many papers there are and how many are free."""
    found = session.execute(select(func.count(), func.count().filter(PaperRow.taken_at.is_(None))).where(PaperRow.exam_id == exam_id)).one()
    return found[0], found[1]


def taken(session: Session, exam_id: int) -> bool:
    """Tell whether anybody has taken a paper of the exam."""
    return bool(session.scalar(text("SELECT EXISTS (SELECT 1 FROM paper WHERE exam_id = :exam AND taken_at IS NOT NULL)"), {"exam": exam_id}))


def drop_untaken(session: Session, exam_id: int) -> None:
    """Drop the papers that nobody has taken."""
    session.execute(text("DELETE FROM paper WHERE exam_id = :exam AND taken_at IS NULL"), {"exam": exam_id})


def running_short(session: Session, now: datetime) -> list[tuple[str, int, int | None]]:
    """Return the open exams that have fewer than a twentieth of their papers left (or none), with how many there are, in how many parallel forms."""
    rows = session.execute(
        text(
            "SELECT e.code, count(*), (SELECT CASE WHEN (statistics->>'forms')::int < (statistics->>'papers')::int THEN (statistics->>'forms')::int END "
            "FROM assembly a WHERE a.exam_id = e.id ORDER BY a.id DESC LIMIT 1) "
            "FROM exam e JOIN paper p ON p.exam_id = e.id WHERE e.state = 'ready' AND e.opens <= :now AND :now < e.closes "
            "GROUP BY e.id HAVING count(*) FILTER (WHERE p.taken_at IS NULL) <= count(*) / 20 ORDER BY e.code"
        ),
        {"now": now},
    )
    return [(code, count, forms) for code, count, forms in rows]


def newest_statistics(session: Session, exam_id: int) -> tuple[Any, str] | None:
    """Return the statistics and the hash of the newest set."""
    row = session.execute(
        select(AssemblyRow.statistics, AssemblyRow.hash).where(AssemblyRow.exam_id == exam_id).order_by(AssemblyRow.id.desc()).limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def paper_of(number: int, version_ids: list[int], orders: bytes, expected: int, digest: str) -> Paper:
    """Build a paper from its columns."""
    return Paper(number, tuple(version_ids), bytes(orders), expected, digest)
