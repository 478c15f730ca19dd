"""Scored attempts read for the analysis of their items."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

AT_ONCE = 1_000


class ScoredAttempt(NamedTuple):
    """What an analysis needs of one person's first scored attempt; arrays hold one element a position."""

    person_id: int
    assembly_id: int
    version_ids: list[int]
    orders: bytes
    answers: list[str | None]
    item_points: list[int | None]


# A second try is no independent evidence: of each person the first scored attempt counts, and only if she answered anything.
_FIRST = (
    " FROM attempt a WHERE a.exam_id = :exam AND a.state = 'scored' AND EXISTS (SELECT FROM unnest(a.answers) one WHERE one <> '')"
    " AND NOT EXISTS (SELECT FROM attempt b WHERE b.exam_id = a.exam_id AND b.person_id = a.person_id AND b.state = 'scored' AND b.number < a.number)"
)


def people(session: Session, exam_id: int) -> int:
    """Return how many people an analysis of the exam may rest on."""
    return int(session.execute(text(f"SELECT count(*){_FIRST}"), {"exam": exam_id}).scalar_one())


def versions(session: Session, exam_id: int) -> list[int]:
    """Return the item versions that those people were given."""
    given = f"SELECT DISTINCT unnest(version_ids) AS version FROM paper WHERE id IN (SELECT a.paper_id{_FIRST}) ORDER BY version"  # noqa: S608 - constants of this file
    return [int(found) for found in session.scalars(text(given), {"exam": exam_id})]


def assemblies(session: Session, exam_id: int) -> list[int]:
    """Return the sets of papers of an exam."""
    return [int(found) for found in session.scalars(text("SELECT id FROM assembly WHERE exam_id = :exam ORDER BY id"), {"exam": exam_id})]


def scored(session: Session, exam_id: int, *, every: int = 1) -> Iterator[ScoredAttempt]:
    """Read the first scored attempts, or every so-manieth of them, without holding all of them."""
    chosen = f"SELECT a.id, a.person_id, a.paper_id, a.answers, row_number() OVER (ORDER BY a.id) AS place{_FIRST}"
    rows = session.execute(
        text(
            f"WITH first AS ({chosen}) SELECT f.person_id, p.assembly_id, p.version_ids, p.orders, f.answers,"  # noqa: S608 - constants of this file
            " (SELECT r.item_points FROM result r WHERE r.attempt_id = f.id ORDER BY r.version DESC LIMIT 1)"
            " FROM first f JOIN paper p ON p.id = f.paper_id WHERE f.place % :every = 0"
        ),
        {"exam": exam_id, "every": every},
        execution_options={"yield_per": AT_ONCE},
    )
    for row in rows:
        yield ScoredAttempt(*row)
