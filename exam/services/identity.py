"""Identity before an exam: a learner sends a photo, an invigilator compares it or meets her; the photo goes with the decision."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import identity as rules
from exam.domain.exam import Exam
from exam.domain.identity import State
from exam.formats import photo as photos
from exam.services.exam import found
from exam.store import identity as store
from exam.store.identity import ExamIdentityRow, Face
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, reading, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Missing
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.kernel.throttle import throttle

MOST_SHOWN = 24

_seals: dict[str, Seal] = {}


@dataclass(frozen=True, slots=True)
class Own:
    """Where one's own check stands; `reason` of a refusal."""

    exam: Exam
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Faces:
    """Who waits in an invigilator's scope, and who was looked for by name."""

    exam: Exam
    waiting: Sequence[Face]
    found: Sequence[Face]


def mount(settings: Settings) -> None:
    """Take the key that seals photos."""
    _seals["field"] = Seal(settings.field_key)


def confirmed(session: Session, exam: Exam, person_id: int) -> bool:
    """Tell whether a person may sit as far as her identity goes."""
    if not exam.asks_identity:
        return True
    row = store.one(session, exam.id, person_id)
    return row is not None and row.state == State.CONFIRMED


def own(person_id: int, exam_code: str) -> Own:
    """Return where one's own check stands; raises Missing where the exam asks for none, or one does not take part."""
    with reading() as session:
        exam = _asking(session, exam_code, person_id)
        row = store.one(session, exam.id, person_id)
        return Own(exam, State(row.state), row.reason) if row else Own(exam, State.NONE, "")


def send(person_id: int, exam_code: str, content: bytes, *, consent: str, now: datetime) -> None:
    """Send a photo, with consent to the present text."""
    throttle(f"identity_photo:{person_id}", limit=rules.TRIES, within=rules.TRIED_WITHIN, now=now)
    with reading() as session:
        exam = _asking(session, exam_code, person_id)
    shown = photos.read(content)  # may wait for another's: nothing is held meanwhile
    with transaction() as session:
        row = store.lock(session, exam.id, person_id, now)
        rules.require_sending(State(row.state), consent)
        row.state, row.consent, row.at, row.reason, row.decided_by = State.SENT, consent, now, "", None
        store.keep_photo(session, row.id, _seals["field"].close(base64.b64encode(shown).decode()), now)
        audit.record(session, actor_id=person_id, action="identity.send", subject=f"exam:{exam.id}", now=now, person=person_id, consent=consent)


def withdraw(person_id: int, exam_code: str, now: datetime) -> None:
    """Take one's photo and the consent back; it is gone at once."""
    with transaction() as session:
        exam = _asking(session, exam_code, person_id)
        row = store.lock(session, exam.id, person_id, now)
        if row.state != State.SENT:
            raise rules.NothingSent
        row.state, row.consent = State.NONE, ""
        store.drop_photo(session, row.id)
        audit.record(session, actor_id=person_id, action="identity.withdraw", subject=f"exam:{exam.id}", now=now, person=person_id)


def faces(actor_id: int, exam_code: str, words: str) -> Faces:
    """Return who waits in one's scope, and who is called so."""
    with reading() as session:
        exam = found(session, exam_code)
        scope = platform.scope_of(session, actor_id, Permission.INVIGILATE)
        named = store.named(session, exam.id, scope, words, MOST_SHOWN) if words else []
        return Faces(exam, store.waiting(session, exam.id, scope, MOST_SHOWN), named)


def photo(actor_id: int, exam_code: str, person_id: int, now: datetime) -> bytes:
    """Return a photo to an invigilator in whose scope the person is; every look is audited."""
    with transaction() as session:
        exam, row = _watched(session, actor_id, exam_code, person_id, now)
        sealed = store.photo(session, row.id)
        if sealed is None:
            raise Missing
        audit.record(session, actor_id=actor_id, action="identity.view", subject=f"exam:{exam.id}", now=now, person=person_id)
        return base64.b64decode(_seals["field"].open(sealed))


def decide(actor_id: int, exam_code: str, person_id: int, *, passed: bool, reason: str, now: datetime) -> None:
    """Confirm a person, by her photo or on the spot, or refuse her photo with a reason."""
    with transaction() as session:
        exam, row = _watched(session, actor_id, exam_code, person_id, now)
        before = State(row.state)
        row.state = rules.decided(before, confirmed=passed, reason=reason, person_id=person_id, actor_id=actor_id)
        row.decided_by, row.at, row.reason = actor_id, now, reason.strip()[:200]
        store.drop_photo(session, row.id)
        way = "photo" if before is State.SENT else "on_the_spot"
        act = "identity.confirm" if passed else "identity.refuse"
        audit.record(session, actor_id=actor_id, action=act, subject=f"exam:{exam.id}", now=now, person=person_id, way=way, reason=row.reason)


def expire(now: datetime) -> None:
    """Delete what is left of photos when an exam is over."""
    with transaction() as session:
        store.drop_photos_after(session, now)


def _asking(session: Session, exam_code: str, person_id: int) -> Exam:
    exam = found(session, exam_code)
    if not exam.asks_identity or platform.enrolment_of(session, person_id, exam.programme_code) is None:
        raise Missing
    return exam


def _watched(session: Session, actor_id: int, exam_code: str, person_id: int, now: datetime) -> tuple[Exam, ExamIdentityRow]:
    exam = _asking(session, exam_code, person_id)
    if not platform.in_scope(session, actor_id, Permission.INVIGILATE, person_id):
        raise Missing
    return exam, store.lock(session, exam.id, person_id, now)
