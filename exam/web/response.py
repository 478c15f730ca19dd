"""The JSON routes of the exam room: start and resume behind the sign-in, save and hand-in by the attempt token."""

from exam.services import attempt as attempts
from exam.services import response as service
from exam.services.payload import AttemptOpened, ResumeExam, SaveAnswers, SavedAnswers, StartExam, SubmitExam, SubmittedExam
from lms.kernel import request as current
from lms.kernel.hot import HotRequest, HotRoute
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, requires

exam_api = routes("exam_api", __name__)


@exam_api.post("/api/exam/start")
@requires(Permission.SIT_EXAM)
@json_route(StartExam, AttemptOpened)
def start(payload: StartExam) -> AttemptOpened:
    """Begin an attempt, or come back to the open one."""
    person = current.person()
    return attempts.start(person.person_id, person.login_id, payload, current.now())


@exam_api.post("/api/exam/resume")
@requires(Permission.SIT_EXAM)
@json_route(ResumeExam, AttemptOpened)
def resume(payload: ResumeExam) -> AttemptOpened:
    """Come back to the open attempt, on another device by an explicit takeover."""
    person = current.person()
    return attempts.resume(person.person_id, person.login_id, payload, current.now())


def save(request: HotRequest) -> SavedAnswers:
    """Save changed answers; the acknowledgement follows the durable commit."""
    return service.save(request.payload, request.arrived)


def submit(request: HotRequest) -> SubmittedExam:
    """Hand in; repetitions get the same answer."""
    return service.submit(request.payload, request.arrived)


HOT_ROUTES = (
    HotRoute("POST", "/api/exam/save", Permission.SIT_EXAM, save, payload=SaveAnswers, answer=SavedAnswers, audit="response_event"),
    HotRoute("POST", "/api/exam/submit", Permission.SIT_EXAM, submit, payload=SubmitExam, answer=SubmittedExam, audit="submission"),
)
