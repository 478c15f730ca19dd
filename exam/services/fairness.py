"""The fairness sheet: what an exam's board signs for."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

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


@dataclass(frozen=True, slots=True)
class FairnessSheet:
    """Everything the board wants to see; `hardness` is None until the items were analysed."""

    board: ExamBoard
    taken: int
    neighbours: Overlap | None
    hardness: Hardness | None
    measured_at: datetime | None


def sheet(code: str) -> FairnessSheet:
    """Gather the sheet of an exam."""
    with transaction() as session:
        return sheet_of(session, found(session, code))


def sheet_of(session: Session, exam: Exam) -> FairnessSheet:
    """Gather the sheet of an exam in the caller's transaction."""
    taken = store.taken(session, exam.id)
    homes = {person: card.unit_path for person, card in platform.people(session, sorted(set(taken.people))).items()}
    school = {path: number for number, path in enumerate(sorted(set(homes.values())))}
    known = np.array([at for at, person in enumerate(taken.people) if person in homes], np.int64)
    schools = np.array([school[homes[taken.people[at]]] for at in known], np.int64)
    logits, measured_at = bank.logits(session, exam.bank_code, f"exam:{exam.code}")
    points = () if taken.assembly_id is None else position_points(session, exam.id, taken.assembly_id)
    return FairnessSheet(
        board=boards.board_of(session, exam),
        taken=len(taken.people),
        neighbours=rules.neighbours(taken.versions[known], schools),
        hardness=rules.hardness(taken.versions, points, logits) if logits else None,
        measured_at=measured_at,
    )
