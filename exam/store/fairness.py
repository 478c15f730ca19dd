"""Papers as they were taken: statements."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session


class TakenPaper(NamedTuple):
    """Who began which paper."""

    person_id: int
    assembly_id: int
    version_ids: list[int]


def taken(session: Session, exam_id: int, most: int) -> list[TakenPaper]:
    """Return the papers begun last, at most so many, in the order of starting."""
    rows = session.execute(
        text(
            "SELECT * FROM (SELECT a.person_id, p.assembly_id, p.version_ids, a.id FROM attempt a JOIN paper p ON p.id = a.paper_id"
            " WHERE a.exam_id = :exam ORDER BY a.id DESC LIMIT :most) newest ORDER BY id"
        ),
        {"exam": exam_id, "most": most},
    )
    return [TakenPaper(row.person_id, row.assembly_id, row.version_ids) for row in rows]
