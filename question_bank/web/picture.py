"""Pictures of a bank: shown to authors and reviewers, brought by authors."""

from collections.abc import Callable

import msgspec
from flask import Response, request, url_for

from lms.kernel import request as current
from lms.kernel.part import routes
from lms.kernel.payload import json_route
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


class PictureKept(msgspec.Struct):
    """A picture's name, which goes into the text, and its size."""

    digest: str
    width: int
    height: int


@picture.post("/api/bank/<code>/pictures")
@requires(Permission.WRITE_ITEMS, most_bytes=formats.MAX_BYTES + 100_000)  # and the rest of the form
@json_route(None, PictureKept)
def upload(code: str) -> PictureKept:
    """Keep the picture of the form field `picture`."""
    file = request.files.get("picture")
    found = service.upload(code, file.read(formats.MAX_BYTES + 1) if file else b"", now=current.now())
    return PictureKept(found.digest, found.width, found.height)


def shown_in(code: str) -> Callable[[str], str]:
    """Return what turns a stored text into a shown one: every picture gets its address in the bank."""
    return lambda stored: rich_text.with_sources(stored, lambda digest: url_for("picture.show", code=code, digest=digest))
