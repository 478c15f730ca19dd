"""The JSON routes of the exam room: coming back behind the sign-in, starting by an entry, save, clock and hand-in by the attempt token."""

from flask import request as flask

from exam.services import attempt as attempts
from exam.services import pulse as pulses
from exam.services import response as service
from exam.services import rest as rests
from exam.services import token as tokens
from exam.services import waiting_room as line
from exam.services.payload import (
    AskRemaining,
    AskRest,
    AskTurn,
    AttemptOpened,
    EnterExam,
    ExamRemaining,
    RestNow,
    ResumeExam,
    SaveAnswers,
    SavedAnswers,
    SubmitExam,
    SubmittedExam,
    TurnNow,
)
from exam.web.safe_exam_browser import proofs, require
from lms.kernel import request as current
from lms.kernel.group_commit import Pending
from lms.kernel.hot import HotRequest, HotRoute
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, Priority, requires

exam_api = routes("exam_api", __name__)


@exam_api.post("/api/exam/resume")
@requires(Permission.SIT_EXAM, Priority.ANSWERS)
@json_route(ResumeExam, AttemptOpened)
def resume(payload: ResumeExam) -> AttemptOpened:
    """Come back to the open attempt, on another device by an explicit takeover."""
    person = current.person()
    return attempts.resume(person.person_id, person.login_id, payload, current.now(), proofs(payload.exam, flask.environ))


@exam_api.post("/api/exam/rest")
@requires(Permission.SIT_EXAM, Priority.ANSWERS)
@json_route(AskRest, RestNow)
def rest(payload: AskRest) -> RestNow:
    """Let one's own clock stand, or go on, where rests were granted."""
    token = tokens.read(payload.token)
    require(token.browser, token.exam, flask.environ)
    return rests.take(payload, current.person().person_id, current.now())


def start(request: HotRequest) -> Pending[AttemptOpened]:
    """Begin an attempt, or come back to the open one."""
    entry = tokens.read_entry(request.payload.entry, request.arrived, waited=bool(request.payload.ticket))
    require(entry.browser, entry.exam, request.environ)
    return attempts.enter(request.payload, request.arrived, proofs(entry.exam, request.environ))


def turn(request: HotRequest) -> TurnNow:
    """Tell where a place in the waiting room stands."""
    return line.turn(request.payload, request.arrived)


def save(request: HotRequest) -> Pending[SavedAnswers]:
    """Save changed answers; the acknowledgement follows the durable commit."""
    _require(request)
    return service.save(request.payload, request.arrived, request.address)


def remaining(request: HotRequest) -> Pending[ExamRemaining]:
    """Tell the time left, whether this page leads, and what the invigilators say."""
    _require(request)
    return pulses.remaining(request.payload, request.address, request.arrived)


def submit(request: HotRequest) -> Pending[SubmittedExam]:
    """Hand in; repetitions get the same answer."""
    _require(request)
    return service.submit(request.payload, request.arrived, request.address)


def _require(request: HotRequest) -> None:
    """Refuse who holds the token of an attempt but not the browser it asks for."""
    token = tokens.read(request.payload.token)
    require(token.browser, token.exam, request.environ)


HOT_ROUTES = (
    HotRoute("POST", "/api/exam/start", Permission.SIT_EXAM, start, EnterExam, AttemptOpened, "attempt", priority=Priority.ENTRY, holder="entry"),
    HotRoute("POST", "/api/exam/turn", Permission.SIT_EXAM, turn, AskTurn, TurnNow, priority=Priority.ENTRY, holder="ticket"),
    HotRoute("POST", "/api/exam/save", Permission.SIT_EXAM, save, SaveAnswers, SavedAnswers, "response_event", priority=Priority.ANSWERS, holder="token"),
    HotRoute("POST", "/api/exam/submit", Permission.SIT_EXAM, submit, SubmitExam, SubmittedExam, "submission", priority=Priority.ANSWERS, holder="token"),
    HotRoute("POST", "/api/exam/remaining", Permission.SIT_EXAM, remaining, AskRemaining, ExamRemaining, priority=Priority.ANSWERS, holder="token"),
)
