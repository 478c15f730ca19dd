"""How many sit an exam at this moment, and how many have begun one."""

from datetime import datetime

from sqlalchemy import text

from lms.kernel.db import Session


def in_exam(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """Count the open attempts by programme and city."""
    found = session.execute(
        text(
            "SELECT x.programme_code, e.city, count(*) FROM attempt a JOIN exam x ON x.id = a.exam_id "
            "JOIN enrolment e ON e.person_id = a.person_id AND e.programme_code = x.programme_code "
            "WHERE a.state = 'open' AND a.deadline > :now GROUP BY 1, 2"
        ),
        {"now": now},
    )
    return {(code, city): count for code, city, count in found}


def starts(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """Count the attempts begun in the last whole quarter of an hour by programme and city."""
    found = session.execute(
        text(
            "SELECT x.programme_code, e.city, count(*) FROM attempt a JOIN exam x ON x.id = a.exam_id "
            "JOIN enrolment e ON e.person_id = a.person_id AND e.programme_code = x.programme_code, "
            "date_bin('15 minutes', CAST(:now AS timestamptz), '2000-01-01 00:00Z') AS quarter "
            "WHERE a.started_at >= quarter - interval '15 minutes' AND a.started_at < quarter GROUP BY 1, 2"
        ),
        {"now": now},
    )
    return {(code, city): count for code, city, count in found}
