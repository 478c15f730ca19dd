"""`make bench`: CPU per request of the hot paths against a bare Flask app, on the same server in the same run."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from demo.stack import Stack, StackFailed, free_port
from exam.services import token as tokens
from lms.domain.programme import parse
from lms.kernel import installation
from lms.kernel.db import transaction
from lms.kernel.passwords import MOST_WAITING
from load_tests.closed_loop import Order, Report, Stream
from load_tests.cpu import look
from load_tests.product import ROOT, seeded, start, wait_for, working_on
from load_tests.seed import Seeded, Wanted
from load_tests.sign_ins import TOKEN, SignedIn, before, sign_in
from media.services import delivery
from media.store import asset as assets

PROGRAMME = ROOT / "lms/programmes/jiangxi-2023.toml"
ROUNDS = 3
CONNECTIONS = 32
BARE, BARE_FILE = "bare", "bare file"
YARDSTICK = {"segment": BARE_FILE}  # a file is compared with a file, everything else with the JSON route
PATHS = ("heartbeat", "lesson page", "teacher's home", "segment", "start", "save", "hand-in", "quiz start", "quiz hand-in", "sign-in")
SAVED = Path("var/bench.json")


@dataclass(frozen=True, slots=True)
class Film:
    """The addresses of the film for one person, and the cookie that opens them."""

    whole: str
    segment: str
    cookie: str


class Figure(msgspec.Struct):
    """One path's figures: the median of the rounds."""

    name: str
    server_us: float
    database_us: float
    ratio: float
    per_second: float
    p99_ms: float
    requests: int
    failures: int


class Saved(msgspec.Struct):
    """What the last whole run found, on how many cores and at which load."""

    cores: int
    load: float
    figures: list[Figure]


class Client:
    """The client process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "load_tests.closed_loop"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def run(self, order: Order) -> Report:
        """Have one order worked through."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Report)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


