"""What exam brings when it is mounted."""

from pathlib import Path

from exam.cli import exam as exam_command
from exam.jobs import JOBS
from exam.services import exam as exams
from exam.services import token
from exam.services.result import verify
from exam.web.response import HOT_ROUTES, exam_api
from lms import api as platform
from lms.kernel.part import Part

platform.register_activity_kind(
    platform.ActivityKind(
        exams.KIND,
        states=exams.states,
        panel=lambda _session, _person, _activity, _rules, _now: None,  # an exam has a page of its own
        address=lambda activity: f"/exam/{activity.ref}",
    )
)

part = Part(
    name="exam",
    folder=Path(__file__).parent,
    routes=(exam_api,),
    commands=(exam_command,),
    hot_routes=HOT_ROUTES,
    jobs=JOBS,
    on_mount=token.mount,
    verifiers=(verify,),
)
