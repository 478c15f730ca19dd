"""`python -m load_tests run`: seed a product of its own, start it, have Locust send, judge, and write down what was found."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec
import psycopg
from flask import Flask
from sqlalchemy import text

from demo.stack import Stack
from lms.kernel import db
from lms.kernel.postgres import end_with_parent
from load_tests import figures, overload
from load_tests.figures import Figures
from load_tests.gauges import SIXTY_PERCENT, Machine, summary, watching
from load_tests.journal import entries
from load_tests.product import ROOT, seeded, start, working_on
from load_tests.report import html
from load_tests.scenario import BANDS, SETTLING, Asked, Scenario, scenario
from load_tests.seed import PRESENT, Seeded, Wanted
from load_tests.sign_ins import sign_in
from load_tests.steadiness import absent, by_city, reached, too_few_people, too_seldom
from load_tests.verdict import JOURNALS, Fault, Rate, Verdict, over_budget, starts_per_second, stored_is_acknowledged

LATEST = "load_test_verdict.json"
SHOWN = 20
LEAST_SCALE = 0.05  # of the forecast's peak: what a smaller run costs is mostly there without anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is set up, beside what it plays."""

    folder: Path
    film: int = 0  # seconds; 0: as long as the scenario's lesson
    processes: int = 1
    proof: str = ""  # one of PROOFS


# Faults made on purpose, SQL before and after the run: the verdict must find them.
PROOFS = {
    "": ("", ""),
    "slow": (
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END'; "
        "CREATE TRIGGER slow BEFORE INSERT ON beat FOR EACH STATEMENT EXECUTE FUNCTION slow(); "
        "CREATE TRIGGER slow BEFORE INSERT ON response_event FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        "",
    ),
    "lost": (
        "",
        "DELETE FROM beat WHERE (lease_id, sequence) IN (SELECT lease_id, sequence FROM beat LIMIT 1); "
        "DELETE FROM response_event WHERE id IN (SELECT id FROM response_event LIMIT 1); "
        "DELETE FROM submission WHERE attempt_id IN (SELECT attempt_id FROM submission LIMIT 1); "
        "DELETE FROM quiz_attempt WHERE id IN (SELECT id FROM quiz_attempt WHERE submitted_at IS NOT NULL LIMIT 1)",
    ),
}


def run(asked: Asked, order: Order, *, steps: int = 1, least_people: int = 0) -> list[Verdict]:
    """Run a scenario once, or as a ladder: with half as many people more each time, until a budget breaks or the steps end."""
    climb = _climb(asked, order, steps)
    wanted = Wanted(
        people=max(least_people, sum(one.accounts for one in climb)),
        window=asked.window,
        film_seconds=_film(asked, order),
        papers=sum(one.accounts for one in climb) if scenario(asked).stretch.exam or asked.overload else FEW_PAPERS,
        lessons=LESSONS,
        rate=asked.rate,
    )
    verdicts: list[Verdict] = []
    print(f"· filling a database of its own with {wanted.people} teachers in {order.folder}", flush=True)
    with seeded(order.folder, Path(asked.programme), wanted) as (stack, found):
        stack.target = "load_tests.timed:create_app"
        del stack.environment["HOT_REQUESTS"]  # closed loops need more than is allowed; who plays people must come out with it
        if asked.media < 1:
            _do(stack.database_url, ELSEWHERE)
        with working_on(stack) as app:
            cookies = [_those_present(app, one, found) for one in climb]
        start(stack)
        stack.start_worker()
        for step, present in zip(climb, cookies, strict=True):
            title = scenario(step).stretch.title
            print(f"· {title}: {step.people} people at once for {step.seconds:.0f} s, after {step.lead:.0f} s in which they come", flush=True)
            (stack.folder / PRESENT).write_bytes(msgspec.json.encode(present))
            verdicts.append(_once(step, order, stack))
            if not verdicts[-1].passed:
                break
    return verdicts


