"""Answers that come later: a thread that has handed in its row serves the next request, and the lane that stores it sends the answer.

WSGI knows nothing of this: there, a request keeps its thread until it is answered. Granian's way of sending an answer does not care which thread uses it,
so each request gets it as its channel. Under any other server (`flask run`, the tests' client) there is none, and a thread waits.
"""

import sys
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

Environ = dict[str, Any]
CHANNEL = "lms.channel"


class Channel:
    """The way to the client of one request; `later` once its answer is to come from elsewhere."""

    __slots__ = ("_due", "_line", "later", "start", "waited")

    def __init__(self, line: Any) -> None:
        self._line = line
        self._due = 0.0
        self.later = False
        self.start: Any = None  # granian's own `start_response`, which keeps what it is told
        self.waited: Callable[[float, float], None] = lambda _due, _now: None  # told when an answer was due and when it came (s, monotonic)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send what the app has returned; called by granian."""
        if not self.later:
            self._line.response_bytes(status, headers, body)

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: object) -> None:
        """Send what the app goes on making; called by granian."""
        self._line.response_iter(status, headers, body)

    def put_off(self, seconds: float) -> None:
        """Let the answer come later, in so many seconds if nothing holds it up."""
        self._due, self.later = monotonic() + seconds, True

    def finish(self, body: Iterable[bytes]) -> None:
        """Send the answer that came later, begun by `start_response` as any other."""
        self.waited(self._due, monotonic())
        self._line.response_bytes(self.start.status, self.start.headers, b"".join(body))


def open_channels() -> None:
    """Have the server that loads this app give each request its channel; called while the app is built, before the first one."""
    server: Any = sys.modules.get("granian.server.mp")
    if server is not None and server._wsgi_call_wrap.__module__ != __name__:
        server._wsgi_call_wrap = _with_channel(server._wsgi_call_wrap)


def _with_channel(wrap: Callable[..., Callable[[Any, Environ], Any]]) -> Callable[..., Callable[[Any, Environ], Any]]:
    def wrapped(app: Callable[..., Iterable[bytes]], *options: Any) -> Callable[[Any, Environ], Any]:
        def entry(environ: Environ, start_response: Any) -> Iterable[bytes]:
            environ[CHANNEL].start = start_response
            return app(environ, start_response)

        run = wrap(entry, *options)

        def serve(line: Any, scope: Environ) -> Any:
            scope[CHANNEL] = channel = Channel(line)
            return run(channel, scope)

        return serve

    return wrapped
