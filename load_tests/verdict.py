"""The verdict of a run: budgets kept, and everything that was acknowledged is stored, by id and by digest of what was sent."""

import base64
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from lms.kernel.security import SIGNED
from load_tests.figures import Class, Line, Second
from load_tests.gauges import Gauge, Machine
from load_tests.journal import AnswerKept, BeatKept, Entry, HandedIn, Opened, QuizHandedIn, entries
from media.domain.interval import Spans, clip, difference, spans_of
from media.store.spans import from_text

JOURNALS = "acknowledged-*.jsonl"
BUDGETS = Path(__file__).parent / "budgets.toml"
Link = psycopg.Connection[tuple[Any, ...]]


class Fault(msgspec.Struct, frozen=True):
    """One thing that is not as it should be, named so that it can be looked up."""

    kind: str
    words: str
    city: str = ""


class Rate(msgspec.Struct, frozen=True):
    """How often requests of one kind came a second, and how often they were to come."""

    code: str
    planned: float
    reached: float
    requests: int


class CityVerdict(msgspec.Struct, frozen=True):
    """What the run came to for one city; `judged` are its paths that came often enough to be measured against times."""

    code: str
    name: str
    result: str  # passed, failed or too little seen
    judged: int
    requests: int


class Verdict(msgspec.Struct, frozen=True):
    """What a run came to: the JSON twin of the report."""

    passed: bool
    at: datetime
    scenario: dict[str, object]
    acknowledged: int
    faults: list[Fault]
    machine: Machine | None
    lines: list[Line]
    seconds: list[Second]
    gauges: list[Gauge]
    made_with: dict[str, str]
    starts_per_second: float = 0.0
    rates: list[Rate] = []
    cities: list[CityVerdict] = []
    classes: list[Class] = []
    acknowledged_by_kind: dict[str, int] = {}
    budgets: dict[str, dict[str, float]] = {}  # of each path, by which it was judged


def starts_per_second(database_url: str) -> float:
    """Return how many attempts were begun a second over the ten fullest seconds."""
    with psycopg.connect(database_url) as link:
        (most,) = link.execute(
            "SELECT coalesce(max(began), 0) FROM (SELECT count(*) OVER (ORDER BY started_at RANGE '10 seconds' PRECEDING) AS began FROM attempt) AS one"
        ).fetchone() or (0,)
    return float(most) / 10


def id_in(token: str) -> int:
    """Return the id in front of a signed token; the verdict stands outside and needs no key to read it."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    found: list[int] = msgspec.msgpack.decode(raw[SIGNED:])
    return found[0]


def stored_is_acknowledged(journal: Path, database_url: str) -> list[Fault]:
    """Compare the clients' journal (or a folder of them) with the database; returns what was acknowledged and is not there as it was sent."""
    kept = [one for path in (sorted(journal.glob(JOURNALS)) if journal.is_dir() else [journal]) for one in entries(path)]
    with psycopg.connect(database_url) as link:
        return [*_starts(link, kept), *_answers(link, kept), *_hand_ins(link, kept), *_quizzes(link, kept), *_beats(link, kept)]


def _starts(link: Link, kept: Sequence[Entry]) -> Iterator[Fault]:
    said = {(id_in(one.token), one.paper_hash, one.deadline): one for one in kept if isinstance(one, Opened)}  # coming back opens it again
    rows = {
        attempt: (paper_hash, deadline, [base + timedelta(seconds=given) for given in accumulate(adjusted, initial=0)])
        for attempt, paper_hash, deadline, base, adjusted in link.execute(
            "SELECT a.id, p.hash, a.deadline, a.base_deadline, ARRAY(SELECT d.seconds FROM deadline_adjustment d WHERE d.attempt_id = a.id ORDER BY d.id)"
            " FROM attempt a JOIN paper p ON p.id = a.paper_id WHERE a.id = ANY(%s)",
            (sorted({attempt for attempt, _paper, _deadline in said}),),
        )
    }
    for (attempt, paper_hash, told), one in said.items():
        stored, deadline, deadlines = rows.get(attempt, ("", None, []))
        # Time that was given since, as for an outage, stands in the attempt's adjustments.
        if stored != paper_hash or datetime.fromisoformat(told) not in deadlines or deadline != deadlines[-1]:
            yield Fault("start", f"start of {one.account}: attempt {attempt}, paper {paper_hash[:8]} until {told}, is stored as {stored[:8]} until {deadline}")


