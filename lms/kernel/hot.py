"""The hot routes: one table with permission, payload and answer, served by a small entry in front of Flask.

Flask's dispatch costs more than a durable save; these few routes skip it and nothing else. Each is protected by a signed
token in its payload or cookie (never by a bare cookie, so cross-site requests gain nothing) whose holder had the
permission when it was issued; the statement behind the route checks that the sign-in still stands.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from lms.kernel import payload as payloads
from lms.kernel.channel import CHANNEL, Channel
from lms.kernel.clock import Clock
from lms.kernel.group_commit import Pending
from lms.kernel.permissions import Permission, Priority
from lms.kernel.refusal import N_, Malformed, Refusal, TooMany, Unavailable

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
logger = logging.getLogger(__name__)

_REASONS = {200: "OK", 206: "Partial Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
            403: "Forbidden", 404: "Not Found", 409: "Conflict", 413: "Content Too Large",
            416: "Range Not Satisfiable", 422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error",
            503: "Service Unavailable"}  # fmt: skip
AGAIN = {429: [("Retry-After", "10")], 503: [("Retry-After", "2")]}
SLOT = 10.0  # seconds in which one holder's requests are counted together
JSON_HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "private, no-store"), ("X-Content-Type-Options", "nosniff")]


@dataclass(frozen=True, slots=True)
class HotRequest:
    """What a hot handler sees: the arrival, the payload, and the raw environ for those that need headers."""

    arrived: datetime
    environ: Environ
    payload: Any = None
    proxies: int = 0

    @property
    def path_rest(self) -> str:
        """Return the path behind a prefix route's own path."""
        return str(self.environ["hot.rest"])

    @property
    def address(self) -> str:
        """Return the client's address: what the outermost proxy of ours saw, or the peer itself."""
        forwarded = self.environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        known = self.proxies and len(forwarded) >= self.proxies and forwarded[-self.proxies].strip()
        return str(known or self.environ.get("REMOTE_ADDR", ""))


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """A complete response; `body` may be any iterable of bytes with a `close`."""

    status: int
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class HotRoute:
    """One row of the table. Without `prefix` the path is exact; JSON unless the handler returns a HotAnswer.

    A handler whose answer hangs on a lane's commit returns it as Pending: nobody keeps a thread meanwhile.
    """

    method: str
    path: str
    permission: Permission
    handler: Callable[[HotRequest], object]
    payload: type | None = None
    answer: type | None = None
    audit: str = ""
    prefix: bool = False
    max_bytes: int = 65_536
    priority: Priority = field(kw_only=True)
    holder: str = field(default="", kw_only=True)  # the field of the payload that says whose request it is


@dataclass(slots=True)
class Pace:
    """How many requests each holder has sent to this process in the present slot of time. No page sends as many; a script that does hurts only itself."""

    most: int
    _ends: float = 0.0
    _sent: dict[int, int] = field(default_factory=dict)

    def count(self, holder: str, now: float) -> None:
        """Count one request; raises TooMany from so many on, until the slot is over."""
        if now >= self._ends:
            self._ends, self._sent = now + SLOT, {}
        who = hash(holder)
        self._sent[who] = sent = self._sent.get(who, 0) + 1
        if sent > self.most:
            raise TooMany


