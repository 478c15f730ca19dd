"""Analyses of items and what was measured of each version: tables and statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Identity, Index, Integer, SmallInteger, String, UniqueConstraint, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.analysis import Analysis, ItemReport, ModelSummary, Reliability
from question_bank.domain.concern import LEAST_ANSWERS, LEAST_COMMON


class ItemAnalysisRow(Base):
    """One analysis of the responses to one exam."""

    __tablename__ = "item_analysis"
    __table_args__ = (Index("ix_item_analysis_bank_id", "bank_id", "id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"))
    source: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    people: Mapped[int] = mapped_column(Integer)
    complete: Mapped[bool] = mapped_column(Boolean)
    reliability: Mapped[Any] = mapped_column(JSONB)
    models: Mapped[Any] = mapped_column(JSONB)
    at: Mapped[datetime]


class ItemStatisticsRow(Base):
    """What one analysis found of one version."""

    __tablename__ = "item_statistics"
    __table_args__ = (UniqueConstraint("analysis_id", "version_id"), Index("ix_item_statistics_version_id", "version_id", "id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("item_analysis.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"))
    answers: Mapped[int] = mapped_column(Integer)
    logit: Mapped[float | None] = mapped_column(Float)
    logit_error: Mapped[float | None] = mapped_column(Float)
    report: Mapped[Any] = mapped_column(JSONB)


class ItemMeasureRow(Base):
    """What holds of a version now: the newest statistics that rest on enough answers, or the newest at all."""

    __tablename__ = "item_measure"
    __table_args__ = (Index("ix_item_measure_concern", "bank_id", "severity", "version_id"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"), primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"))
    statistics_id: Mapped[int] = mapped_column(ForeignKey("item_statistics.id"))
    severity: Mapped[int] = mapped_column(SmallInteger)
    difficulty: Mapped[float | None] = mapped_column(Float)  # measured share of right responses; null while too few answered
    answers: Mapped[int] = mapped_column(Integer)
    measured_at: Mapped[datetime]


# Statistics that rest on too few answers never take the place of those that rest on enough.
_MEASURE = text(
    "INSERT INTO item_measure (version_id, bank_id, statistics_id, severity, difficulty, answers, measured_at)"
    " VALUES (:version, :bank, :statistics, :severity, :difficulty, :answers, :at)"
    " ON CONFLICT (version_id) DO UPDATE SET statistics_id = excluded.statistics_id, severity = excluded.severity,"
    " difficulty = excluded.difficulty, answers = excluded.answers, measured_at = excluded.measured_at"
    " WHERE excluded.difficulty IS NOT NULL OR item_measure.difficulty IS NULL"
)


# What a source says no longer, as of an item whose key was withdrawn since, holds no longer.
_FORGET = text(
    "DELETE FROM item_measure m USING item_statistics s JOIN item_analysis a ON a.id = s.analysis_id"
    " WHERE s.id = m.statistics_id AND a.bank_id = :bank AND a.source = :source AND m.version_id <> ALL(:versions)"
)


def add(session: Session, bank_id: int, analysis: Analysis, *, source: str, title: str, now: datetime) -> int:
    """Keep an analysis whose items are named by their version ids; returns its id."""
    row = ItemAnalysisRow(
        bank_id=bank_id,
        source=source,
        title=title,
        people=analysis.people,
        complete=analysis.complete,
        reliability=_plain(analysis.reliability),
        models=_plain(analysis.models),
        at=now,
    )
    session.add(row)
    session.flush()
    session.execute(_FORGET, {"bank": bank_id, "source": source, "versions": [int(item.statistics.item) for item in analysis.items]})
    if not analysis.items:
        return row.id
    values = [
        {
            "analysis_id": row.id, "version_id": int(item.statistics.item), "answers": item.statistics.answers,
            "logit": item.logit[0] if item.logit else None, "logit_error": item.logit[1] if item.logit else None, "report": _plain(item),
        }
        for item in analysis.items
    ]  # fmt: skip
    stored = session.execute(insert(ItemStatisticsRow).returning(ItemStatisticsRow.version_id, ItemStatisticsRow.id), values)
    kept = {row.version_id: row.id for row in stored}
    session.execute(
        _MEASURE,
        [
            {
                "version": int(item.statistics.item), "bank": bank_id, "statistics": kept[int(item.statistics.item)], "severity": item.severity,
                "difficulty": item.statistics.difficulty if item.statistics.answers >= LEAST_ANSWERS else None,
                "answers": item.statistics.answers, "at": now,
            }
            for item in analysis.items
        ],
    )  # fmt: skip
    return row.id


def logits(session: Session, bank_code: str, source: str) -> tuple[dict[int, float], datetime | None]:
    """Return the Rasch difficulties by version that the newest analysis of a source found, and when that was."""
    found = session.execute(
        text("SELECT a.id, a.at FROM item_analysis a JOIN bank b ON b.id = a.bank_id WHERE b.code = :bank AND a.source = :source ORDER BY a.id DESC LIMIT 1"),
        {"bank": bank_code, "source": source},
    ).first()
    if found is None:
        return {}, None
    rows = session.execute(text("SELECT version_id, logit FROM item_statistics WHERE analysis_id = :id AND logit IS NOT NULL"), {"id": found.id})
    return {row.version_id: row.logit for row in rows}, found.at.astimezone(UTC)


def logits_before(session: Session, bank_id: int, source: str, versions: Sequence[int]) -> dict[str, tuple[float, float]]:
    """Return the difficulties by version of the newest analysis of another source that shares enough of these versions to be compared with."""
    rows = session.execute(
        text(
            "SELECT s.version_id, s.logit, s.logit_error FROM item_statistics s WHERE s.logit IS NOT NULL AND s.logit_error IS NOT NULL AND s.analysis_id ="
            " (SELECT max(id) FROM item_analysis a WHERE bank_id = :bank AND source <> :source AND (SELECT count(*) FROM item_statistics o"
            "  WHERE o.analysis_id = a.id AND o.version_id = ANY(:versions) AND o.logit IS NOT NULL AND o.logit_error IS NOT NULL) >= :least)"
        ),
        {"bank": bank_id, "source": source, "versions": list(versions), "least": LEAST_COMMON},
    )
    return {str(version): (logit, error) for version, logit, error in rows}


@dataclass(frozen=True, slots=True)
class Run:
    """One analysis, without its items."""

    title: str
    people: int
    complete: bool
    reliability: Reliability | None
    models: tuple[ModelSummary, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one version, and whose version it is."""

    version_id: int
    item_id: int
    external_id: str
    number: int
    plain: str
    severity: int
    report: ItemReport
    run: Run


