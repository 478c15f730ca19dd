"""Admission: what stands before the start button."""

from datetime import datetime

from exam.domain.admission import NO_EXTRAS, Accommodation, Extras, Standing
from exam.domain.exam import Exam
from exam.domain.safe_exam_browser import BrowserKeys
from exam.services import identity
from exam.store import exam as exams
from exam.store import extra_attempt as extra_attempts
from exam.store.attempt import Attempt
from lms import api as platform
from lms.domain.enrolment import EnrolmentFacts
from lms.kernel.db import Session


def standing(session: Session, exam: Exam, person_id: int, newest: Attempt | None, now: datetime) -> Standing:
    """Gather what admission needs to know of a person."""
    facts, granted = platform.enrolment_of(session, person_id, exam.programme_code), exams.accommodation_of(session, exam.id, person_id)
    extras = extra_attempts.of_person(session, person_id, now).get(exam.id, NO_EXTRAS)
    return standing_of(session, exam, person_id, newest, facts=facts, accommodation=granted, extras=extras)


def standing_of(
    session: Session, exam: Exam, person_id: int, newest: Attempt | None, *, facts: EnrolmentFacts | None, accommodation: Accommodation, extras: Extras
) -> Standing:
    """Put together what is known of a person already."""
    return Standing(
        enrolled=facts is not None,
        learning_complete=facts is not None and facts.learning_complete,
        missing=facts.missing if facts else (),
        attempts_used=newest.number - extras.begun if newest else 0,
        accommodation=accommodation,
        last_ended_at=newest.ended_at if newest else None,
        identity_confirmed=identity.confirmed(session, exam, person_id),
        extra=extras.waiting,
    )


def browser_keys(session: Session, exam: Exam, person_id: int) -> BrowserKeys:
    """Return what an exam asks of a person's browser; where it asks for nothing nobody need look."""
    asked = exam.browser_keys
    return exams.accommodation_of(session, exam.id, person_id).asked(asked) if asked else asked
