"""`python -m load_tests run`: seed a product of its own, start it, have Locust send, judge, and write down what was found."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import msgspec
import psycopg
from flask import Flask
from sqlalchemy import text

from demo.stack import Stack
from lms.domain.stretch import stretches
from lms.kernel import db
from lms.kernel.postgres import end_with_parent
from load_tests import figures
from load_tests.conclusion import judged
from load_tests.gauges import watching
from load_tests.player import AHEAD
from load_tests.product import ROOT, seeded, start, working_on
from load_tests.scenario import Asked, NotPlayable, chosen, completed, scenario
from load_tests.seed import PRESENT, Seeded, Wanted
from load_tests.sign_ins import sign_in
from load_tests.verdict import JOURNALS, Fault, Verdict

BY_ONE_PROCESS = 900  # people; below a thousand connections Locust's client waits for them without a fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a run is set up, beside what it plays."""

    folder: Path
    film: int = 0  # seconds; 0: as long as the scenario's lesson
    processes: int = 0  # of Locust; 0: as many as the people need
    proof: str = ""  # one of PROOFS


def _slow(*written: str) -> str:
    """Return SQL that lets these kinds of statement take longer than any budget allows."""
    triggers = (f"CREATE TRIGGER slow BEFORE {kind} FOR EACH STATEMENT EXECUTE FUNCTION slow()" for kind in written)
    return "; ".join(("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.2); RETURN NEW; END'", *triggers))


# Faults made on purpose, SQL before and after the run: the verdict must find them.
PROOFS = {
    "": ("", ""),
    "slow": (_slow("INSERT ON beat", "INSERT ON response_event"), ""),
    "slow-hand-in": (_slow("INSERT ON submission", "UPDATE ON quiz_attempt"), ""),
    "lost": (
        "",
        "DELETE FROM beat WHERE (lease_id, sequence) IN (SELECT lease_id, sequence FROM beat LIMIT 1); "
        "DELETE FROM response_event WHERE id IN (SELECT id FROM response_event LIMIT 1); "
        "DELETE FROM submission WHERE attempt_id IN (SELECT attempt_id FROM submission LIMIT 1); "
        "DELETE FROM quiz_attempt WHERE id IN (SELECT id FROM quiz_attempt WHERE submitted_at IS NOT NULL LIMIT 1); "
        "UPDATE attempt SET deadline = deadline + interval '1 minute' WHERE id IN (SELECT id FROM attempt LIMIT 1)",
    ),
}


def run(asked: Asked, order: Order, *, steps: int = 1, least_people: int = 0) -> list[Verdict]:
    """Run a scenario once, or as a ladder: with twice as many people each time, until a budget breaks or the steps end."""
    if find_spec("locust") is None:
        raise NotPlayable("Locust is not installed here: make load brings it, or .venv/bin/pip install -r requirements/dev.txt")
    climb = climbed(asked, order, steps)
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
        if asked.media < 1:
            _do(stack.database_url, ELSEWHERE)
        with working_on(stack) as app:
            cookies = [_those_present(app, one, found) for one in climb]
        serve(stack)
        for step, present in zip(climb, cookies, strict=True):
            title = scenario(step).stretch.title
            print(f"· {title}: {step.people} people at once for {step.seconds:.0f} s, after {step.lead:.0f} s in which they come", flush=True)
            (stack.folder / PRESENT).write_bytes(msgspec.json.encode(present))
            verdicts.append(_once(step, order, stack))
            if not verdicts[-1].passed:
                break
    return verdicts


def serve(stack: Stack) -> None:
    """Start a seeded product as people meet it."""
    stack.target = "load_tests.timed:create_app"
    del stack.environment["HOT_REQUESTS"]  # closed loops need more than is allowed; who plays people must come out with it
    start(stack)
    stack.start_worker()


