"""`python -m load_tests run`: seed a product of its own, start it, have Locust send, judge, and write down what was found."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psycopg

from demo.stack import Stack
from load_tests import figures
from load_tests.figures import Figures
from load_tests.gauges import SIXTY_PERCENT, summary, watching
from load_tests.journal import entries
from load_tests.product import ROOT, seeded, start
from load_tests.report import html
from load_tests.scenario import Asked, scenario
from load_tests.seed import Wanted
from load_tests.verdict import JOURNALS, Fault, Verdict, over_budget, starts_per_second, stored_is_acknowledged

LATEST = "load_test_verdict.json"
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is set up, beside what it plays."""

    folder: Path
    film: int
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
        "DELETE FROM response_event WHERE id IN (SELECT id FROM response_event LIMIT 1)",
    ),
}


def run(asked: Asked, order: Order, *, steps: int = 1, least_people: int = 0) -> list[Verdict]:
    """Run a scenario once, or as a ladder: with half as many people more each time, until a budget breaks or the steps end."""
    climb = [round(asked.people * 1.5**step) for step in range(steps)]
    everybody = max(least_people, TURNOVER * sum(climb))
    wanted = Wanted(people=everybody, window=asked.window, film_seconds=order.film)
    verdicts: list[Verdict] = []
    with seeded(order.folder, Path(asked.programme), wanted) as (stack, _found):
        stack.target = "load_tests.timed:create_app"
        if asked.media < 1:
            _do(stack.database_url, ELSEWHERE)
        start(stack)
        stack.start_worker()
        first = 0
        for people in climb:
            verdicts.append(_once(msgspec.structs.replace(asked, people=people, first=first, workers=order.processes), order, stack))
            first += TURNOVER * people
            if not verdicts[-1].passed:
                break
    return verdicts


# What media nodes of their own would have told: everybody has the film.
ELSEWHERE = (
    "INSERT INTO delivery (person_id, asset_id, spans, updated_at) "
    "SELECT e.person_id, a.id, int4multirange(int4range(0, a.length_ms)), e.enrolled_at FROM enrolment e, asset a ON CONFLICT DO NOTHING"
)
TURNOVER = 4  # whoever has gone her way is followed by another, so more people come than are there at once


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
    faults = [
        *([Fault("run", f"locust ended with {ended}, see {stack.folder / 'locust.log'}")] if ended else []),
        *([] if acknowledged else [Fault("run", "nothing was acknowledged, so nothing is shown: let it run longer, or with more people")]),
        *over_budget(measured.lines, machine),
        *stored_is_acknowledged(stack.folder, stack.database_url),
    ]
    return Verdict(
        passed=not faults,
        at=_instant(stack.database_url),
        scenario=scenario(asked).as_dict(),
        acknowledged=acknowledged,
        faults=faults,
        machine=machine,
        lines=measured.lines,
        seconds=measured.seconds,
        gauges=list(gauges),
        made_with=_made_with(),
        starts_per_second=starts_per_second(stack.database_url),
    )


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
               "--exit-code-on-error", "1"]  # fmt: skip
    if order.processes > 1:
        command += ["--processes", str(order.processes)]
    with (stack.folder / "locust.log").open("ab") as log:
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False).returncode


def keep(verdicts: list[Verdict], order: Order) -> None:
    """Write report and JSON twin into the folder, and the last verdict where the operators' page reads it."""
    last = verdicts[-1]
    body = msgspec.json.format(msgspec.json.encode(last))
    (order.folder / "verdict.json").write_bytes(body)
    (order.folder / "report.html").write_text(html(verdicts), encoding="utf-8")
    home = Path(os.environ.get("VAR_DIR") or "var")
    home.mkdir(parents=True, exist_ok=True)
    (home / LATEST).write_bytes(body)


def told(verdicts: list[Verdict], say: Callable[[str], None]) -> int:
    """Say what was found; returns the exit code."""
    last = verdicts[-1]
    for one in verdicts:
        machine = one.machine
        busy = f"server {machine.server_cores:.2f} and database {machine.database_cores:.2f} of {machine.cores} cores" if machine else "machine not seen"
        requests = sum(line.requests for line in one.lines if not line.city)
        say(f"· {one.scenario['people']} people at once: {requests} requests, {busy}, {'passed' if one.passed else 'failed'}")
    for fault in last.faults[:SHOWN]:
        say(f"✗ {fault.kind}: {fault.words}")
    if len(last.faults) > SHOWN:
        say(f"✗ … and {len(last.faults) - SHOWN} more")
    if last.machine is not None:
        say(f"saturated first: {last.machine.saturated}" if not last.passed else f"head-room: {last.machine.head_room:.1f} × this load at 60 % of the cores")
    if last.machine is not None:
        scale = float(str(last.scenario["scale"]))
        server, database = (cores / scale / SIXTY_PERCENT for cores in (last.machine.server_cores, last.machine.database_cores))
        say(f"scale {scale:.4f} of the forecast's peak; the same time a request at scale 1 and at 60 %: server {server:.1f}, database {database:.1f} cores")
    say(f"{'passed' if last.passed else 'FAILED'}: {last.acknowledged} acknowledgements compared with the database, {len(last.faults)} faults")
    return int(not last.passed)


def _made_with() -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "commit": commit or "not a clone",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "hardware": f"{os.cpu_count()} × {model or platform.machine()}, {memory:.1f} GB",
        "load before": f"{os.getloadavg()[2]:.1f} over fifteen minutes",
        **{name: version(name) for name in ("locust", "flask", "granian", "psycopg", "sqlalchemy")},
    }