class Bench:
    """One product, one yardstick, one client."""

    def __init__(
        self, stack: Stack, found: Seeded, people: list[SignedIn], films: list[Film], seconds: float, *, now: datetime, bare_file: Path | None = None
    ) -> None:
        self.only = frozenset(PATHS)
        self.door: dict[str, str] = {}
        self._ahead = now - timedelta(seconds=time.monotonic())
        self.stack, self.found, self.people, self.films, self.seconds = stack, found, people, films, seconds
        self.client = Client()
        self.rounds: dict[str, list[tuple[float, float, Report]]] = {}
        # The bench fills every thread on purpose: the layer that sheds load does its counting, and never finds the process busy.
        stack.environment["BLOCKING_THREADS"] = "1000000"
        self.server = start(stack)
        self.bare_port = free_port()
        self.bare = self._start_bare(bare_file) if bare_file else 0

    def _start_bare(self, file: Path) -> int:
        """Start the yardstick, which also sends a file, and return its process id."""
        stack = self.stack
        stack.environment["BARE_FILE"] = str(file)
        started = stack.spawn(
            "bare", "-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(self.bare_port), "--workers", str(stack.workers),
            "--blocking-threads", str(stack.threads), "--backlog", "2048", "--no-ws", "--log-level", "warning", "load_tests.bare:create_app",
        )  # fmt: skip
        wait_for(self.bare_port, "/json")
        return started.pid

    def measure(
        self, name: str, streams: list[Stream], *, seconds: float | None = None, keep: list[str] | None = None, connections: int = CONNECTIONS
    ) -> Report:
        """Run one round and note what each request cost; one that only prepares others is run and not noted."""
        bare = name in (BARE, BARE_FILE)
        server, database = (self.bare, None) if bare else (self.server, self.stack.database_pid)
        port = self.bare_port if bare else self.stack.port
        order = Order(port=port, streams=streams, connections=connections, seconds=seconds or self.seconds, keep=keep or [])
        before = look(server, database)
        report = self.client.run(order)
        cost = look(server, database) - before
        if report.failures:
            print(f"! {name}: {report.failures} of {report.requests} failed, first: {report.first_failure}", file=sys.stderr)
        if report.refused:
            print(f"! {name}: {report.refused} of {report.requests} answers refused seconds", file=sys.stderr)
        if not (bare or self.asks(name)):
            return report
        count = max(1, report.requests)
        self.rounds.setdefault(name, []).append((cost.server * 1e6 / count, cost.database * 1e6 / count, report))
        return report

    def asks(self, *names: str) -> bool:
        """Tell whether one of these paths is to be measured."""
        return any(name.partition(" (")[0] in self.only for name in names)

    def prepare(self, streams: list[Stream], keep: list[str] | None = None) -> Report:
        """Send requests that are not measured."""
        report = self.client.run(Order(port=self.stack.port, streams=streams, keep=keep or []))
        if report.failures:
            raise RuntimeError(f"{report.failures} of {report.requests} failed, first: {report.first_failure}")
        return report

    def everyone(self, kind: str, method: str, path: str, body: dict[str, object] | None = None) -> list[Stream]:
        """Return the same request of each person."""
        return [Stream(kind, method, path, headers=one.headers, body=body or {}) for one in self.people]

    def entry(self, one: SignedIn, exam: str) -> str:
        """Return what the start page would give a person."""
        now = self._ahead + timedelta(seconds=time.monotonic())
        return tokens.entry(one.person_id, one.login_id, exam, asks_learning=False, now=now)

    def warm(self) -> None:
        """Let both servers meet every path once, unmeasured."""
        self.seconds, seconds = 0.7, self.seconds
        self.round(0)
        self.rounds.clear()
        self.seconds = seconds

    def round(self, number: int) -> None:
        """Measure every wanted path once."""
        found = self.found
        self.measure(BARE, [Stream("steady", "POST", "/json", body={"value": 1})] * CONNECTIONS)
        exam = self.asks("start", "save", "hand-in")
        if self.asks("heartbeat"):
            self.measure("heartbeat", self.beats())
        if exam:
            self.exam("", found.exam, 50)
        if self.asks("lesson page"):
            self.measure("lesson page", self.everyone("steady", "GET", f"/lessons/{found.lesson_id}"))
        if self.asks("teacher's home"):
            self.measure("teacher's home", self.everyone("steady", "GET", "/"))
        if self.asks("segment"):
            self.measure(BARE_FILE, [Stream("steady", "GET", "/file", headers={"Accept": "*/*"})] * CONNECTIONS)
            self.measure("segment", self.segments())
        if self.asks("quiz start", "quiz hand-in"):
            self.quiz()
        if self.asks("sign-in"):
            self.measure("sign-in", self.arrivals(), connections=1 + MOST_WAITING)  # whoever comes beyond these is told to wait
        if exam and found.long_exam:
            self.exam(" (100 items)", found.long_exam, 100)
        print(f"· round {number} done", flush=True)

    def beats(self) -> list[Stream]:
        """Open a lease for each person and return her heartbeats."""
        opened = self.prepare(self.everyone("once", "POST", "/api/media/lease", {"activity": self.found.video_activity}), ["lease", "resume_ms", "length_ms"])
        return [
            Stream("beat", "POST", "/api/media/heartbeat", body={"lease": one["lease"]}, start_ms=one["resume_ms"], length_ms=one["length_ms"])
            for one in opened.kept
        ]

    def exam(self, suffix: str, exam: str, items: int) -> None:
        """Measure start, save and hand-in of one exam; everybody starts, saves and hands in."""
        device = "0123456789abcdef"
        starts = [Stream("once", "POST", "/api/exam/start", body={"entry": self.entry(one, exam), "device": device, "honesty": True}) for one in self.people]
        opened = self.measure(f"start{suffix}", starts, seconds=120, keep=["token", "seq_from"]).kept
        tokens = [one for one in opened if one]
        saves = [Stream("save", "POST", "/api/exam/save", body={"token": one["token"]}, items=items, seq_from=one["seq_from"]) for one in tokens]
        if self.asks("save"):
            self.measure(f"save{suffix}", saves)
        ends = [
            Stream("once", "POST", "/api/exam/submit", body={"token": one["token"], "key": f"key-of-{place:06d}", "changes": []})
            for place, one in enumerate(tokens)
        ]
        self.measure(f"hand-in{suffix}", ends, seconds=120)

    def quiz(self) -> None:
        """Have everybody begin the lesson's quiz and hand it in, each with the page that follows."""
        begun = self.measure("quiz start", self._forms(f"/quizzes/{self.found.quiz_activity}/attempts" for _ in self.people), seconds=120, keep=["location"])
        asked = parse(PROGRAMME.read_text(encoding="utf-8")).quiz
        answers = {f"response-{position}": "0" for position in range(1, 1 + (asked.items if asked else 0))}
        tries = [str(one.get("location", "")) for one in begun.kept]
        self.measure("quiz hand-in", self._forms(tries, answers), seconds=120)

    def _forms(self, paths: Iterable[str], fields: Mapping[str, str] | None = None) -> list[Stream]:
        """Return a form each person sends once, to a path of her own; whoever has none sends nothing."""
        return [
            Stream("once", "POST", path, headers=one.headers, body={"csrf_token": one.headers[TOKEN], **(fields or {})}, form=True, follow=True)
            for one, path in zip(self.people, paths, strict=True)
            if path
        ]

    def arrivals(self) -> list[Stream]:
        """Return for each person the sign-in form, filled in."""
        fields = {"csrf_token": self.door[TOKEN], "password": self.found.password}
        accounts = self.found.accounts[: len(self.people)]
        return [Stream("steady", "POST", "/sign-in?next=/", headers=self.door, body={**fields, "account": account}, form=True) for account in accounts]

    def segments(self) -> list[Stream]:
        """Return for each person a segment of the film with the cookie that opens it."""
        return [Stream("steady", "GET", film.segment, headers={"Cookie": film.cookie, "Accept": "*/*"}) for film in self.films]

    def fetch_film(self) -> None:
        """Have everybody fetch the whole film once, so that her seconds are known as delivered."""
        self.prepare([Stream("once", "GET", film.whole, headers={"Cookie": film.cookie, "Range": "bytes=0-", "Accept": "*/*"}) for film in self.films])
        time.sleep(2.5)  # deliveries are written about once a second

    def figures(self) -> Iterator[Figure]:
        """Return the medians."""
        whole = {name: statistics.median(server + database for server, database, _ in rounds) for name, rounds in self.rounds.items()}
        for name, rounds in self.rounds.items():
            server = statistics.median(one[0] for one in rounds)
            database = statistics.median(one[1] for one in rounds)
            reports = [one[2] for one in rounds]
            yield Figure(
                name=name,
                server_us=server,
                database_us=database,
                ratio=whole[name] / whole[YARDSTICK.get(name, BARE)],
                per_second=statistics.median(one.requests / one.seconds for one in reports),
                p99_ms=statistics.median(one.p99_ms for one in reports),
                requests=sum(one.requests for one in reports),
                failures=sum(one.failures for one in reports),
            )