def _answers(link: Link, kept: Sequence[Entry]) -> Iterator[Fault]:
    said = {(id_in(one.token), one.position, one.seq): one for one in kept if isinstance(one, AnswerKept)}
    attempts = sorted({attempt for attempt, _position, _seq in said})
    log = {
        (attempt, position, seq): (digest, revision, outcome)
        for attempt, position, seq, digest, revision, outcome in link.execute(
            "SELECT attempt_id, position, client_seq, encode(hash, 'hex'), revision, outcome FROM response_event WHERE attempt_id = ANY(%s)", (attempts,)
        )
    }
    newest: dict[tuple[int, int], AnswerKept] = {}
    for key, one in said.items():
        name = f"answer of {one.account}: attempt {key[0]}, position {key[1]}, number {key[2]}, revision {one.revision}"
        stored = log.get(key)
        if stored is None:
            yield Fault("answer", f"{name} was acknowledged and is not in the log")
        elif stored != (one.hash, one.revision, "saved"):
            yield Fault("answer", f"{name} is stored as {stored}")
        if (last := newest.get(key[:2])) is None or last.revision < one.revision:
            newest[key[:2]] = one
    yield from _present(link, attempts, newest)


def _present(link: Link, attempts: list[int], newest: dict[tuple[int, int], AnswerKept]) -> Iterator[Fault]:
    """Compare the answers as they stand now with the newest acknowledged ones."""
    rows = {
        attempt: (answers, revisions)
        for attempt, answers, revisions in link.execute("SELECT id, answers, revisions FROM attempt WHERE id = ANY(%s)", (attempts,))
    }
    for (attempt, position), one in newest.items():
        answers, revisions = rows.get(attempt, ([], []))
        name = f"answer of {one.account}: attempt {attempt}, position {position}, revision {one.revision}"
        if len(revisions) < position or revisions[position - 1] < one.revision:
            yield Fault("answer", f"{name} was acknowledged and the attempt does not hold it")
        elif revisions[position - 1] == one.revision and (answers[position - 1] or "") != ",".join(map(str, one.choices)):
            yield Fault("answer", f"{name} stands as {answers[position - 1]!r}")


def _hand_ins(link: Link, kept: Sequence[Entry]) -> Iterator[Fault]:
    said = {id_in(one.token): one for one in kept if isinstance(one, HandedIn)}
    rows = {
        attempt: (key, receipt, answered)
        for attempt, key, receipt, answered in link.execute(
            "SELECT attempt_id, key, receipt, answered FROM submission WHERE attempt_id = ANY(%s)", (list(said),)
        )
    }
    for attempt, one in said.items():
        if rows.get(attempt) != (one.key, one.receipt, one.answered):
            yield Fault("hand-in", f"hand-in of {one.account}: attempt {attempt}, receipt {one.receipt} is stored as {rows.get(attempt)}")


def _quizzes(link: Link, kept: Sequence[Entry]) -> Iterator[Fault]:
    said = {one.attempt: one for one in kept if isinstance(one, QuizHandedIn)}
    rows = {
        attempt: responses
        for attempt, responses, _at in link.execute(
            "SELECT id, responses, submitted_at FROM quiz_attempt WHERE id = ANY(%s) AND submitted_at IS NOT NULL", (list(said),)
        )
    }
    for attempt, one in said.items():
        if rows.get(attempt) != [[0]] * one.items:
            yield Fault("quiz", f"quiz of {one.account}: attempt {attempt}, {one.items} items answered by their first option, is stored as {rows.get(attempt)}")