def _climb(asked: Asked, order: Order, steps: int) -> list[Asked]:
    """Return the steps of a ladder, or the one that there is: each with people of its own, as many as may come after one another."""
    climb: list[Asked] = []
    for step in range(steps):
        one = msgspec.structs.replace(asked, people=round(asked.people * 1.5**step), workers=order.processes)
        if asked.peak and asked.lead < 0:
            one = msgspec.structs.replace(one, lead=SETTLING + max(SHORTEST_COMING, one.people / COMING_PER_SECOND))
        one = msgspec.structs.replace(one, lead=max(0.0, one.lead), first=sum(before.accounts for before in climb))
        played = scenario(one)
        seats = played.stretch.people if played.stretch.exam else max(one.people, played.stretch.people // steps)
        climb.append(msgspec.structs.replace(one, accounts=min(played.comers(_film(asked, order)), seats)))
    return climb


def _film(asked: Asked, order: Order) -> int:
    played = scenario(asked)
    return order.film or (played.length if played.steady else SHORT_FILM)


def _those_present(app: Flask, asked: Asked, found: Seeded) -> list[str]:
    """Sign in whoever is in the middle of her sitting when a steady run begins, and put everybody's film somewhere; returns the cookies."""
    if not scenario(asked).steady:
        return []
    now = app.extensions["clock"].now()
    mine = found.person_ids[asked.first : asked.first + asked.accounts]
    with db.transaction() as session:
        session.execute(text(MID_LESSON), {"people": mine, "activity": found.lessons[0].video, "now": now})
    return [one.headers["Cookie"] for one in sign_in(app, mine[: asked.people], now)]


# What media nodes of their own would have told: everybody has the film.
ELSEWHERE = (
    "INSERT INTO delivery (person_id, asset_id, spans, updated_at) "
    "SELECT e.person_id, a.id, int4multirange(int4range(0, a.length_ms)), e.enrolled_at FROM enrolment e, asset a ON CONFLICT DO NOTHING"
)
# A lesson goes on over several sittings: each has come to another place in it, spread evenly, and has watched what is before.
MID_LESSON = """
INSERT INTO watched (person_id, activity_id, asset_id, length_ms, accepted, waiting, undelivered, resume_ms, done_ms, updated_at)
SELECT p.id, :activity, p.asset, p.length, int4multirange(int4range(0, p.place)), '{}', '{}', p.place, p.done, :now
FROM (
  SELECT one.id, a.id AS asset, a.length_ms AS length, a.length_ms * 95 / 100 AS done,
    CAST((one.id * 0.7320508075688772) % 1 * a.length_ms * 0.95 AS int) AS place
  FROM asset a, unnest(CAST(:people AS bigint[])) AS one (id)
) p
"""
LESSONS = 3  # one is under way, and no sitting comes to the end of more than two
FEW_PAPERS = 50
SHORT_FILM = 20
SHORTEST_COMING = 5.0
COMING_PER_SECOND = 20.0  # page, address and lease for each, on the machine that also plays them


def _once(asked: Asked, order: Order, stack: Stack) -> Verdict:
    for old in (*stack.folder.glob(JOURNALS), stack.folder / figures.FILE):
        old.unlink(missing_ok=True)
    before, after = PROOFS[order.proof]
    _do(stack.database_url, before)
    with watching(stack.server_pid, stack.database_pid, stack.database_url) as gauges:
        ended = _locust(asked, order, stack)
    _do(stack.database_url, after)
    measured = figures.read(stack.folder) if (stack.folder / figures.FILE).exists() else Figures([], [])
    machine = summary(gauges, asked.lead)
    acknowledged = sum(len(entries(path)) for path in stack.folder.glob(JOURNALS))
    played = scenario(asked)
    rates = reached(played, measured.lines)
    faults = [
        *([Fault("run", f"locust ended with {ended}, see {stack.folder / 'locust.log'}")] if ended else []),
        *([] if acknowledged else [Fault("run", "nothing was acknowledged, so nothing is shown: let it run longer, or with more people")]),
        *(overload.faults(measured.classes, measured.lines) if asked.overload else _short_or_slow(played, measured, rates, machine)),
        *stored_is_acknowledged(stack.folder, stack.database_url),
    ]
    return Verdict(
        passed=not faults,
        at=_instant(stack.database_url),
        scenario=played.as_dict(),
        acknowledged=acknowledged,
        faults=faults,
        machine=machine,
        lines=measured.lines,
        seconds=measured.seconds,
        gauges=list(gauges),
        made_with=_made_with(stack.database_url),
        starts_per_second=starts_per_second(stack.database_url),
        rates=rates,
        classes=measured.classes,
        cities=by_city(played, measured.lines, faults),
    )


def _short_or_slow(played: Scenario, measured: Figures, rates: Sequence[Rate], machine: Machine | None) -> Iterator[Fault]:
    yield from too_few_people(played, measured.seconds)
    yield from too_seldom(rates, played.asked.seconds)
    yield from absent(played, measured.lines)
    yield from over_budget(measured.lines, machine)


def _do(database_url: str, statements: str) -> None:
    """Do as the database's owner what the product itself is not able to."""
    if statements:
        with psycopg.connect(database_url, autocommit=True) as link:
            link.execute(statements)


def _instant(database_url: str) -> datetime:
    with psycopg.connect(database_url) as link:
        (instant,) = link.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert isinstance(instant, datetime)
    return instant.astimezone(UTC)


def _locust(asked: Asked, order: Order, stack: Stack) -> int:
    environment = {**stack.environment, "LOAD_FOLDER": str(stack.folder), "LOAD_SCENARIO": msgspec.json.encode(asked).decode()}
    command = [sys.executable, "-m", "locust", "-f", "load_tests/locustfile.py", "--headless", "--host", stack.url, "--stop-timeout", "90", "--only-summary",
               "--exit-code-on-error", "0"]  # fmt: skip
    if order.processes > 1:
        command += ["--processes", str(order.processes)]
    with (stack.folder / "locust.log").open("ab") as log:
        ending = partial(end_with_parent, signal.SIGTERM)
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False, preexec_fn=ending).returncode