@dataclass(slots=True)
class HotEntry:
    """The WSGI entry: hot routes here, all others to the app behind."""

    app: Callable[[Environ, StartResponse], Iterable[bytes]]
    routes: tuple[HotRoute, ...]
    clock: Clock
    arrival: Callable[[Environ, datetime], datetime]
    counted: Callable[[str, int], None]
    worded: Callable[[str, str], str]  # a message in the language that a request asks for
    pace: Pace
    proxies: int = 0
    awake: Callable[[], None] | None = None  # called once, before the first request: this process serves
    _exact: Mapping[tuple[str, str], HotRoute] = field(init=False)
    _prefixes: tuple[HotRoute, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Index the table."""
        self._exact = {(route.method, route.path): route for route in self.routes if not route.prefix}
        self._prefixes = tuple(route for route in self.routes if route.prefix)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if self.awake is not None:
            awake, self.awake = self.awake, None
            awake()
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        route = self._exact.get((method, path))
        if route is None:
            for candidate in self._prefixes:
                if path.startswith(candidate.path) and method in (candidate.method, "HEAD"):
                    route = candidate
                    environ["hot.rest"] = path[len(candidate.path) :]
                    break
            else:
                return self.app(environ, start_response)
        language = environ.get("HTTP_ACCEPT_LANGUAGE", "")  # its page's scripts name it, since no cookie is read here
        found = self._tried(route, language, lambda: self._handled(route, environ))
        if isinstance(found, Pending):
            channel: Channel | None = environ.get(CHANNEL)
            found = self._tried(route, language, found.wait) if channel is None else self._put_off(route, language, start_response, found, channel)
        return [] if isinstance(found, Pending) else self._begun(route, start_response, found)

    def _put_off(
        self, route: HotRoute, language: str, start_response: StartResponse, pending: Pending[object], channel: Channel
    ) -> "HotAnswer | Pending[object]":
        """Hand the row in, to be answered by its lane: whatever happens there, something is sent. What was not handed in is answered here."""

        def told(find: Callable[[], object]) -> None:
            try:
                answer = self._tried(route, language, find)
                if isinstance(answer, Pending):  # what was settled leads to what is still to be handed in
                    answer = self._tried(route, language, partial(answer.later, told))
                if isinstance(answer, HotAnswer):
                    channel.finish(self._begun(route, start_response, answer))
            except Exception:
                logger.exception("answer_not_sent", extra={"route": route.path})
                start_response(*_begin(_UNSENT))
                channel.finish(_UNSENT.body)

        channel.put_off(pending.lane.gathers)
        found = self._tried(route, language, partial(pending.later, told))
        channel.later = isinstance(found, Pending)
        return found

    def _begun(self, route: HotRoute, start_response: StartResponse, answer: HotAnswer) -> Iterable[bytes]:
        """Begin the answer and count it; returns its body."""
        start_response(*_begin(answer))
        try:
            self.counted(route.path, answer.status)
        except Exception:  # a full disk under the figures: what is stored is stored
            logger.exception("answer_not_counted", extra={"route": route.path})
        return answer.body

    def _handled(self, route: HotRoute, environ: Environ) -> object:
        arrived = self.arrival(environ, self.clock.now())
        body = _body(environ, route.max_bytes) if route.payload is not None else b""
        payload = payloads.decode(body, route.payload) if route.payload is not None else None
        if route.holder:
            self.pace.count(getattr(payload, route.holder), monotonic())
        return route.handler(HotRequest(arrived=arrived, environ=environ, payload=payload, proxies=self.proxies))

    def _tried(self, route: HotRoute, language: str, find: Callable[[], object]) -> "HotAnswer | Pending[object]":
        """Return what is found, ready to be sent unless it is pending."""
        try:
            found = find()
            return found if isinstance(found, HotAnswer | Pending) else _json(200, found)
        except Refusal as refusal:
            return _json(refusal.status, {"code": refusal.code, "message": self.worded(refusal.message, language), **refusal.facts}, AGAIN.get(refusal.status))
        except Exception:
            logger.exception("hot_route_failed", extra={"route": route.path})
            return _json(503, {"code": Unavailable.code, "message": self.worded(Unavailable.message, language)}, AGAIN[503])


class TooLarge(Malformed):
    """The body is larger than the route takes."""

    status = 413
    code = "too_large"
    message = N_("提交的内容过大，请减少内容或缩小文件后再试。")


def _body(environ: Environ, most: int) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Malformed from None
    if length > most:
        raise TooLarge
    body: bytes = environ["wsgi.input"].read(length)
    return body


def _json(status: int, answer: object, extra: list[tuple[str, str]] | None = None) -> HotAnswer:
    body = payloads.encode(answer)
    return HotAnswer(status, [*JSON_HEADERS, ("Content-Length", str(len(body))), *(extra or [])], [body])


def _begin(answer: HotAnswer) -> tuple[str, list[tuple[str, str]]]:
    return f"{answer.status} {_REASONS.get(answer.status, 'Unknown')}", answer.headers


_UNSENT = _json(503, {"code": Unavailable.code, "message": Unavailable.message}, AGAIN[503])  # where even making an answer failed
