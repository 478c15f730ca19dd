"""`python -m load_tests plan PROGRAMME`, `… review CODE`, `… run PROGRAMME --window N` and `… seed PROGRAMME`."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from load_tests.plan import plan
from load_tests.product import ROOT, seeded, start
from load_tests.review import review
from load_tests.seed import Wanted
from load_tests.verdict import Fault, over_budget, stored_is_acknowledged

SHOWN = 20


def main() -> int:
    """Do what was asked for; the exit code is the verdict."""
    parser = argparse.ArgumentParser(prog="python -m load_tests", description="Load tests of a product of its own, on this machine only.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("run", "seed, start, send, judge"), ("seed", "only fill a database, in its folder")):
        one = commands.add_parser(name, help=words)
        one.add_argument("programme", type=Path)
        one.add_argument("--window", type=int, default=2, help="which of the programme's windows, counted from 1")
        one.add_argument("--people", type=int, default=30, help="how many at the fullest hour")
        one.add_argument("--seconds", type=float, default=60, help="how long the window lasts in the test")
        one.add_argument("--pace", type=float, default=6, help="how many times faster than life people think")
        one.add_argument("--film", type=int, default=20, help="seconds of the lesson's film")
        one.add_argument("--folder", type=Path, default=Path("var/load"))
    ahead = commands.add_parser("plan", help="say what the windows will ask of machines and lines, and find better ones")
    ahead.add_argument("programme", type=Path)
    ahead.add_argument("--json", action="store_true", help="everything, each curve by quarters of an hour")
    ahead.add_argument("--html", type=Path, metavar="FILE", help="write one page that needs nothing beside itself")
    ahead.add_argument("--gbits", type=float, help="the line there is; exit 1 when a window breaks it")
    ahead.add_argument("--nodes", type=int, help="the application nodes there are; exit 1 when a window breaks them")
    ahead.add_argument("--draws", type=int, help="how many cases are drawn")
    after = commands.add_parser("review", help="compare a window that is over with its plan, and propose figures for the next")
    after.add_argument("code", help="the programme's code")
    after.add_argument("--window", required=True, help="the window's code, such as w2")
    after.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), help="the product's database (default: DATABASE_URL)")
    after.add_argument("--write", type=Path, metavar="FILE", help="write a behaviour file with the proposed figures, never over an old one")
    arguments = parser.parse_args()
    if arguments.command == "review":
        return review(arguments.code, arguments.window, database=arguments.database, write=arguments.write)
    if arguments.command == "plan":
        return plan(arguments.programme, as_json=arguments.json, page=arguments.html, gbits=arguments.gbits, nodes=arguments.nodes, count=arguments.draws)
    # Whoever has gone her way is followed by another, so more people come than are there at once.
    wanted = Wanted(people=arguments.people * 4, window=arguments.window - 1, film_seconds=arguments.film)
    with seeded(arguments.folder, arguments.programme, wanted) as (stack, found):
        if arguments.command == "seed":
            print(f"· {len(found.accounts)} teachers in {stack.folder}")
            return 0
        start(stack)
        stack.start_worker()
        environment = {
            **stack.environment,
            "LOAD_FOLDER": str(stack.folder),
            "LOAD_PROGRAMME": str(arguments.programme.absolute()),
            "LOAD_WINDOW": str(arguments.window - 1),
            "LOAD_PEOPLE": str(arguments.people),
            "LOAD_SECONDS": str(arguments.seconds),
            "LOAD_PACE": str(arguments.pace),
        }
        command = [sys.executable, "-m", "locust", "-f", "load_tests/locustfile.py", "--headless", "--host", stack.url, "--csv", str(stack.folder / "locust"),
                   "--stop-timeout", "90", "--only-summary", "--exit-code-on-error", "1"]  # fmt: skip
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        faults = [
            *([Fault("run", f"locust ended with {ended}")] if ended else []),
            *over_budget(stack.folder / "locust_stats.csv"),
            *stored_is_acknowledged(stack.folder / "acknowledged.jsonl", stack.database_url),
        ]
    return _say(faults, arguments.folder / "acknowledged.jsonl")


def _say(faults: list[Fault], journal: Path) -> int:
    acknowledged = sum(1 for _line in journal.open(encoding="utf-8"))
    for fault in faults[:SHOWN]:
        print(f"✗ {fault.kind}: {fault.words}")
    if len(faults) > SHOWN:
        print(f"✗ … and {len(faults) - SHOWN} more")
    print(f"{'FAILED' if faults else 'passed'}: {acknowledged} acknowledgements compared with the database, {len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