def climbed(asked: Asked, order: Order, steps: int) -> list[Asked]:
    """Return the steps of a ladder, or the one that there is: each with people of its own, as many as may come after one another.

    A ladder has as many steps as the programme has people for.
    """
    climb: list[Asked] = []
    programme, _stretch = chosen(Path(asked.programme), asked.window)
    everybody = stretches(programme)[-1].people
    for step in range(steps):
        one = msgspec.structs.replace(asked, people=asked.people * 2**step, first=sum(before.accounts for before in climb))
        one = completed(msgspec.structs.replace(one, workers=order.processes or -(-one.people // BY_ONE_PROCESS)))
        played = scenario(one)
        comers = played.comers(_film(asked, order))
        if not played.steady:  # there one who comes again would meet herself in the middle of her sitting
            comers = min(comers, played.stretch.people if played.stretch.exam else max(one.people, played.stretch.people // steps))
        if climb and one.first + comers > everybody:
            break
        climb.append(msgspec.structs.replace(one, accounts=comers))
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
        session.execute(text(MID_LESSON), {"people": mine, "activity": found.lessons[0].video, "ahead": int(1000 * AHEAD), "now": now})
    return [one.headers["Cookie"] for one in sign_in(app, mine[: asked.people], now)]


# What media nodes of their own would have told: everybody has the film.
ELSEWHERE = (
    "INSERT INTO delivery (person_id, asset_id, spans, updated_at) "
    "SELECT e.person_id, a.id, int4multirange(int4range(0, a.length_ms)), e.enrolled_at FROM enrolment e, asset a ON CONFLICT DO NOTHING"
)
# A lesson goes on over several sittings: each has come to another place in it, spread evenly, has watched what is before and fetched a little more.
# What follows must be told by the product itself, so that deliveries that are lost let lessons never end.
MID_LESSON = """
WITH p AS (
  SELECT one.id, a.id AS asset, a.length_ms AS length, a.length_ms * 95 / 100 AS done,
    CAST((one.id * 0.7320508075688772) % 1 * a.length_ms AS int) AS place
  FROM asset a, unnest(CAST(:people AS bigint[])) AS one (id)
), fetched AS (
  INSERT INTO delivery (person_id, asset_id, spans, updated_at)
  SELECT p.id, p.asset, int4multirange(int4range(0, least(p.length, p.place + :ahead))), :now FROM p ON CONFLICT DO NOTHING
)
INSERT INTO watched (person_id, activity_id, asset_id, length_ms, accepted, waiting, undelivered, resume_ms, done_ms, done_at, updated_at)
SELECT p.id, :activity, p.asset, p.length, int4multirange(int4range(0, p.place)), '{}', '{}', p.place, p.done,
  CASE WHEN p.place >= p.done THEN CAST(:now AS timestamptz) END, :now FROM p
"""
LESSONS = 3  # one is under way, and no sitting comes to the end of more than two
FEW_PAPERS = 50
SHORT_FILM = 20


def _once(asked: Asked, order: Order, stack: Stack) -> Verdict:
    for old in (*stack.folder.glob(JOURNALS), stack.folder / figures.FILE):
        old.unlink(missing_ok=True)
    before, after = PROOFS[order.proof]
    _do(stack.database_url, before)
    with watching(stack.server_pid, stack.database_pid, stack.database_url) as gauges:
        ended = _locust(asked, stack)
    _do(stack.database_url, after)
    broken = [Fault("run", f"locust ended with {ended}, see {stack.folder / 'locust.log'}")] if ended else []
    return judged(asked, stack.folder, stack.database_url, gauges=gauges, faults=broken)


def _do(database_url: str, statements: str) -> None:
    """Do as the database's owner what the product itself is not able to."""
    if statements:
        with psycopg.connect(database_url, autocommit=True) as link:
            link.execute(statements)


def _locust(asked: Asked, stack: Stack) -> int:
    environment = {**stack.environment, "LOAD_FOLDER": str(stack.folder), "LOAD_SCENARIO": msgspec.json.encode(asked).decode()}
    command = [sys.executable, "-m", "locust", "-f", "load_tests/locustfile.py", "--headless", "--host", stack.url, "--stop-timeout", "90", "--only-summary",
               "--exit-code-on-error", "0"]  # fmt: skip
    if asked.workers > 1:
        command += ["--processes", str(asked.workers)]
    with (stack.folder / "locust.log").open("ab") as log:
        ending = partial(end_with_parent, signal.SIGTERM)
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False, preexec_fn=ending).returncode
