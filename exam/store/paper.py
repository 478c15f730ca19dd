"""Assemblies and their papers: tables and statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, LargeBinary, String, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from exam.domain.paper import Paper
from exam.domain.result import ItemPlace
from lms.kernel import db
from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.item import ItemType, Level, PoolItem


class AssemblyRow(Base):
    """One set of papers: the seed, the frozen pool and what was `asked`, which replay it, and its statistics."""

    __tablename__ = "assembly"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    seed: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(64))
    pool: Mapped[Any] = mapped_column(JSONB)
    statistics: Mapped[Any] = mapped_column(JSONB)
    made_at: Mapped[datetime]
    asked: Mapped[Any] = mapped_column(JSONB)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a set was drawn: all that assembly was given but the blueprint, which no exam changes while it has papers."""

    seed: int
    pool: Sequence[PoolItem]
    options: Mapping[int, int]
    papers: int
    forms: int | None
    further: bool
    exceeding: bool


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
    drawing: Drawing,
    digest: str,
    statistics: object,
    now: datetime,
) -> int:
    """Store a set of papers; the untaken ones of earlier sets go unless it is further ones."""
    if not drawing.further:
        drop_untaken(session, exam_id)
    known = {item.item_id for item in drawing.pool}
    pool = {
        str(one.version_id): [
            str(one.type), one.topic, drawing.options[one.version_id], one.difficulty, one.level, one.item_id, sorted(one.enemies & known),
        ]
        for one in drawing.pool
    }  # fmt: skip
    asked = {"papers": drawing.papers, "forms": drawing.forms, "further": drawing.further, "exceeding": drawing.exceeding}
    row = AssemblyRow(exam_id=exam_id, seed=str(drawing.seed), hash=digest, pool=pool, statistics=statistics, made_at=now, asked=asked)
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
    """Return a paper of the exam by its number, and how many there are; numbers run on over all sets."""
    row = session.execute(
        text(
            "SELECT number, version_ids, orders, expected, hash FROM paper WHERE number = :number"
            " AND assembly_id IN (SELECT id FROM assembly WHERE exam_id = :exam) ORDER BY assembly_id DESC LIMIT 1"
        ),
        {"exam": exam_id, "number": number},
    ).first()
    return None if row is None else (paper_of(*row), last_number(session, exam_id))


def last_number(session: Session, exam_id: int) -> int:
    """Return the highest number of a paper of the exam, 0 where there is none."""
    query = "SELECT max(last) FROM assembly a, LATERAL (SELECT max(number) AS last FROM paper p WHERE p.assembly_id = a.id) found WHERE a.exam_id = :exam"
    return session.scalar(text(query), {"exam": exam_id}) or 0


def newest_pool(session: Session, exam_id: int) -> dict[int, ItemPlace]:
    """Return the pool that the newest set was drawn from."""
    return _places(session.scalar(select(AssemblyRow.pool).where(AssemblyRow.exam_id == exam_id).order_by(AssemblyRow.id.desc()).limit(1)) or {})


def pool_in_use(session: Session, exam_id: int) -> set[int]:
    """Return the versions of all pools that papers of the exam still to be given were drawn from."""
    query = (
        "SELECT DISTINCT CAST(jsonb_object_keys(a.pool) AS bigint) FROM assembly a WHERE a.exam_id = :exam"
        " AND EXISTS (SELECT FROM paper p WHERE p.assembly_id = a.id AND p.exam_id = a.exam_id AND p.taken_at IS NULL)"
    )
    return set(session.scalars(text(query), {"exam": exam_id}))


def places(session: Session, assembly_id: int) -> dict[int, ItemPlace]:
    """Return the frozen pool of a set."""
    return _places(session.scalars(select(AssemblyRow.pool).where(AssemblyRow.id == assembly_id)).one())


def _places(pool: Mapping[str, Any]) -> dict[int, ItemPlace]:
    return {int(version): ItemPlace(ItemType(kind), topic, options, difficulty) for version, (kind, topic, options, difficulty, *_others) in pool.items()}