def segment_of(folder: Path) -> Path:
    """Return the segment everybody fetches, in a product's folder."""
    return next(path for path in sorted((folder / "media/assets").rglob("*.m4s")) if "init" not in path.name)


def films_of(people: list[SignedIn], folder: Path, now: datetime) -> list[Film]:
    """Return the addresses of the one film for each person."""
    with transaction() as session:
        (film,) = assets.every(session)
        inner = segment_of(folder).relative_to(folder / "media/assets" / film.code)
        made = []
        for one in people:
            name, value, _seconds, path = delivery.cookie(one.person_id, one.login_id, film, now)
            source = delivery.playback_source(session, one.person_id, film)
            made.append(Film(str(source.mp4_url), f"{path}{delivery.mark_of(one.person_id)}/{inner}", f"{name}={value}"))
        return made


def table(figures: list[Figure]) -> str:
    """Return the figures as a table."""
    lines = ["| path | server µs | database µs | sum µs | × bare | requests/s | p99 ms | failed |", "|---|---|---|---|---|---|---|---|"]
    for one in figures:
        total = one.server_us + one.database_us
        costs = f"{one.server_us:.0f} | {one.database_us:.0f} | {total:.0f} | {one.ratio:.2f}"
        lines.append(f"| {one.name} | {costs} | {one.per_second:.0f} | {one.p99_ms:.0f} | {one.failures} |")
    return "\n".join(lines)


def keep(path: Path, found: Saved) -> str:
    """Write down what a whole run found, in place of what there was; returns why it was not, if so.

    A machine is now faster, now slower, so figures of two moods are of no machine; and what fails costs less than what it should have done.
    """
    measured = {one.name for one in found.figures}
    if missing := [name for name in PATHS if name not in measured]:
        return f"without {', '.join(missing)}"
    if failed := [one.name for one in found.figures if one.failures]:
        return f"requests failed: {', '.join(failed)}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return ""


def _only(text: str) -> frozenset[str]:
    named = frozenset(text.split(","))
    if not named <= set(PATHS):
        raise argparse.ArgumentTypeError(f"one or more of {','.join(PATHS)}")
    return named


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--people", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", type=_only, default=frozenset(PATHS), help=f"measure only these beside the bare route, and keep nothing: {', '.join(PATHS)}")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    arguments = parser.parse_args()
    film = 120 if arguments.only & {"heartbeat", "segment"} else 6
    wanted = Wanted(people=arguments.people, film_seconds=film, tries=arguments.rounds + 2, long_exam=True)
    print("· filling a database of its own", flush=True)
    with seeded(arguments.folder, PROGRAMME, wanted) as (stack, found):
        with working_on(stack) as app:
            instant, offset = installation.read_clock()
            people = sign_in(app, found.person_ids, instant + offset)
            films = films_of(people, stack.folder, instant + offset)
            door = before(app)
        bench = Bench(stack, found, people, films, arguments.seconds, now=instant + offset, bare_file=segment_of(stack.folder))
        bench.only, bench.door = arguments.only, door
        try:
            bench.fetch_film()
            bench.warm()
            for number in range(1, arguments.rounds + 1):
                bench.round(number)
        finally:
            bench.client.close()
        figures = list(bench.figures())
    load = os.getloadavg()[1]
    print(f"\n{table(figures)}\n\n{os.cpu_count()} cores, load over five minutes {load:.1f}, median of {arguments.rounds} rounds of {arguments.seconds:g} s")
    if why := keep(SAVED, Saved(os.cpu_count() or 1, load, figures)):
        print(f"not kept ({why}): forecasts reckon from {SAVED}, which only a whole run without a failure writes")
    return int(any(one.failures for one in figures))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackFailed as failure:
        sys.exit(f"✗ {failure}")
