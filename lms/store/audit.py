"""What stands in the audit, with who acted."""

from collections.abc import Sequence

from sqlalchemy import literal, or_, select

from lms.domain.audit import Asked, Entry
from lms.kernel.audit import AuditEntry
from lms.kernel.db import Session
from lms.store.person import PersonRow
from lms.store.unit import UnitRow, below


def entries(session: Session, scope: Sequence[str], asked: Asked, *, unnamed: bool, before: int | None, limit: int) -> list[Entry]:
    """Return the newest acts of people of the scope; `unnamed`: those of commands and jobs, too."""
    written = AuditEntry
    query = (
        select(written.id, written.at, written.action, written.subject, written.detail, PersonRow.account, PersonRow.name)
        .outerjoin(PersonRow, PersonRow.id == written.actor_id)
        .outerjoin(UnitRow, UnitRow.id == PersonRow.unit_id)
        .where(or_(below(UnitRow.path.expression, scope), written.actor_id.is_(None) & literal(unnamed)))
        .order_by(written.id.desc())
        .limit(limit)
    )
    if asked.person_id is not None:
        query = query.where(or_(written.actor_id == asked.person_id, written.subject == f"person:{asked.person_id}"))
    for column, value in ((written.action, asked.act), (written.subject, asked.subject)):
        if value is not None:
            query = query.where(column == value)
    if asked.until is not None:
        query = query.where(written.at < asked.until)
    if before is not None:
        query = query.where(written.id < before)
    return [Entry(*row) for row in session.execute(query)]
