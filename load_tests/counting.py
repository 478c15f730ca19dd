"""Statistics by city beside Locust's own: gathered in every process, sent from workers to the master, written down at the end."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import msgspec
from locust import events
from locust.env import Environment
from locust.stats import RequestStats, StatsEntry

from load_tests.figures import EVERYBODY, FILE, Class, Figures, Line, Second, wall
from load_tests.scenario import Asked
from load_tests.timed import HEADER, class_of, queued

FOLDER = Path(os.environ.get("LOAD_FOLDER", "var/load"))
ASKED = Asked.from_environment()
_BETWEEN = "|"
_stats = RequestStats()
_queues = RequestStats()  # the same, of the time in which nobody handled the request
_began: list[float] = []  # when this process's test began: by Locust's clock, and by one that nobody sets
_second: dict[int, list[float]] = {}  # second since 1970 → requests, failures, milliseconds in all
_here: Counter[str] = Counter()  # city → how many people are there now
_classes: dict[str, list[int]] = {}  # class under load → requests, refused, failed
BUSY = 503
_people: dict[int, int] = {}  # second since 1970 → how many were there
NO_REQUESTS = ("line", "way")  # kinds of what is noted beside requests


@contextmanager
def being_there(city: str) -> Iterator[None]:
    """Count somebody as there for the length of a block."""
    _here[city] += 1
    try:
        yield
    finally:
        _here[city] -= 1


def _watch_people() -> None:
    """Note each second how many are there; a second that was slept through was like the one before it."""
    last = int(wall())
    while True:
        gevent.sleep(max(0.0, last + 1 - wall()))
        now, there = int(wall()), sum(_here.values())
        for second in range(last + 1, now + 1):
            _people[second] = there
        last = max(last, now)


def _on_start(**_more: object) -> None:
    _began[:] = [wall(), time.monotonic()]
    if not _watching:
        _watching.append(gevent.spawn(_watch_people))


_watching: list[object] = []


def _on_request(
    *,
    request_type: str,
    name: str,
    response_time: float,
    response_length: int,
    exception: Exception | None,
    context: dict[str, Any],
    start_time: float,
    response: Any = None,
    **_more: object,
) -> None:
    if not _judged(start_time):
        return
    headers = getattr(response, "headers", None)
    told = headers.get(HEADER) if headers else None
    waited = queued(response_time or 0.0, told)
    if name_of_class := class_of(told):
        _count_class(name_of_class, [1, int(response.status_code == BUSY), int(exception is not None)])
    for city in {EVERYBODY, str(context.get("city", EVERYBODY))}:
        if waited is not None:
            _queues.log_request(request_type, f"{city}{_BETWEEN}{name}", round(waited), 0)
        _stats.log_request(request_type, f"{city}{_BETWEEN}{name}", round(response_time or 0), response_length or 0)
        if exception is not None:
            _stats.log_error(request_type, f"{city}{_BETWEEN}{name}", exception)
    if request_type not in NO_REQUESTS:
        _count(int(start_time), [1.0, float(exception is not None), response_time or 0.0])


def _judged(at: float) -> bool:
    """Tell whether everybody had come by then and the run was not over."""
    return _began[0] + ASKED.lead <= at < _began[0] + ASKED.lead + ASKED.seconds


def elapsed() -> float:
    """Return how long the run has lasted."""
    return time.monotonic() - _began[1] if _began else 0.0


def _count_class(name: str, more: list[int]) -> None:
    _classes[name] = [one + other for one, other in zip(_classes.get(name, [0, 0, 0]), more, strict=True)]


def _count(second: int, more: list[float]) -> None:
    _second[second] = [one + other for one, other in zip(_second.get(second, [0.0] * 3), more, strict=True)]


def _on_report(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 - Locust's signature
    data["by_city"], data["queues"], data["seconds"] = _stats.serialize_stats(), _queues.serialize_stats(), list(_second.items())
    data["people"] = list(_people.items())
    data["classes"] = dict(_classes)
    _people.clear()
    _classes.clear()
    _stats.clear_all()
    _queues.clear_all()
    _second.clear()


def _on_worker(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001 - Locust's signature
    for stats, sent in ((_stats, data.get("by_city", [])), (_queues, data.get("queues", []))):
        for one in sent:
            entry = StatsEntry.unserialize(one, stats)
            stats.entries.setdefault((entry.name, entry.method), StatsEntry(stats, entry.name, entry.method)).extend(entry)
    for second, more in data.get("seconds", []):
        _count(int(second), more)
    for name, more in data.get("classes", {}).items():
        _count_class(name, more)
    for second, there in data.get("people", []):
        _people[int(second)] = _people.get(int(second), 0) + there


def _on_quitting(environment: Environment, **_more: object) -> None:
    if type(environment.runner).__name__ != "WorkerRunner":
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / FILE).write_bytes(
            msgspec.json.encode(Figures(_lines(), _seconds(), [Class(name, *counts) for name, counts in sorted(_classes.items())], ASKED, _first()))
        )


def _lines() -> list[Line]:
    made = []
    for (name, method), entry in sorted(_stats.entries.items()):
        city, _between, path = name.partition(_BETWEEN)
        p50, p95, p99 = (float(entry.get_response_time_percentile(share)) for share in (0.5, 0.95, 0.99))
        queue = _queues.entries.get((name, method))
        waited = float(queue.get_response_time_percentile(0.95)) if queue else 0.0
        made.append(Line(city, method, path, entry.num_requests, entry.num_failures, p50, p95, p99, waited))
    return made


def _first() -> int:
    return int(_began[0] + ASKED.lead) if _began else 0


def _seconds() -> list[Second]:
    """Return every second from the first that is judged to the last in which something was sent."""
    if not _second:
        return []
    first, nothing = _first(), [0.0] * 3
    held = [(second, _second.get(second, nothing)) for second in range(first, max(_second) + 1)]
    return [Second(second - first, one[0], one[1], one[2] / max(1.0, one[0]), _people.get(second, 0)) for second, one in held]


events.test_start.add_listener(_on_start)  # type: ignore[no-untyped-call]
events.request.add_listener(_on_request)  # type: ignore[no-untyped-call]
events.report_to_master.add_listener(_on_report)  # type: ignore[no-untyped-call]
events.worker_report.add_listener(_on_worker)  # type: ignore[no-untyped-call]
events.quitting.add_listener(_on_quitting)  # type: ignore[no-untyped-call]
