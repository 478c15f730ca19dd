"""Opening the keys of an exam's papers: two people, each by name and with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import sealed_key as rules
from exam.domain.exam import Exam
from exam.domain.sealed_key import Consent
from exam.services.exam import found, require_outsider
from exam.store import sealed_key as store
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction


@dataclass(frozen=True, slots=True)
class Seal:
    """Where the keys of an exam stand: the consents that hold, `names` of those who gave them, and until when enough of them hold."""

    exam: Exam
    consents: Sequence[Consent]
    names: dict[int, str]
    open_until: datetime | None


def open_until(session: Session, exam_id: int, now: datetime) -> datetime | None:
    """Return until when the keys of an exam's papers may be seen; None while they are sealed."""
    return rules.open_until(rules.standing(store.consents(session, exam_id), now))


def seal(exam_code: str, now: datetime) -> Seal:
    """Return where the keys of an exam stand."""
    with transaction() as session:
        exam = found(session, exam_code)
        consents = rules.standing(store.consents(session, exam.id), now)
        cards = platform.people(session, [consent.person_id for consent in consents])
        return Seal(exam, consents, {person: card.name for person, card in cards.items()}, rules.open_until(consents))


def consent(exam_code: str, person_id: int, reason: str, now: datetime) -> datetime | None:
    """Agree to opening the keys; returns until when they are open now, if they are."""
    with transaction() as session:
        exam = found(session, exam_code)
        require_outsider(session, exam, person_id, now)
        consents = rules.standing(store.consents(session, exam.id), now)
        mine = rules.consent(consents, person_id, reason, now)
        store.add(session, exam.id, mine)
        audit.record(session, actor_id=person_id, action="exam.key_consent", subject=f"exam:{exam.id}", now=now, reason=mine.reason)
        return rules.open_until([*consents, mine])


def withdraw(exam_code: str, person_id: int, now: datetime) -> None:
    """Take one's own consent back."""
    with transaction() as session:
        exam = found(session, exam_code)
        store.add(session, exam.id, rules.withdraw(rules.standing(store.consents(session, exam.id), now), person_id, now))
        audit.record(session, actor_id=person_id, action="exam.key_withdraw", subject=f"exam:{exam.id}", now=now)
