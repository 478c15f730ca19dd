"""`python -m load_tests plan | review | seed | run …`: what will come, what came, and what comes in a rehearsal."""

import argparse
import math
import os
import sys
import time
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from demo.stack import StackFailed
from lms.domain import behaviour as behaviours
from lms.domain.limits import Limits
from lms.domain.programme import FaultyProgrammeError
from load_tests.conclusion import judge, keep, told
from load_tests.plan import plan
from load_tests.product import seeded
from load_tests.review import review
from load_tests.run import PROOFS, SHORT_FILM, Order, run, serve
from load_tests.scenario import BANDS, FIGURES, PROGRAMME, Asked, NotPlayable, chosen, expected_peaks, pressed
from load_tests.seed import TooManyPeople, Wanted
from load_tests.verdict import Verdict

MOST_PAPERS = 2_000
MOST = 10_000_000
LADDER, FIRST_STEP, STEP_SECONDS = 5, 0.03, 60.0  # steps, share of the forecast's peak, how long each is judged: a quarter of an hour in all
FEW, MANY = 40, 150  # people
QUICK, HASTY = 6.0, 30.0


def main() -> int:
    """Do what was asked for; the exit code is the verdict."""
    arguments = _parser().parse_args()
    try:
        return _done(arguments)
    except FaultyProgrammeError as faulty:
        for one in faulty.faults:
            print(f"✗ {arguments.programme}:{one.line}: {one.path or '-'}: {one.message}", file=sys.stderr)
        return 2
    except UnicodeDecodeError as fault:
        print(f"✗ {arguments.programme} is not UTF-8 text (byte {fault.start}): name a programme file, such as {PROGRAMME}", file=sys.stderr)
        return 2
    except (NotPlayable, TooManyPeople, behaviours.UnreadBehaviourError, OSError, StackFailed, psycopg.Error, SQLAlchemyError) as fault:
        print(f"✗ {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _done(arguments: argparse.Namespace) -> int:
    if arguments.command in ("review", "judge") and not arguments.database:
        raise NotPlayable("whose database? --database URL, or DATABASE_URL in the environment: . env.sh of the product's folder")
    match arguments.command:
        case "review":
            return review(arguments.code, arguments.window, database=arguments.database, write=arguments.write)
        case "plan":
            limits = Limits(arguments.gbits, arguments.nodes)
            return plan(arguments.programme, as_json=arguments.json, page=arguments.html, limits=limits, count=arguments.draws)
        case "judge":
            return _conclude([judge(arguments.folder, arguments.database)], arguments.folder)
        case "seed":
            return _seed(arguments)
    return _run(arguments)


def _seed(arguments: argparse.Namespace) -> int:
    chosen(arguments.programme, arguments.window - 1)
    wanted = Wanted(people=arguments.people, window=arguments.window - 1, film_seconds=arguments.film or SHORT_FILM, papers=min(arguments.people, MOST_PAPERS))
    with seeded(arguments.folder, arguments.programme, wanted, database_url=arguments.database) as (stack, found):
        print(f"· {len(found.accounts)} teachers in {stack.folder}, which the next `run` empties; `run --enrolled N` has as many in its own")
        if arguments.serve:
            serve(stack)
            print(
                f"· served at {stack.url} until Ctrl-C; for Locust: LOAD_WINDOW={arguments.window} LOAD_FOLDER={stack.folder} … --host {stack.url}", flush=True
            )
            while True:
                time.sleep(1)
                stack.mend()
    return 0


def _run(arguments: argparse.Namespace) -> int:
    _programme, stretch = chosen(arguments.programme, arguments.window - 1)
    peaks = expected_peaks(arguments.programme, arguments.window - 1)
    scale = arguments.scale or (FIRST_STEP if arguments.ladder and not arguments.people else 0.0)
    people, pace, seconds = FEW, QUICK, arguments.seconds
    if arguments.overload:
        people, pace = MANY, HASTY
    elif arguments.ladder and not stretch.exam:
        pace, seconds = 1.0, arguments.seconds or STEP_SECONDS
    elif arguments.peak:
        pace = 1.0
    if scale:
        people = max(1, round(scale * peaks[arguments.band]))
    asked = Asked(
        programme=str(arguments.programme.absolute()),
        window=arguments.window - 1,
        people=arguments.people or people,
        band=arguments.band,
        peaks=peaks,
        seconds=stretch.days * 86_400 / pressed(arguments.compress) if arguments.compress else seconds,
        pace=arguments.pace or pace,
        barrier=arguments.barrier,
        peak=arguments.peak or arguments.ladder or arguments.overload,
        overload=arguments.overload,
        offline=arguments.offline,
        lead=arguments.lead,
        media=arguments.media,
        rate=arguments.rate,
    )
    order = Order(folder=arguments.folder, film=arguments.film, processes=arguments.processes, proof=arguments.proof)
    return _conclude(run(asked, order, steps=LADDER if arguments.ladder else 1, least_people=arguments.enrolled), order.folder, proof=order.proof)


def _conclude(verdicts: list[Verdict], folder: Path, *, proof: str = "") -> int:
    kept = keep(verdicts, folder, proof=proof)
    code = told(verdicts, print)
    print(f"report: {folder / 'report.html'}" + (f", last verdict of its kind: {kept}" if kept else ""))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m load_tests", description="Load tests of a product of its own, on this machine only.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("run", "seed, start, send, judge"), ("seed", "only fill a database of its own")):
        one = commands.add_parser(name, help=words)
        one.add_argument("programme", type=Path)
        one.add_argument(
            "--window", type=_count, default=2, help="which of the programme's windows, counted from 1; the exam's last evening comes after the last"
        )
        one.add_argument(
            "--film", type=_at_least_0, default=0, help="seconds of the lesson's film (default: 20, or with --peak as long as the forecast's lessons)"
        )
        one.add_argument("--folder", type=Path, default=Path("var/load"), help="a folder of its own, emptied first; one that no load test has made is refused")
        if name == "seed":
            one.add_argument("--people", type=_count, default=100_000, help="how many teachers")
            one.add_argument("--database", default="", help="an empty database instead of one in the folder; a live one refuses")
            one.add_argument("--serve", action="store_true", help="then serve it until Ctrl-C, for Locust started by hand")
            continue
        many = one.add_mutually_exclusive_group()
        many.add_argument("--people", type=_count, default=0, help="how many at once at the fullest hour (default: 40; with --overload 150)")
        many.add_argument("--scale", type=_above_zero, default=0.0, help="the same as a share of the forecast's peak (default with --ladder: 0.03)")
        which = "which peak: of the figures as they stand, the median of all cases, or the 95 %% edge that machines are sized by"
        one.add_argument("--band", choices=BANDS, default=FIGURES, help=which)
        length = one.add_mutually_exclusive_group()
        length.add_argument(
            "--seconds",
            type=_above_zero,
            default=0.0,
            help="how long it lasts in the test (default: 150, or until an exam has been sat; a window's --ladder 60 each step)",
        )
        length.add_argument("--compress", metavar="14d:20m", default="", help="the same as life to test")
        one.add_argument(
            "--pace", type=_above_zero, default=0.0, help="how much faster people think (default: 6; 1 with --peak or a window's --ladder, 30 with --overload)"
        )
        one.add_argument("--peak", action="store_true", help="only the fullest quarter of an hour, held: every kind of request as often as the forecast says")
        one.add_argument("--barrier", type=_at_least_0, default=0.0, help="exam: everybody who is there starts so many seconds after all have come")
        one.add_argument("--rate", type=_at_least_0, default=0.0, help="exam: starts a second that the waiting room admits; 0: no waiting room")
        one.add_argument("--offline", type=_share, default=0.05, help="share of lessons with a spell without network, and a burst of reports afterwards")
        one.add_argument(
            "--lead",
            type=_at_least_0,
            default=-1.0,
            help="seconds in which people come, not judged (default: 20; an exam or --peak: also as long as all need)",
        )
        one.add_argument("--media", type=_share, default=1.0, help="share of learners who fetch the film here; the rest are taken to have it from elsewhere")
        one.add_argument(
            "--processes", type=_count, default=0, help="Locust's processes: one master and so many workers from 2 on (default: one for 900 people)"
        )
        one.add_argument("--enrolled", type=_count, default=0, help="teachers in the database at least")
        climbs = "twice as many people each step, until a budget breaks or five steps end; says what was full first"
        one.add_argument("--ladder", action="store_true", help=climbs)
        one.add_argument("--overload", action="store_true", help="more than is borne, of learners, candidates and readers of reports; says what was refused")
        one.add_argument("--proof", choices=sorted(PROOFS), default="", help="slow down or lose something on purpose; the verdict must fail")
    afterwards = commands.add_parser("judge", help="judge what Locust, started by hand, has left")
    afterwards.add_argument("--folder", type=Path, default=Path(os.environ.get("LOAD_FOLDER", "var/load")), help="with figures.json and every worker's journal")
    afterwards.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), help="the product's database (default: DATABASE_URL)")
    ahead = commands.add_parser("plan", help="say what the windows will ask of machines and lines, and find better ones")
    ahead.add_argument("programme", type=Path)
    ahead.add_argument("--json", action="store_true", help="everything, each curve by quarters of an hour")
    ahead.add_argument("--html", type=Path, metavar="FILE", help="write one page that needs nothing beside itself")
    ahead.add_argument("--gbits", type=_above_zero, help="the line there is; exit 1 when a window breaks it")
    ahead.add_argument("--nodes", type=_count, help="the application nodes there are; exit 1 when a window breaks them")
    ahead.add_argument("--draws", type=_count, help="how many cases are drawn")
    after = commands.add_parser("review", help="compare a window that is over with its plan, and propose figures for the next")
    after.add_argument("code", help="the programme's code")
    after.add_argument("--window", required=True, help="the window's code, such as w2")
    after.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), help="the product's database (default: DATABASE_URL)")
    after.add_argument("--write", type=Path, metavar="FILE", help="write a behaviour file with the proposed figures, never over an old one")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST}")
    return int(text)


def _at_least_0(text: str) -> float:
    return 0.0 if text in ("0", "0.0") else _above_zero(text)


def _share(text: str) -> float:
    if (value := _at_least_0(text)) > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return value


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
