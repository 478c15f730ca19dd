"""What the exam board sees: the blueprint against its pool, the papers, the live counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from exam.domain.blueprint import Blueprint
from exam.domain.exam import Exam
from exam.domain.fairness import Spread, Statistics, pooled
from exam.domain.feasibility import Supply, supplies
from exam.services.exam import found
from exam.store import attempt as attempts
from exam.store import backlog
from exam.store import exam as exams
from exam.store import paper as papers
from lms.kernel.db import Session, transaction
from question_bank import api as bank


@dataclass(frozen=True, slots=True)
class ExamBoard:
    """One exam from the board's side."""

    exam: Exam
    blueprint: Blueprint
    supply: tuple[Supply, ...]
    topics: Mapping[str, str]  # their names by their codes
    papers: int
    papers_free: int
    states: dict[str, int]
    statistics: Statistics | None
    digests: tuple[str, ...]  # of each set that was drawn
    unmarked: int  # scripts
    marking: int  # people whose scored attempt waits for them


def board(code: str) -> ExamBoard:
    """Gather what the board wants to see of an exam."""
    with transaction() as session:
        return board_of(session, found(session, code))


def board_of(session: Session, exam: Exam) -> ExamBoard:
    """Gather it in the caller's transaction."""
    blueprint = exams.blueprint_of(session, exam.id)
    total, free = papers.counts(session, exam.id)
    sets = papers.statistics(session, exam.id)
    states = attempts.state_counts(session, exam.id)
    unmarked, marking = backlog.unsettled(session, exam.id)
    return ExamBoard(
        exam=exam,
        blueprint=blueprint,
        supply=supplies(blueprint, bank.pool(session, exam.bank_code, "exam")),
        topics=bank.topics(session, exam.bank_code),
        papers=total,
        papers_free=free,
        states=states,
        statistics=pooled([_statistics(stored) for stored, _digest in sets]) if sets else None,
        digests=tuple(digest for _stored, digest in sets),
        unmarked=unmarked,
        marking=marking,
    )


def _statistics(stored: dict[str, object]) -> Statistics:
    spread = stored["expected_score"]
    assert isinstance(spread, dict)
    return Statistics(**{**stored, "expected_score": Spread(**spread)})  # type: ignore[arg-type]
