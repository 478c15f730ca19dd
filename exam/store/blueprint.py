"""Blueprints and their versions: statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from exam.domain import blueprint as rules
from exam.domain.blueprint import Blueprint
from exam.store.exam import BlueprintRow


@dataclass(frozen=True, slots=True)
class BlueprintCard:
    """A blueprint in the list: its newest version, and how many exams use any version."""

    blueprint: Blueprint
    version: int
    created_at: datetime
    exams: int


def cards(session: Session) -> Sequence[BlueprintCard]:
    """Return every blueprint in its newest version, by code."""
    rows = session.execute(
        text(
            "SELECT DISTINCT ON (b.code) b.body, b.version, b.created_at,"
            " (SELECT count(*) FROM exam e JOIN blueprint u ON u.id = e.blueprint_id WHERE u.code = b.code)"
            " FROM blueprint b ORDER BY b.code, b.version DESC"
        )
    )
    return [BlueprintCard(rules.from_mapping(body), version, created_at, count) for body, version, created_at, count in rows]


def versions(session: Session, code: str) -> list[int]:
    """Return the numbers of a blueprint's versions."""
    return list(session.scalars(select(BlueprintRow.version).where(BlueprintRow.code == code).order_by(BlueprintRow.version)))


def by_version(session: Session, code: str, version: int) -> Blueprint:
    """Return one version."""
    return rules.from_mapping(session.scalars(select(BlueprintRow.body).where(BlueprintRow.code == code, BlueprintRow.version == version)).one())


def every_version(session: Session) -> list[tuple[Blueprint, int]]:
    """Return every version of every blueprint, by code, the newest first."""
    query = select(BlueprintRow.body, BlueprintRow.version).order_by(BlueprintRow.code, BlueprintRow.version.desc())
    return [(rules.from_mapping(body), version) for body, version in session.execute(query)]


def id_of(session: Session, code: str, version: int) -> int:
    """Return the id of one version."""
    return session.scalars(select(BlueprintRow.id).where(BlueprintRow.code == code, BlueprintRow.version == version)).one()
