"""What lms holds of a person's learning, for her own export."""

from lms.kernel.db import Session
from lms.services import certificate as certificates
from lms.services import hours
from lms.store import certificate as certificate_store
from lms.store import enrolment as enrolment_store
from lms.store import grade as grade_store
from lms.store import window_request as window_requests


def learning(session: Session, person_id: int) -> object:
    """Return each enrolment with its ledger, its scores (points in hundredths) and its certificates."""
    return [
        {
            "programme": one.programme_code,
            "city": one.city,
            "participants": one.participants,
            "personal_windows": [{"opens": window.opens, "closes": window.closes} for window in one.personal_windows],
            "window_requests": [
                {"opens": asked.opens, "closes": asked.closes, "reason": asked.reason, "at": asked.asked_at, "granted": asked.granted, "answer": asked.answer}
                for asked in window_requests.of_enrolment(session, one.id, person_id)
            ],
            "hours": [
                {"kind": entry.kind, "lesson": entry.lesson_id, "seconds": entry.worth.seconds, "lessons": entry.worth.lessons, "evidence": entry.evidence,
                 "takes_back": entry.reverses_id, "at": entry.entered_at, "entry": entry.id}
                for entry in hours.ledger(session, one.id)
            ],
            "scores": [
                {"component": line.component, "points": line.score.points, "of_points": line.score.of_points, "evidence": line.evidence,
                 "takes_back": line.reverses_id, "at": line.posted_at, "line": line.id}
                for line in grade_store.lines(session, one.id)
            ],
            "certificates": [certificates.statement_of(issued) for issued in certificate_store.of_enrolment(session, one.id)],
        }
        for one in enrolment_store.of_person(session, person_id)
    ]  # fmt: skip