_FROM = (
    " FROM item_measure m JOIN item_statistics s ON s.id = m.statistics_id JOIN item_analysis a ON a.id = s.analysis_id"
    " JOIN item_version v ON v.id = m.version_id JOIN item i ON i.id = v.item_id WHERE m.bank_id = :bank"
)
_COLUMNS = "SELECT v.id, i.id AS item_id, i.external_id, v.number, i.plain, m.severity, s.report, a.title, a.people, a.complete, a.reliability, a.models, a.at"


def gravest(session: Session, bank_id: int, *, skip: int, limit: int) -> list[Measured]:
    """Return versions by how much there is to look at."""
    rows = session.execute(
        text(f"{_COLUMNS}{_FROM} ORDER BY m.severity DESC, m.version_id LIMIT :limit OFFSET :skip"), {"bank": bank_id, "limit": limit, "skip": skip}
    )
    return [_measured(row) for row in rows]


def severities(session: Session, bank_id: int) -> Mapping[int, int]:
    """Return how many versions there are of each severity; -1 stands for too few answers to judge by."""
    severity = "CASE WHEN severity = 0 AND difficulty IS NULL THEN -1 ELSE severity END"
    rows = session.execute(text(f"SELECT {severity}, count(*) FROM item_measure WHERE bank_id = :bank GROUP BY 1"), {"bank": bank_id})  # noqa: S608
    return {severity: count for severity, count in rows}  # noqa: C416 - a Row is no pair for dict()


def of_item(session: Session, bank_id: int, item_id: int) -> list[Measured]:
    """Return what is known of each version of an item, newest version first."""
    rows = session.execute(text(f"{_COLUMNS}{_FROM} AND i.id = :item ORDER BY v.number DESC"), {"bank": bank_id, "item": item_id})
    return [_measured(row) for row in rows]


def runs(session: Session, bank_id: int, limit: int = 10) -> list[Run]:
    """Return the newest analyses of a bank."""
    rows = session.execute(select(ItemAnalysisRow.__table__).where(ItemAnalysisRow.bank_id == bank_id).order_by(ItemAnalysisRow.id.desc()).limit(limit))
    return [_run(row) for row in rows]


def _measured(row: Any) -> Measured:
    report = msgspec.convert(_restored(row.report), ItemReport)
    return Measured(row.id, row.item_id, row.external_id, row.number, row.plain, row.severity, report, _run(row))


def _run(row: Any) -> Run:
    reliability = msgspec.convert(_restored(row.reliability), Reliability) if row.reliability else None
    return Run(row.title, row.people, row.complete, reliability, msgspec.convert(_restored(row.models), tuple[ModelSummary, ...]), row.at)


def _plain(found: object) -> Any:
    """Return what JSON can hold; a figure that does not exist becomes null."""
    return msgspec.json.decode(msgspec.json.encode(found))


def _restored(found: Any) -> Any:
    """Return stored figures with nan in place of null."""
    if isinstance(found, dict):
        return {name: _restored(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_restored(value) for value in found]
    return float("nan") if found is None else found
