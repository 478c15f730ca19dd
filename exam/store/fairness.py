"""Papers as they were taken: statements."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.orm import Session

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class TakenPapers:
    """Who began which paper, in the order of starting; `versions` are people × positions, the set of the last one tells what positions are worth."""

    people: list[int]
    versions: npt.NDArray[np.int64]
    assembly_id: int | None


def taken(session: Session, exam_id: int) -> TakenPapers:
    """Return every paper that was begun."""
    # Numbers travel as text, which numpy reads at once: as lists of the driver they would take most of the time of a sheet.
    rows = session.execute(
        text(
            "SELECT a.person_id, p.assembly_id, array_to_string(p.version_ids, ' ') AS versions"
            " FROM attempt a JOIN paper p ON p.id = a.paper_id WHERE a.exam_id = :exam ORDER BY a.id"
        ),
        {"exam": exam_id},
        execution_options={"yield_per": AT_ONCE},
    )
    people: list[int] = []
    parts, assembly_id = [np.zeros((0, 0), np.int64)], None
    for part in rows.partitions():
        people += [row.person_id for row in part]
        parts.append(np.fromstring(" ".join(row.versions for row in part), np.int64, sep=" ").reshape(len(part), -1))
        assembly_id = part[-1].assembly_id
    return TakenPapers(people, np.concatenate(parts[1:] or parts), assembly_id)
