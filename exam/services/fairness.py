"""The fairness sheet: what an exam's board signs for."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from exam.domain import fairness as rules
from exam.domain.exam import Exam
from exam.domain.fairness import Hardness, Overlap
from exam.services import board as boards
from exam.services.board import ExamBoard
from exam.services.exam import found
from exam.services.paper import position_points
from exam.store import fairness as store
from lms import api as platform
from lms.kernel.db import Session, transaction
from question_bank import api as bank

MOST_PAPERS = 5_000  # as many as a page may look at; the sheet says so


@dataclass(frozen=True, slots=True)
class FairnessSheet:
    """Everything the board wants to see; `hardness` is None until the items were analysed."""

    board: ExamBoard
    taken: int
    neighbours: Overlap | None
    hardness: Hardness | None
    measured_at: datetime | None


def sheet(code: str) -> FairnessSheet:
    """Gather the sheet of an exam; of more papers than MOST_PAPERS the newest."""
    with transaction() as session:
        return sheet_of(session, found(session, code))


def sheet_of(session: Session, exam: Exam) -> FairnessSheet:
    """Gather the sheet of an exam in the caller's transaction."""
    papers = store.taken(session, exam.id, MOST_PAPERS)
    homes = platform.people(session, [paper.person_id for paper in papers])
    schools: dict[str, list[list[int]]] = defaultdict(list)
    for paper in papers:
        if paper.person_id in homes:
            schools[homes[paper.person_id].unit_path].append(paper.version_ids)
    logits, measured_at = bank.logits(session, exam.bank_code, f"exam:{exam.code}")
    points = position_points(session, exam.id, papers[0].assembly_id) if papers else ()
    return FairnessSheet(
        board=boards.board_of(session, exam),
        taken=len(papers),
        neighbours=rules.neighbours(schools.values()),
        hardness=rules.hardness((paper.version_ids for paper in papers), points, logits) if logits else None,
        measured_at=measured_at,
    )