def keep(verdicts: list[Verdict], order: Order) -> None:
    """Write report and JSON twin into the folder, and the last verdict where the operators' page reads it."""
    last = verdicts[-1]
    body = msgspec.json.format(msgspec.json.encode(last))
    (order.folder / "verdict.json").write_bytes(body)
    (order.folder / "report.html").write_text(html(verdicts), encoding="utf-8")
    if order.proof:
        return  # made to fail: it says nothing about the product
    home = Path(os.environ.get("VAR_DIR") or "var")
    home.mkdir(parents=True, exist_ok=True)
    borne = [one for one in verdicts if one.passed] or verdicts[:1]  # a ladder is climbed until it breaks; what it bore is what counts
    (home / LATEST).write_bytes(msgspec.json.format(msgspec.json.encode(borne[-1])))


def told(verdicts: list[Verdict], say: Callable[[str], None]) -> int:
    """Say what was found; returns the exit code."""
    last = verdicts[-1]
    for one in verdicts:
        machine = one.machine
        busy = f"server {machine.server_cores:.2f} and database {machine.database_cores:.2f} of {machine.cores} cores" if machine else "machine not seen"
        requests = sum(line.requests for line in one.lines if not line.city)
        say(f"· {one.scenario['people']} people at once: {requests} requests, {busy}, {'passed' if one.passed else 'failed'}")
    for rate in last.rates:
        say(f"· {rate.code}: {rate.planned:.2f} planned and {rate.reached:.2f} reached a second ({rate.requests} requests)")
    for group in last.classes if last.scenario["overload"] else ():
        say(f"· class {group.name}: {group.requests} requests, {group.refused} refused ({group.share:.1%}), {group.failed} failed")
    for city in last.cities:
        say(f"· {city.name}: {city.result}, {city.judged} paths judged, {city.requests} requests")
    for fault in last.faults[:SHOWN]:
        say(f"✗ {fault.kind}: {fault.words}")
    if len(last.faults) > SHOWN:
        say(f"✗ … and {len(last.faults) - SHOWN} more")
    if last.machine is not None:
        say(f"saturated first: {last.machine.saturated}" if not last.passed else f"head-room: {last.machine.head_room:.1f} × this load at 60 % of the cores")
    for words in _of_the_whole(last):
        say(words)
    unseen = sum(one.judged == 0 for one in last.cities)
    few = f"; {unseen} of {len(last.cities)} cities too little seen" if unseen else ""
    say(f"{'passed' if last.passed else 'FAILED'}: {last.acknowledged} acknowledgements compared with the database, {len(last.faults)} faults{few}")
    return int(not last.passed)


def _of_the_whole(one: Verdict) -> Iterator[str]:
    """Say which share of the forecast's peak was played, and what the whole would take, where that follows."""
    scale, scales = float(str(one.scenario["scale"])), one.scenario["scales"]
    assert isinstance(scales, dict)
    told_scales = scales or {str(one.scenario["band"]): scale}
    yield "people at once: " + ", ".join(f"{share:.4f} of the forecast's peak ({BANDS[name]})" for name, share in told_scales.items())
    if one.rates and scale < LEAST_SCALE:
        yield f"below {LEAST_SCALE:g} of the peak idle processes and staff cost as much as its people: nothing follows for scale 1"
    elif one.machine is not None and one.rates:
        server, database = (cores / scale / SIXTY_PERCENT for cores in (one.machine.server_cores, one.machine.database_cores))
        yield f"the same time a request at scale 1 ({BANDS[str(one.scenario['band'])]}), at 60 %: server {server:.1f}, database {database:.1f} cores"
    elif one.machine is not None:
        yield "time is pressed, so requests come faster than in life: nothing follows for scale 1"


def _made_with(database_url: str) -> dict[str, str]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--exclude", "*"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with psycopg.connect(database_url) as link:
        (postgresql,) = link.execute("SHOW server_version").fetchone() or ("",)
    return {
        "commit": commit or "not a clone",
        "postgresql": str(postgresql),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "hardware": f"{os.cpu_count()} × {model or platform.machine()}, {memory:.1f} GB",
        "load before": f"{os.getloadavg()[2]:.1f} over fifteen minutes",
        **{name: version(name) for name in ("locust", "flask", "granian", "psycopg", "sqlalchemy")},
    }
