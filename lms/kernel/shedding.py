"""Load shedding: a process whose threads have no free moment answers the least pressing requests with 503, so that saves still arrive.

The measure is the share of its threads that were busy, averaged over a few seconds: it needs no other process and costs two additions a
request. Who waits for a commit keeps no thread (`lms/kernel/channel.py`), however many wait; but while answers are overdue by more than a
commit takes, no thread counts as free. A class of requests is given up gradually as that share nears one; exam answers never are.
"""

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import exp
from time import monotonic

import msgspec
from flask import Flask, g, render_template
from werkzeug.exceptions import HTTPException

from lms.kernel import health, i18n, security
from lms.kernel import request as current
from lms.kernel.channel import CHANNEL, Channel
from lms.kernel.hot import Environ, HotRoute, StartResponse
from lms.kernel.permissions import Permission, Priority
from lms.kernel.refusal import N_, Unavailable

SPAN = 3.0  # seconds over which busy threads are averaged
STALLED = 0.5  # seconds by which an answer is overdue when no commit takes as long
RETRY = (10, 30)  # seconds after which to come again: each is told another number
# From which busy share a class begins to be refused, and from which all of it is.
GIVEN_UP = {
    Priority.REPORTS: (0.80, 0.90),
    Priority.BROWSING: (0.88, 0.96),
    Priority.LEARNING: (0.94, 0.98),
    Priority.ENTRY: (0.97, 1.00),
}
BUSY = "lms.busy"  # where a request's environ says which share of the threads was busy when it came
LEAST = min(begins for begins, _all in GIVEN_UP.values())

# Where a route does not say: by whom it serves. What is missing here is the work of staff.
_OF = {
    Permission.ANYONE: Priority.ENTRY,
    Permission.SIT_EXAM: Priority.ENTRY,
    Permission.INVIGILATE: Priority.ENTRY,
    Permission.OPERATE: Priority.ENTRY,
    Permission.SIGNED_IN: Priority.BROWSING,
    Permission.LEARN: Priority.BROWSING,
}


class Busy(Unavailable):
    """Too much to do: what is less pressing waits."""

    code = "busy"
    message = N_("现在使用的人很多，系统先保证考试答案的保存。请约半分钟后再试。")


def priority_of(view: object, method: str) -> Priority:
    """Return the class of a route: as declared beside it, else by its permission; what a learner sends goes before what she reads."""
    declared: Priority | None = getattr(view, "priority", None)
    if declared is not None:
        return declared
    found = _OF.get(getattr(view, "permission", Permission.ANYONE), Priority.REPORTS)
    return Priority.LEARNING if found is Priority.BROWSING and method not in ("GET", "HEAD") else found


def refused_share(priority: Priority, busy: float) -> float:
    """Return which share of a class is refused while that share of the threads is busy."""
    if priority not in GIVEN_UP:
        return 0.0
    begins, whole = GIVEN_UP[priority]
    return min(max((busy - begins) / (whole - begins), 0.0), 1.0)


@dataclass(slots=True)
class Load:
    """How busy a process's threads are: now, and on the average of the last seconds."""

    threads: int
    working: int = 0
    mean: float = 0.0
    _at: float = 0.0
    _stalled: float = 0.0  # until when stalls were counted
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def change(self, by: int, at: float) -> float:
        """Note that a request has come (1) or gone (-1); returns the busy share."""
        with self._guard:
            self.mean += (self.working - self.mean) * (1 - exp((self._at - at) / SPAN))
            self._at = at
            self.working += by
            return self.mean / self.threads

    def waited(self, due: float, now: float) -> None:
        """Note that an answer due then came only now; a stall counts once, however many waited through it."""
        with self._guard:
            stalled = now - max(due + STALLED, self._stalled)
            if stalled > 0:
                self._stalled = now
                self.mean = min(self.mean + self.threads * stalled / SPAN, float(self.threads))


@dataclass(slots=True)
class Shedding:
    """The outermost WSGI layer. `classed` tells a request's class, `refuse` answers it; both are asked only under load."""

    app: Callable[[Environ, StartResponse], Iterable[bytes]]
    load: Load
    classed: Callable[[Environ], Priority]
    refuse: Callable[[Environ, StartResponse, Priority], Iterable[bytes]]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, or refuse it."""
        environ[BUSY] = busy = self.load.change(1, monotonic())
        channel: Channel | None = environ.get(CHANNEL)
        if channel is not None:
            channel.waited = self.load.waited
        try:
            if busy > LEAST:
                priority = self.classed(environ)
                if random.random() < refused_share(priority, busy):  # noqa: S311 - chance, not a secret
                    return self.refuse(environ, start_response, priority)
            return self.app(environ, start_response)
        finally:
            self.load.change(-1, monotonic())


def busy_share(environ: Environ) -> float:
    """Return which share of the threads was busy when a request came; 0 where nothing is shed."""
    return float(environ.get(BUSY, 0.0))


def retry_after() -> str:
    """Return after how many seconds to come again."""
    return str(random.randint(*RETRY))  # noqa: S311 - spreads returns, hides nothing


def classed(app: Flask, hot_routes: tuple[HotRoute, ...]) -> Callable[[Environ], Priority]:
    """Return how a request's class is told before it is served."""
    exact = {(route.method, route.path): route.priority for route in hot_routes if not route.prefix}
    prefixes = {route.path: route.priority for route in hot_routes if route.prefix} | {"/static/": Priority.ANSWERS}

    def told(environ: Environ) -> Priority:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        found = exact.get((method, path))
        if found is None:
            found = next((priority for prefix, priority in prefixes.items() if path.startswith(prefix)), None)
        if found is not None:
            return found
        try:
            endpoint, _arguments = app.url_map.bind("localhost").match(path, method)
        except HTTPException:  # an address that is none, or another form of one
            return Priority.BROWSING
        return priority_of(app.view_functions[endpoint], method)

    return told


def refuse(app: Flask) -> Callable[[Environ, StartResponse, Priority], Iterable[bytes]]:
    """Return how a request is refused under load: by a page that was drawn once for each language."""
    pages: dict[str, bytes] = {}

    def answer(environ: Environ, start_response: StartResponse, priority: Priority) -> Iterable[bytes]:
        with app.request_context(environ):
            locale = i18n.current_locale()
            is_json = current.wants_json()
        health.SHED.labels(priority.name.lower()).inc()
        if is_json:
            with app.test_request_context():
                g.locale = locale
                body = msgspec.json.encode({"code": Busy.code, "message": i18n.gettext(Busy.message)})
        else:
            if locale not in pages:
                with app.test_request_context():
                    g.locale = locale
                    pages[locale] = render_template("refusals/busy.html", message=i18n.gettext(Busy.message), code=Busy.code).encode()
            body = pages[locale]
        kind = "application/json" if is_json else "text/html; charset=utf-8"
        common = {**security.HEADERS, "Cache-Control": "no-store", "Retry-After": retry_after(), "Content-Type": kind, "Content-Length": str(len(body))}
        start_response("503 Service Unavailable", list(common.items()))
        return [body]

    return answer
