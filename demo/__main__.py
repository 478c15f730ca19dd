"""`make demo`: the whole product on one machine, filled with a demo province."""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from demo.cast import BEGUN, CAST, FILLED, PASSWORD
from demo.stack import Stack, StackFailed, running
from lms.kernel import db, installation, migrate
from lms.kernel.postgres import PostgresFailed
from lms.kernel.refusal import Refusal
from lms.kernel.settings import Settings

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BOLD, QUIET, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def _step(text: str, began: float) -> None:
    print(f"· {text} {QUIET}{time.monotonic() - began:5.1f} s{PLAIN}", flush=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    for ending in ENDINGS:  # once is enough: a second Ctrl-C must not leave half of it running
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Start everything, say who can sign in, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo", description="Run the product with a demo province.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    arguments = parser.parse_args()
    for ending in ENDINGS:  # SIGINT too: a shell that starts us in the background would have it ignored
        signal.signal(ending, _interrupt)
    began = time.monotonic()
    folder, given = arguments.folder.absolute(), os.environ.get("DATABASE_URL", "")
    stack = Stack(folder, arguments.port, target="demo.serving:create_app", database_url=given)
    try:
        stack.refuse_taken_port()
        with running(stack):
            _step("database ready", began)
            settings = Settings.from_environment(stack.environment)
            filled = is_filled(stack, settings, began)
            stack.launch_server()  # it loads while the province is filled; who opens it before is asked to wait
            if not filled:
                make_province(settings, began)
            stack.await_server()
            stack.start_worker()
            _step("server ready", began)
            stack.spawn("lectures", "-m", "demo.background", tries=5)  # a killed database takes them along
            recording = True
            print(_welcome(stack, calendar(settings)), flush=True)
            while True:
                time.sleep(1)
                for name in stack.mend():
                    _step(f"the {name} had ended and was started again", began)
                if recording and (returned := stack.ended("lectures")) is not None:
                    _step(f"lectures failed, see {stack.folder}/lectures.log" if returned else "all lectures are made", began)
                    recording = False
    except KeyboardInterrupt:
        print("\n· stopped")
        return 0
    except (PostgresFailed, StackFailed, migrate.UnknownRevision) as failure:
        print(f"! {failure}", file=sys.stderr)
        return 1
    except Refusal as refusal:
        print(f"! {refusal.message}", file=sys.stderr)
        return 1


def is_filled(stack: Stack, settings: Settings, began: float) -> bool:
    """Tell whether the province is whole; what an interrupted start has left of one is thrown away."""
    db.connect(settings.database_app_url)
    with db.transaction() as session:
        filled, begun = (bool(installation.fact(session, name)) for name in (FILLED, BEGUN))
        if begun and not filled:
            installation.require_rehearsal(session)
    db.disconnect()
    if filled:
        _step("the demo province is here", began)
    elif begun:
        __import__("wsgi")  # every table is known then
        migrate.rebuild(stack.database_url)
        shutil.rmtree(stack.folder / "media", ignore_errors=True)
        _step("the half-made province of an interrupted start is thrown away", began)
    return filled


def make_province(settings: Settings, began: float) -> None:
    """Fill the database, saying each step."""
    from demo import province  # noqa: PLC0415 - with the whole product behind them, these two cost
    from wsgi import create_app  # noqa: PLC0415 - seconds that later starts need not spend

    create_app(settings)
    for sentence in province.fill(settings, installation.read_clock()[0]):
        _step(sentence, began)
    db.disconnect()


def calendar(settings: Settings) -> dict[str, str]:
    """Return the days worth rehearsing, by what they are; a province that an older commit made knows none."""
    db.connect(settings.database_app_url)
    with db.reading() as session:
        found = installation.fact(session, FILLED)
    db.disconnect()
    return found if isinstance(found, dict) else {}


def _welcome(stack: Stack, days: dict[str, str]) -> str:
    rows = "\n".join(f"    {account:<10}{role}" for account, role in CAST)
    farewell = f"{QUIET}Ctrl-C ends everything; logs are in {stack.folder}{PLAIN}"
    clock = "\n".join(f"    flask clock rehearse --at {at:<24}{words}" for words, at in sorted(days.items(), key=lambda day: day[1]))
    commands = f"Commands, in another shell, after  . {os.path.relpath(stack.folder / 'env.sh')}\n{clock}\n    flask clock rehearse --off{'':<24}today again"
    return f"\n{BOLD}  {stack.url}{PLAIN}\n\n  Sign in with the password {BOLD}{PASSWORD}{PLAIN} as\n{rows}\n\n  {commands}\n  {farewell}\n"


if __name__ == "__main__":
    sys.exit(main())
