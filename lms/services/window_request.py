"""A window of one's own: asked for by the teacher, verified by her school or county, granted by the province."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lms.domain import window_request as rules
from lms.domain.enrolment import EnrolmentMissing
from lms.domain.window_request import WindowRequest
from lms.kernel import audit
from lms.kernel.db import Session, reading, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Missing
from lms.services import enrolment as enrolments
from lms.services import programme as programmes
from lms.services import unit as units
from lms.services.duty import Duty
from lms.store import progress as progress_store
from lms.store import window_request as store
from lms.store.window_request import RequestLine

MOST_SHOWN, MOST_DECIDED = 100, 20


@dataclass(frozen=True, slots=True)
class Requests:
    """What waits in one's scope, and what was decided lately; `may_grant`: the second step is the reader's."""

    waiting: tuple[RequestLine, ...]
    decided: tuple[RequestLine, ...]
    may_grant: bool


def ask(person_id: int, programme_code: str, *, first_day: date, last_day: date, reason: str, now: datetime) -> int:
    """Ask for a window of one's own; raises RequestNeedless, RequestFaulty, RequestWaiting."""
    with transaction() as session:
        enrolment = enrolments.of_person(session, person_id, programme_code)
        if enrolment is None:
            raise EnrolmentMissing
        programme = programmes.programme(session, programme_code)
        if not rules.may_ask(programme, online_complete=progress_store.of_enrolment(session, enrolment.id).online_complete, now=now):
            raise rules.RequestNeedless
        opens, closes = (datetime.combine(day, time(), programme.zone) for day in (first_day, last_day + timedelta(days=1)))
        faults = rules.faults(programme, opens, closes, reason, now)
        if faults:
            raise rules.RequestFaulty(faults=faults)
        request_id = store.ask(session, enrolment_id=enrolment.id, opens=opens, closes=closes, reason=reason.strip(), now=now)
        if request_id is None:
            raise rules.RequestWaiting
        audit.record(session, actor_id=person_id, action="window.ask", subject=f"enrolment:{enrolment.id}", now=now, request=request_id)
        return request_id


def newest(person_id: int, enrolment_id: int) -> WindowRequest | None:
    """Return a learner's newest request."""
    with reading() as session:
        return next(iter(store.of_enrolment(session, enrolment_id, person_id)), None)


def waiting(actor_id: int) -> int:
    """Count the requests that wait for one's own step."""
    with transaction() as session:
        return _waiting(session, actor_id)


def duties(session: Session, actor_id: int, now: datetime) -> Iterable[Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell who deals with requests how many wait for her step."""
    number = _waiting(session, actor_id)
    if number:
        yield Duty(_("%(n)s 份个人学习时段的申请等待您处理", n=number), _("去处理申请"), "/window-requests")


def _waiting(session: Session, actor_id: int) -> int:
    granting = units.scope_of(session, actor_id, Permission.MANAGE_PROGRAMMES)
    scope = granting or units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)
    return store.waiting(session, scope, actor_id=actor_id, granting=bool(granting))


def requests(actor_id: int) -> Requests:
    """Return the requests of one's scope."""
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)
        return Requests(
            waiting=store.lines(session, scope, decided=False, limit=MOST_SHOWN),
            decided=store.lines(session, scope, decided=True, limit=MOST_DECIDED),
            may_grant=bool(units.scope_of(session, actor_id, Permission.MANAGE_PROGRAMMES)),
        )


def verify(actor_id: int, request_id: int, now: datetime) -> None:
    """Confirm that the reason holds and hand the request on to the province."""
    with transaction() as session:
        request = _locked(session, actor_id, request_id)
        rules.require_verification(request, actor_id)
        store.verify(session, request_id, actor_id, now)
        audit.record(session, actor_id=actor_id, action="window.verify", subject=f"enrolment:{request.enrolment_id}", now=now, request=request_id)


def grant(actor_id: int, request_id: int, now: datetime) -> None:
    """Give the window."""
    with transaction() as session:
        request = _locked(session, actor_id, request_id, Permission.MANAGE_PROGRAMMES)
        rules.require_granting(request, actor_id, now)
        store.decide(session, request_id, granted=True, answer="", actor_id=actor_id, now=now)
        reason = f"window_request:{request_id}"  # her words stay with the request, where they can be erased
        enrolments.grant_personal_window(
            session, enrolment_id=request.enrolment_id, opens=request.opens, closes=request.closes, reason=reason, granted_by=actor_id, now=now
        )


def refuse(actor_id: int, request_id: int, answer: str, now: datetime) -> None:
    """Refuse a request at either step, against a reason that its teacher reads."""
    answer = answer.strip()[: rules.LONGEST]
    with transaction() as session:
        request = _locked(session, actor_id, request_id)
        rules.require_open(request, actor_id)
        if request.verified_by is not None and not units.in_scope(session, actor_id, Permission.MANAGE_PROGRAMMES, request.person_id):
            raise rules.RequestDecided  # it lies with the province now
        if len(answer) < 2:
            raise rules.AnswerMissing
        store.decide(session, request_id, granted=False, answer=answer, actor_id=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="window.refuse", subject=f"enrolment:{request.enrolment_id}", now=now, request=request_id)


def _locked(session: Session, actor_id: int, request_id: int, permission: Permission = Permission.MANAGE_PEOPLE) -> WindowRequest:
    request = store.lock(session, request_id)
    if request is None:
        raise Missing
    _require_scope(session, actor_id, permission, request.person_id)
    return request


def _require_scope(session: Session, actor_id: int, permission: Permission, person_id: int) -> None:
    if not units.in_scope(session, actor_id, permission, person_id):
        raise Missing
