"""The hot route of videos' files, and the cookie that opens it."""

from collections.abc import Iterable
from datetime import datetime

from flask import Response

from lms.kernel.hot import HotAnswer, HotRequest, HotRoute
from lms.kernel.identity import Identity
from lms.kernel.permissions import Permission, Priority
from media.domain.asset import Asset
from media.services import delivery as service
from media.services.library import library


def serve_file(request: HotRequest) -> HotAnswer:
    """Send a video's segment, playlist, captions, poster or part of its file to the holder of its cookie."""
    environ = request.environ
    answer = service.serve(
        service.Asked(
            rest=request.path_rest,
            cookies=tuple(_cookies(environ.get("HTTP_COOKIE", ""))),
            head=environ["REQUEST_METHOD"] == "HEAD",
            range=environ.get("HTTP_RANGE", ""),
            if_range=environ.get("HTTP_IF_RANGE", ""),
            if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
        ),
        request.arrived,
    )
    return HotAnswer(answer.status, answer.headers, answer.body or ())


FILES = HotRoute(method="GET", path=service.PATH, permission=Permission.SIGNED_IN, handler=serve_file, prefix=True, priority=Priority.LEARNING)


def give_cookie(response: Response, person: Identity, asset: Asset, now: datetime) -> None:
    """Set the cookie of one video on a response."""
    name, value, seconds, path = service.cookie(person.person_id, person.login_id, asset, now)
    response.set_cookie(name, value, max_age=seconds, path=path, secure=library().secure, httponly=True, samesite="Lax")


def _cookies(header: str) -> Iterable[str]:
    """Yield every media cookie; a browser may send more than one, or other people's junk."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == service.COOKIE:
            yield value