def _beats(link: Link, kept: Sequence[Entry]) -> Iterator[Fault]:
    said = {(id_in(one.lease), one.sequence): one for one in kept if isinstance(one, BeatKept)}
    leases = sorted({lease for lease, _sequence in said})
    reports = {
        (lease, sequence): from_text(claimed)
        for lease, sequence, claimed in link.execute("SELECT lease_id, sequence, claimed::text FROM beat WHERE lease_id = ANY(%s)", (leases,))
    }
    watched = {
        lease: from_text(accepted)
        for lease, accepted in link.execute(
            "SELECT l.id, w.accepted::text FROM playback_lease l JOIN watched w USING (person_id, activity_id, asset_id) WHERE l.id = ANY(%s)", (leases,)
        )
    }
    for key, one in said.items():
        name = f"heartbeat of {one.account}: lease {key[0]}, number {key[1]}, {one.claimed}"
        stored = reports.get(key)
        if stored is None:
            yield Fault("heartbeat", f"{name} was acknowledged and is not stored")
        elif stored != _spans(one.claimed, one.length_ms):
            yield Fault("heartbeat", f"{name} is stored as {stored}")
        elif lost := difference(_spans(one.accepted, one.length_ms), watched.get(key[0], ())):
            yield Fault("heartbeat", f"{name}: the accepted seconds {lost} do not count")


def _spans(pairs: list[tuple[int, int]], length_ms: int) -> Spans:
    return clip(spans_of(pairs), length_ms)


def budgets() -> dict[str, Any]:
    """Return what a run may take."""
    return tomllib.loads(BUDGETS.read_text(encoding="utf-8"))


def budgets_of(lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """Return the budget of each path that came."""
    most = budgets()
    return {one.name: {**most["default"], **most.get(one.name, {})} for one in lines}


def is_judged(one: Line, least: int) -> bool:
    """Tell whether a path came often enough to be measured against times."""
    return one.requests >= least


def over_budget(lines: Sequence[Line], machine: Machine | None = None) -> list[Fault]:
    """Compare what was measured with the budgets: each path of each city, of all together, and the machine."""
    most, budget = budgets(), budgets_of(lines)
    faults = [fault for one in lines for fault in _path_faults(one, budget[one.name], most["least"])]
    if machine is not None:
        shares = {
            "server_share": machine.server_cores / machine.cores,
            "database_share": machine.database_cores / machine.cores,
            "connections_share": machine.connections_share,
        }
        faults += [Fault("machine", f"{name} {shares[name]:.2f}, budget {share}") for name, share in most["machine"].items() if shares[name] > share]
    return faults


def _path_faults(one: Line, budget: Mapping[str, float], least: int) -> Iterator[Fault]:
    city, where = one.city, f"{one.city + ': ' if one.city else ''}{one.method} {one.name}"
    if is_judged(one, least):
        for share, seen in (("p95", one.p95_ms), ("p99", one.p99_ms)):
            if seen > budget[f"{share}_ms"]:
                yield Fault("budget", f"{where}: {share[1:]} % within {seen:.0f} ms, budget {budget[f'{share}_ms']} ms", city)
        if one.queue_p95_ms > budget["queue_p95_ms"]:
            yield Fault("budget", f"{where}: 95 % queued for up to {one.queue_p95_ms:.0f} ms, budget {budget['queue_p95_ms']} ms", city)
    elif not city and one.p99_ms > budget["p99_ms"]:
        yield Fault("budget", f"{where}: the slowest of {one.requests} took {one.p99_ms:.0f} ms, budget {budget['p99_ms']} ms")
    failed = 100 * one.failures / max(1, one.requests)
    if failed > budget["failed_percent"]:
        yield Fault("budget", f"{where}: {failed:.2f} % of {one.requests} failed, budget {budget['failed_percent']} %", city)
