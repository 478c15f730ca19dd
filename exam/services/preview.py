"""A paper as it was drawn, for the board: looked through and printed, its key only once two people have opened it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exam.domain.blueprint import Blueprint
from exam.domain.exam import Exam
from exam.domain.paper import Paper
from exam.services import paper as papers
from exam.services import sealed_key
from exam.services.exam import found, require_outsider
from exam.store import exam as exams
from exam.store import paper as store
from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import Missing
from question_bank import api as bank
from question_bank.domain.exchange import Picture
from question_bank.domain.item import ItemContent, Key


@dataclass(frozen=True, slots=True)
class PaperPreview:
    """One paper with its items and their `names` in the bank; `keys` and `open_until` are None while they are sealed."""

    exam: Exam
    blueprint: Blueprint
    paper: Paper
    papers: int
    contents: Mapping[int, ItemContent]
    names: Mapping[int, str]
    keys: Mapping[int, Key] | None
    open_until: datetime | None


def paper(exam_code: str, number: int, *, actor_id: int, now: datetime) -> PaperPreview:
    """Return a paper by its number; each look is audited, and one at the key by its own name."""
    with transaction() as session:
        exam = found(session, exam_code)
        require_outsider(session, exam, actor_id, now)
        found_paper = store.by_number(session, exam.id, number)
        if found_paper is None:
            raise Missing
        drawn, total = found_paper
        opened = sealed_key.open_until(session, exam.id, now)
        action = "exam.paper_key_view" if opened else "exam.paper_view"
        audit.record(session, actor_id=actor_id, action=action, subject=f"exam:{exam.id}", now=now, paper=number, hash=drawn.hash)
        versions = list(drawn.version_ids)
        return PaperPreview(
            exam=exam,
            blueprint=exams.blueprint_of(session, exam.id),
            paper=drawn,
            papers=total,
            contents=bank.contents(session, versions),
            names=bank.external_ids(session, versions),
            keys=bank.keys(session, versions) if opened else None,
            open_until=opened,
        )


def picture(exam_code: str, number: int, digest: str, *, actor_id: int, now: datetime) -> Picture:
    """Return a picture that a paper shows."""
    with transaction() as session:
        exam = found(session, exam_code)
        require_outsider(session, exam, actor_id, now)
        drawn = store.by_number(session, exam.id, number)
        shown = bank.picture(session, exam.bank_code, digest) if drawn and papers.shows(session, drawn[0], digest) else None
        if shown is None:
            raise Missing
        return shown