def drawings(session: Session, exam_id: int) -> list[tuple[Drawing | None, str]]:
    """Return how each set was drawn that papers are left of, None where that was not kept whole yet, and its hash, the oldest first."""
    left = select(PaperRow.id).where(PaperRow.assembly_id == AssemblyRow.id).exists()
    rows = session.scalars(select(AssemblyRow).where(AssemblyRow.exam_id == exam_id, left).order_by(AssemblyRow.id))
    return [(_drawing(row) if row.asked else None, row.hash) for row in rows]


def _drawing(row: AssemblyRow) -> Drawing:
    pool = [
        PoolItem(
            version_id=int(version), item_id=item, external_id="", type=ItemType(kind), topic=topic, level=Level(level) if level else None,
            difficulty=difficulty, enemies=frozenset(enemies),
        )
        for version, (kind, topic, _options, difficulty, level, item, enemies) in row.pool.items()
    ]  # fmt: skip
    return Drawing(seed=int(row.seed), pool=pool, options={int(version): fields[2] for version, fields in row.pool.items()}, **row.asked)


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


class Supply(NamedTuple):
    """Of an exam: its papers and those nobody took, how many enrolled have not begun and may, the gate's own rate, in how many parallel forms papers come.

    `extra`: how many extra attempts may still be begun.
    """

    exam_code: str
    papers: int
    free: int
    expected: int
    rate: float | None
    forms: int | None
    extra: int


def supplies(session: Session, *, opening: datetime, now: datetime) -> list[Supply]:
    """Return how many papers there are and will be asked for in the exams that are open, will be at `opening`, or are sat again by decision."""
    extra = "(SELECT count(*) FROM extra_attempt x WHERE x.exam_id = e.id AND x.attempt_id IS NULL AND x.closes > :now)"
    rows = session.execute(
        text(
            "SELECT e.code, count(*), count(*) FILTER (WHERE p.taken_at IS NULL), (SELECT count(*) FROM enrolment n"  # noqa: S608 - a constant of this function
            " WHERE :now < e.closes AND n.programme_code = e.programme_code"
            " AND NOT EXISTS (SELECT FROM attempt t WHERE t.exam_id = e.id AND t.person_id = n.person_id)),"
            " CAST(e.settings->>'starts_per_second' AS float), (SELECT CASE WHEN (statistics->>'forms')::int < (statistics->>'papers')::int"
            " THEN (statistics->>'forms')::int END FROM assembly a WHERE a.exam_id = e.id ORDER BY a.id DESC LIMIT 1),"
            f" {extra} FROM exam e JOIN paper p ON p.exam_id = e.id WHERE e.state = 'ready' AND (e.opens <= :opening AND :now < e.closes OR {extra} > 0)"
            " GROUP BY e.id ORDER BY e.code"
        ),
        {"opening": opening, "now": now},
    )
    return [Supply(*row) for row in rows]


def statistics(session: Session, exam_id: int) -> list[tuple[Any, str]]:
    """Return the statistics and the hash of each set that papers are left of, the oldest first."""
    rows = session.execute(
        text("SELECT statistics, hash FROM assembly a WHERE exam_id = :exam AND EXISTS (SELECT FROM paper p WHERE p.assembly_id = a.id) ORDER BY id"),
        {"exam": exam_id},
    )
    return [(statistics, digest) for statistics, digest in rows]


def beyond(session: Session, exam_id: int) -> dict[str, int]:
    """Return how many further papers of an exam were drawn against which rule; empty where none was."""
    query = "SELECT b.key, sum(b.value::int) FROM assembly a, jsonb_each_text(a.statistics->'beyond') b WHERE a.exam_id = :exam GROUP BY 1 ORDER BY 1"
    return {rule: int(papers) for rule, papers in session.execute(text(query), {"exam": exam_id})}


def paper_of(number: int, version_ids: list[int], orders: bytes, expected: int, digest: str) -> Paper:
    """Build a paper from its columns."""
    return Paper(number, tuple(version_ids), bytes(orders), expected, digest)
