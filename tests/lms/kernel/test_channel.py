"""What granian is told of an answer that comes later; that it really serves others meanwhile is shown in tests/e2e."""

from collections.abc import Callable, Iterable
from typing import Any

from granian.server import mp

from lms.kernel import channel
from lms.kernel.channel import CHANNEL


class _Line:
    """What the server sends, as a list."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, list[tuple[str, str]], bytes]] = []

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.sent.append((status, headers, body))


def test_an_answer_is_sent_once_now_or_later_and_an_overdue_one_is_told() -> None:
    later: list[Callable[[], None]] = []
    overdue: list[float] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        line = environ[CHANNEL]
        if environ["PATH_INFO"] == "/later":
            line.waited = overdue.append
            line.put_off(600.0)
            later.append(lambda: (start_response("409 Conflict", [("X-Of", "later")]), line.finish([b"la", b"ter"]))[1])
            return []
        start_response("200 OK", [("X-Of", "now")])
        return [b"now"]

    channel.open_channels()  # once, however many apps a process builds
    channel.open_channels()
    serve = mp._wsgi_call_wrap(app, {}, None)  # as its workers do
    now, held = _Line(), _Line()
    serve(held, {"PATH_INFO": "/later"})
    serve(now, {"PATH_INFO": "/"})
    assert now.sent == [(200, [("X-Of", "now")], b"now")]
    assert held.sent == []
    later.pop()()
    assert held.sent == [(409, [("X-Of", "later")], b"later")]
    assert overdue == [0.0]
