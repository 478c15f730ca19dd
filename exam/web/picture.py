"""The pictures of an exam's paper and of a quiz: served to whom the item is being shown, and no longer."""

from flask import Response

from exam.services import picture as service
from lms.kernel import request as current
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, Priority, requires
from question_bank.domain.exchange import Picture

exam_picture = routes("exam_picture", __name__)


@exam_picture.get("/exams/<code>/pictures/<digest>")
@requires(Permission.SIT_EXAM, Priority.ANSWERS)
def in_room(code: str, digest: str) -> Response:
    """Send a picture of the paper while the person's attempt is open."""
    return sent(service.in_room(current.person().person_id, code, digest, current.now()), seconds=60)


@exam_picture.get("/quizzes/attempts/<int:attempt_id>/pictures/<digest>")
@requires(Permission.LEARN)
def in_quiz(attempt_id: int, digest: str) -> Response:
    """Send a picture that the person's try shows."""
    return sent(service.in_quiz(current.person().person_id, attempt_id, digest, current.now()), seconds=60)


def sent(picture: Picture, *, seconds: int) -> Response:
    """Return the response; only the person's own browser may keep it, and for so long."""
    return Response(picture.content, mimetype=picture.media_type, headers={"Cache-Control": f"private, max-age={seconds}"})
