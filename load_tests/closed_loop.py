"""A client in a process of its own: so many connections, each sending its next request when the last is answered.

Reads one order a line from standard input and writes one answer a line: `python -m load_tests.closed_loop`.
"""

import sys
from collections import deque
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import gevent
import msgspec
from geventhttpclient import HTTPClient

TURNED_AWAY = ("/sign-in", "/consent")  # where a form leads that did nothing


class Stream(msgspec.Struct):
    """A source of requests. `once` ends after one; `save` and `beat` change their body as a browser would.

    A form is answered with a redirect, otherwise it has failed; where `follow` is set, the page behind it belongs to the request.
    """

    kind: str
    method: str
    path: str
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    form: bool = False
    follow: bool = False
    items: int = 1
    seq_from: int = 1
    start_ms: int = 0
    length_ms: int = 1


class Order(msgspec.Struct):
    """One round: for so many seconds, or until every stream has ended."""

    port: int
    streams: list[Stream]
    connections: int = 32
    seconds: float = 3600.0
    keep: list[str] = []


class Report(msgspec.Struct):
    """What a round did."""

    requests: int
    seconds: float
    failures: int
    first_failure: str
    refused: int
    p50_ms: float
    p99_ms: float
    kept: list[dict[str, Any]]


class _Source:
    """One stream at work."""

    def __init__(self, stream: Stream, place: int) -> None:
        self.stream = stream
        self.place = place
        self.sent = 0
        self.played_ms = stream.start_ms
        self.since = monotonic()
        self.standing = ""
        kind = ("application/x-www-form-urlencoded", "text/html") if stream.form else ("application/json", "application/json")
        self.headers = {"Content-Type": kind[0], "Accept": kind[1], **stream.headers}

    @property
    def ended(self) -> bool:
        return self.stream.kind == "once" and self.sent > 0

    def body(self) -> bytes:
        """Return the next request's body."""
        stream, count = self.stream, self.sent
        self.sent += 1
        if stream.method == "GET":
            return b""
        if stream.form:
            return urlencode(stream.body).encode()
        if stream.kind == "save":
            turn, position = divmod(count, stream.items)
            change = {"position": position + 1, "seq": stream.seq_from + count + 1, "revision": turn, "choices": [turn % 2], "marked": False, "clear": False}
            return msgspec.json.encode({**stream.body, "changes": [change]})
        if stream.kind == "beat":
            start = self.played_ms
            # Only what has really passed: a claim beyond the clock would measure refusals.
            self.played_ms = max(start + 1, min(stream.length_ms, stream.start_ms + int((monotonic() - self.since) * 900)))
            claim = [[start, self.played_ms]]
            return msgspec.json.encode({**stream.body, "sequence": count, "intervals": claim, "standing": self.standing})
        return msgspec.json.encode(stream.body)

    def told(self, answer: bytes) -> None:
        """Keep of an answer what the next request brings along, as the player does."""
        if self.stream.kind == "beat":
            self.standing = msgspec.json.decode(answer)["standing"]


def run(order: Order) -> Report:
    """Work through one order."""
    lanes: list[deque[_Source]] = [deque() for _ in range(order.connections)]
    for place, stream in enumerate(order.streams):
        lanes[place % order.connections].append(_Source(stream, place))
    times: list[float] = []
    failures: list[str] = []
    kept: list[dict[str, Any]] = [{} for _ in order.streams]
    refused = [0]
    began = monotonic()

    def lane(sources: deque[_Source]) -> None:
        client = HTTPClient("127.0.0.1", order.port, concurrency=1, connection_timeout=30, network_timeout=60)
        while sources and monotonic() - began < order.seconds:
            source = sources[0]
            sources.rotate(-1)
            body = source.body()
            sent = monotonic()
            response = client.request(source.stream.method, source.stream.path, body, source.headers)
            answer = bytes(response.read())
            there = str(response.get("location", ""))
            went = source.stream.form and response.status_code in (302, 303) and not there.startswith(TURNED_AWAY)
            if went and source.stream.follow:
                response = client.request("GET", there, b"", source.headers)
                answer = bytes(response.read())
                went = response.status_code == 200
            times.append(monotonic() - sent)
            if not (went if source.stream.form else response.status_code in (200, 206)):
                failures.append(f"{response.status_code} {source.stream.path} {answer[:300].decode(errors='replace')}")
            elif order.keep:
                found = {"location": there} if source.stream.form else msgspec.json.decode(answer)
                kept[source.place] = {name: found[name] for name in order.keep}
            else:
                source.told(answer)
                refused[0] += source.stream.kind == "beat" and b'"refused":[]' not in answer
            if source.ended:
                sources.remove(source)
        client.close()

    gevent.joinall([gevent.spawn(lane, sources) for sources in lanes], raise_error=True)
    seconds = monotonic() - began
    times.sort()
    return Report(
        requests=len(times),
        seconds=seconds,
        failures=len(failures),
        first_failure=failures[0] if failures else "",
        refused=refused[0],
        p50_ms=1000 * times[len(times) // 2] if times else 0.0,
        p99_ms=1000 * times[len(times) * 99 // 100] if times else 0.0,
        kept=kept if order.keep else [],
    )


def main() -> int:
    """Serve orders until standard input ends."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(line, type=Order))) + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
