"""How many watch at this moment."""

from datetime import datetime, timedelta

from sqlalchemy import text

from lms.kernel.db import Session
from media.domain.reporting import LONGEST, SECONDS

JUST_NOW = timedelta(seconds=LONGEST + SECONDS)  # the longest that a busy server asks players to wait, and some time on the way


def watching(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """Count by programme and city whose newest lease has just been reported on."""
    found = session.execute(
        text(
            "SELECT e.programme_code, e.city, count(*) FROM playback_account a JOIN playback_lease l ON l.id = a.lease_id "
            "JOIN activity c ON c.id = l.activity_id JOIN enrolment e ON e.person_id = a.person_id AND e.programme_code = c.programme_code "
            "WHERE l.closed_at IS NULL AND l.counted_at > :since GROUP BY 1, 2"
        ),
        {"since": now - JUST_NOW},
    )
    return {(code, city): count for code, city, count in found}
