"""What was decided about a person in her exams, for her own export: one statement a subject."""

from sqlalchemy import text

from lms.kernel.db import Session

_HERS = "FROM attempt a JOIN exam x ON x.id = a.exam_id"
_SUBJECTS = {
    "annulments": f"SELECT x.code AS exam, a.number AS attempt, n.reason, n.proposed_at, n.annulled, n.decided_at {_HERS}"
    " JOIN attempt_annulment n ON n.attempt_id = a.id WHERE a.person_id = :person AND n.decided_at IS NOT NULL ORDER BY n.id",
    "extra_attempts": "SELECT x.code AS exam, e.opens, e.closes, e.reason, e.granted_at, a.number AS begun_as_attempt FROM extra_attempt e"
    " JOIN exam x ON x.id = e.exam_id LEFT JOIN attempt a ON a.id = e.attempt_id WHERE e.person_id = :person ORDER BY e.id",
    "accommodations": "SELECT x.code AS exam, c.percent, c.any_browser, c.rest_minutes FROM exam_accommodation c JOIN exam x ON x.id = c.exam_id"
    " WHERE c.person_id = :person ORDER BY x.id",
    "time": f"SELECT x.code AS exam, a.number AS attempt, d.kind, d.seconds, d.reason, d.at {_HERS}"
    " JOIN deadline_adjustment d ON d.attempt_id = a.id WHERE a.person_id = :person ORDER BY d.id",
    "pauses": f"SELECT x.code AS exam, a.number AS attempt, h.reason, h.began_at, h.ended_at {_HERS}"
    " JOIN attempt_pause h ON h.attempt_id = a.id WHERE a.person_id = :person ORDER BY h.id",
    "appeals": f"SELECT x.code AS exam, a.number AS attempt, c.words, c.made_at, c.upheld, c.answer, c.decided_at {_HERS}"
    " JOIN exam_appeal c ON c.attempt_id = a.id WHERE a.person_id = :person ORDER BY c.id",
    "results": f"SELECT x.code AS exam, a.number AS attempt, r.version, r.points, r.reason, r.at {_HERS} JOIN result r ON r.attempt_id = a.id"
    " WHERE a.person_id = :person AND (x.release = 'at_once' OR x.released_at IS NOT NULL) AND array_position(r.item_points, NULL) IS NULL ORDER BY r.id",
    # Those to her alone, and those to her unit while she sat.
    "messages": "SELECT x.code AS exam, m.text, m.sent_at FROM exam_message m JOIN exam x ON x.id = m.exam_id WHERE m.person_id = :person"
    " OR m.person_id IS NULL AND EXISTS (SELECT FROM attempt a JOIN person p ON p.id = a.person_id JOIN unit u ON u.id = p.unit_id"
    " WHERE a.person_id = :person AND a.exam_id = m.exam_id AND u.path LIKE m.unit_path || '%'"
    " AND m.sent_at BETWEEN a.started_at AND coalesce(a.ended_at, 'infinity')) ORDER BY m.id",
}


def decided(session: Session, person_id: int) -> dict[str, list[dict[str, object]]]:
    """Return by subject what was decided about a person, or told her."""
    return {name: [dict(row) for row in session.execute(text(query), {"person": person_id}).mappings()] for name, query in _SUBJECTS.items()}
