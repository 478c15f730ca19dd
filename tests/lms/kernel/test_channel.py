"""What granian is told of an answer that comes later; that it really serves others meanwhile is shown in tests/e2e."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from granian.server import mp as granian_mp

from lms.kernel import channel, group_commit
from lms.kernel.channel import CHANNEL
from lms.kernel.clock import FixedClock
from lms.kernel.group_commit import Aside, GroupCommit, Pending
from lms.kernel.hot import HotEntry, HotRequest, HotRoute, Pace
from lms.kernel.permissions import Permission, Priority

mp: Any = granian_mp  # its way of calling an app is its own, and no name for others


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave granian as it was."""
    monkeypatch.setattr(mp, "_wsgi_call_wrap", mp._wsgi_call_wrap)


class _Line:
    """What the server sends, as a list."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, list[tuple[str, str]], bytes]] = []

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.sent.append((status, headers, body))


def test_an_answer_is_sent_once_now_or_later_and_an_overdue_one_is_told() -> None:
    later: list[Callable[[], None]] = []
    overdue: list[tuple[float, float]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        line = environ[CHANNEL]
        if environ["PATH_INFO"] == "/later":
            line.waited = lambda due, now: overdue.append((due, now))
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
    ((due, came),) = overdue
    assert came < due, "nothing was overdue"


class _Failing(_Line):
    """A server that does not take the first answer."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals, self.done = refusals, threading.Event()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise ValueError("not a header")
        super().response_bytes(status, headers, body)
        self.done.set()


def _serving(lane: GroupCommit[str, str]) -> Callable[[Any, dict[str, Any]], Any]:
    return _serving_by(lambda _request: lane.pending("row"))


def _serving_by(handler: Callable[[HotRequest], object]) -> Callable[[Any, dict[str, Any]], Any]:
    def counted(_path: str, _status: int) -> None:
        raise OSError("no space left")

    route = HotRoute("POST", "/save", Permission.SIT_EXAM, handler, priority=Priority.ANSWERS)
    entry = HotEntry(
        app=lambda _environ, _start: [], routes=(route,), clock=FixedClock(datetime(2026, 11, 22, tzinfo=UTC)),
        arrival=lambda _environ, now: now, counted=counted, worded=lambda message, _language: message, pace=Pace(10),
    )  # fmt: skip
    channel.open_channels()
    serve = mp._wsgi_call_wrap(entry, {}, None)
    return lambda line, scope: serve(line, {"PATH_INFO": "/save", "REQUEST_METHOD": "POST", **scope})


@pytest.mark.parametrize(("refusals", "status"), [(0, 200), (1, 503)])
def test_an_answer_is_sent_though_it_cannot_be_counted_and_a_plain_one_where_it_cannot_be_sent(app: Flask, refusals: int, status: int) -> None:
    line = _Failing(refusals)
    _serving(GroupCommit(lambda _link, rows: list(rows)))(line, {})
    assert line.done.wait(20)
    ((sent, headers, body),) = line.sent
    assert sent == status
    assert (b'"row"' if status == 200 else b'"unavailable"') in body
    assert ("Retry-After" in dict(headers)) == (status == 503)


def test_what_could_not_be_handed_in_is_refused_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    line = _Failing(0)
    serve = _serving(GroupCommit(lambda _link, rows: list(rows)))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        serve(line, {})
    ((status, headers, _body),) = line.sent
    assert (status, dict(headers)["Retry-After"]) == (503, "2")


def test_what_takes_longer_than_a_lane_may_is_done_aside_and_answered_once(app: Flask) -> None:
    gate, doing = threading.Event(), threading.Event()
    lane: GroupCommit[str, str] = GroupCommit(lambda _link, rows: list(rows))
    aside: Aside[str] = Aside()

    def work() -> str:
        doing.set()
        gate.wait(20)
        return "slow"

    def handler(request: HotRequest) -> Pending[str]:
        row = request.environ["row"]
        return lane.pending(row).then(lambda told: aside.pending(work) if told == "slow" else told).then(str.upper)

    serve = _serving_by(handler)
    slow, quick = _Failing(0), _Failing(0)
    serve(slow, {"row": "slow"})
    assert doing.wait(20)
    serve(quick, {"row": "quick"})
    assert quick.done.wait(20), "its lane is free"
    assert not slow.sent
    gate.set()
    assert slow.done.wait(20)
    assert [(line.sent[0][0], line.sent[0][2]) for line in (slow, quick)] == [(200, b'"SLOW"'), (200, b'"QUICK"')]
    assert handler(HotRequest(datetime(2026, 11, 22, tzinfo=UTC), {"row": "slow"})).wait() == "SLOW", "where a thread waits, it does the work itself"


@pytest.mark.parametrize(("name", "bound"), [("GIVEN_UP_AFTER", -1.0), ("MOST_ASIDE", 0)])
def test_what_waits_too_long_aside_or_finds_no_room_is_refused_undone(app: Flask, monkeypatch: pytest.MonkeyPatch, name: str, bound: float) -> None:
    monkeypatch.setattr(group_commit, name, bound)
    done: list[str] = []
    aside: Aside[None] = Aside()
    line = _Failing(0)
    _serving_by(lambda _request: aside.pending(lambda: done.append("done")))(line, {})
    assert line.done.wait(20)
    ((status, headers, _body),) = line.sent
    assert (status, dict(headers)["Retry-After"], done) == (503, "2", [])
