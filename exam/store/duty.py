"""What of an exam waits for a manager's decision: one statement."""

from dataclasses import dataclass

from sqlalchemy import text

from exam.store.packet import UNDECIDED
from lms.kernel.db import Session

# Nobody decides on what is her own, or approves the regrade that she proposed or has approved already.
_WAITING = text(
    f"""
    SELECT w.kind, x.code, x.title, count(*) FROM (
      SELECT 'packet' AS kind, b.exam_id FROM {UNDECIDED.format(exam="b.exam_id")} AND b.state <> 'open' AND b.person_id <> :person
      UNION ALL SELECT 'appeal', a.exam_id FROM exam_appeal p JOIN attempt a ON a.id = p.attempt_id WHERE p.decided_at IS NULL AND a.person_id <> :person
      UNION ALL SELECT 'regrade', r.exam_id FROM regrade r WHERE r.state = 'proposed' AND r.digest IS NOT NULL
        AND r.proposed_by IS DISTINCT FROM :person
        AND NOT EXISTS (SELECT FROM regrade_approval y WHERE y.regrade_id = r.id AND y.person_id = :person AND y.digest = r.digest)
      UNION ALL SELECT 'archive', v.exam_id FROM exam_archive v WHERE v.state = 'asked' AND v.asked_by <> :person
    ) AS w JOIN exam x ON x.id = w.exam_id GROUP BY w.kind, x.id ORDER BY x.opens, x.id, w.kind
    """  # noqa: S608 - a constant of these files
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of one kind wait in one exam."""

    kind: str
    code: str
    title: str
    number: int


def waiting(session: Session, person_id: int) -> list[Waiting]:
    """Return what a person could decide on, exam by exam."""
    return [Waiting(*row) for row in session.execute(_WAITING, {"person": person_id})]
