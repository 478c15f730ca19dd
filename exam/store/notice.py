"""What a person is to hear of her exams without having asked: one statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from exam.domain.notice import Notice
from lms.kernel.db import Session
from lms.kernel.statement import Statement

_OF_PERSON = Statement(
    text(
        """
    SELECT 'extra' AS kind, x.code, x.title, NULL::bigint AS figure, NULL::int AS before, e.opens, e.closes
      FROM extra_attempt e JOIN exam x ON x.id = e.exam_id WHERE e.person_id = :person AND e.attempt_id IS NULL AND e.closes > :now
    UNION ALL SELECT 'time', x.code, x.title, sum(d.seconds), NULL, NULL, max(a.deadline) FILTER (WHERE a.state = 'open' AND a.deadline > :now)
      FROM attempt a JOIN deadline_adjustment d ON d.attempt_id = a.id JOIN exam x ON x.id = a.exam_id
      WHERE a.person_id = :person AND d.kind = 'outage' AND d.at > :now - CAST(:told AS interval) AND d.at <= :now GROUP BY x.code, x.title
    UNION ALL SELECT CASE WHEN starts_with(r.reason, 'marking') THEN 'marking' WHEN g.reverses_id IS NULL THEN 'regrade' ELSE 'reversal' END,
      x.code, x.title, r.points, b.points, NULL, NULL
      FROM attempt a JOIN exam x ON x.id = a.exam_id
      JOIN LATERAL (SELECT * FROM result WHERE attempt_id = a.id ORDER BY version DESC LIMIT 1) AS r ON true
      JOIN result b ON b.attempt_id = a.id AND b.version = r.version - 1
      LEFT JOIN regrade g ON r.reason = 'regrade:' || g.id
      WHERE a.person_id = :person AND a.state = 'scored' AND (starts_with(r.reason, 'regrade:') OR starts_with(r.reason, 'marking')) AND r.points <> b.points
        AND r.at > :now - CAST(:told AS interval) AND (x.release = 'at_once' OR x.released_at < r.at)
        AND array_position(r.item_points, NULL) IS NULL AND array_position(b.item_points, NULL) IS NULL
    UNION ALL SELECT 'annulled', x.code, x.title, a.number, NULL, NULL, NULL
      FROM attempt_annulment n JOIN attempt a ON a.id = n.attempt_id JOIN exam x ON x.id = a.exam_id
      WHERE a.person_id = :person AND n.annulled AND n.decided_at > :now - CAST(:told AS interval) AND n.decided_at <= :now
    UNION ALL SELECT 'packet', x.code, x.title, sum(d.counted), NULL, NULL, NULL
      FROM attempt a JOIN exam_packet k ON k.attempt_id = a.id JOIN exam_packet_decision d ON d.packet_id = k.id JOIN exam x ON x.id = a.exam_id
      WHERE a.person_id = :person AND d.at > :now - CAST(:told AS interval) AND d.at <= :now GROUP BY x.code, x.title
    UNION ALL SELECT 'appeal', x.code, x.title, NULL, NULL, NULL, NULL
      FROM attempt a JOIN exam_appeal p ON p.attempt_id = a.id JOIN exam x ON x.id = a.exam_id
      WHERE a.person_id = :person AND p.decided_at > :now - CAST(:told AS interval) AND p.decided_at <= :now GROUP BY x.code, x.title
    """
    )
)


def of_person(session: Session, person_id: int, *, told: timedelta, now: datetime) -> Sequence[Notice]:
    """Return what a person is to hear of for so long after it happened; the length, and not the instant, can be foreseen."""
    return [Notice(*row) for row in _OF_PERSON.rows(session, person=person_id, told=told, now=now)]
