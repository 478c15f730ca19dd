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
    """Where the keys of an exam stand; `names` of those who agreed."""

    exam: Exam
    consents: Sequence[Consent]
    names: dict[int, str]

    @property
    def opened(self) -> bool:
        """Tell whether the keys may be seen."""
        return rules.opened(self.consents)


def opened(session: Session, exam_id: int) -> bool:
    """Tell whether the keys of an exam's papers may be seen."""
    return rules.opened(store.consents(session, exam_id))


def seal(exam_code: str) -> Seal:
    """Return where the keys of an exam stand."""
    with transaction() as session:
        exam = found(session, exam_code)
        consents = store.consents(session, exam.id)
        cards = platform.people(session, [consent.person_id for consent in consents])
        return Seal(exam, consents, {person: card.name for person, card in cards.items()})


def consent(exam_code: str, person_id: int, reason: str, now: datetime) -> bool:
    """Agree to opening the keys; returns whether they are open now."""
    with transaction() as session:
        exam = found(session, exam_code)
        require_outsider(session, exam, person_id, now)
        given = store.consents(session, exam.id)
        mine = rules.consent(given, person_id, reason, now)
        store.add(session, exam.id, mine)
        audit.record(session, actor_id=person_id, action="exam.key_consent", subject=f"exam:{exam.id}", now=now, reason=mine.reason)
        return rules.opened([*given, mine])
