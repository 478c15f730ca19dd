"""Pictures of a bank: shown to authors and reviewers, brought by authors."""

from collections.abc import Callable

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.formats import picture as formats
from question_bank.formats import rich_text
from question_bank.services import picture as service

picture = routes("picture", __name__)


@picture.get("/bank/<code>/pictures/<digest>")
@requires(Permission.WRITE_ITEMS)
def show(code: str, digest: str) -> Response:
    """Send a picture of the bank; it never changes, and only the reader's own browser may keep it."""
    found = service.of_bank(code, digest)
    return Response(found.content, mimetype=found.media_type, headers={"Cache-Control": "private, max-age=86400, immutable"})


@picture.post("/api/bank/<code>/pictures")
@requires(Permission.WRITE_ITEMS)
def upload(code: str) -> ResponseReturnValue:
    """Keep a picture; answer with its name, which goes into the text."""
    file = request.files.get("picture")
    content = file.read(formats.MAX_BYTES + 1) if file else b""
    found = service.upload(code, content, now=current.now())
    return jsonify(digest=found.digest, width=found.width, height=found.height)


def shown_in(code: str) -> Callable[[str], str]:
    """Return what turns a stored text into a shown one: every picture gets its address in the bank."""
    return lambda stored: rich_text.with_sources(stored, lambda digest: url_for("picture.show", code=code, digest=digest))
