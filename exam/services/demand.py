"""What the exams to come ask of a bank, cell by cell of their blueprints."""

from datetime import datetime

from exam.domain.feasibility import supplies
from exam.store import exam as store
from lms.kernel.db import Session
from question_bank import api as bank


def demands(session: Session, bank_code: str, now: datetime) -> list[bank.Demand]:
    """Return what each blueprint in use needs of the bank's exam pool and what it finds there."""
    blueprints = store.drawing_on(session, bank_code, now)
    pool = bank.pool(session, bank_code, "exam") if blueprints else []
    return [
        bank.Demand(
            title=blueprint.title,
            type=one.cell.type,
            topic=one.cell.topic,
            level=one.cell.level,
            hardest=one.cell.hardest,
            easiest=one.cell.easiest,
            needed=one.cell.count,
            found=one.found,
        )
        for blueprint in blueprints
        for one in supplies(blueprint, pool)
    ]
