"""`python -m load_tests.growth`: what a request costs with one, ten and a hundred thousand teachers and a season behind each of them.

One product for each size runs at the same time, and each is measured in turn, so that whatever else the machine does meets all of them.
"""

import argparse
import os
import secrets
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg

from demo.stack import Stack, StackFailed
from lms.domain.programme import parse
from lms.domain.stretch import stretches
from lms.kernel import installation
from load_tests.bench import PROGRAMME, Bench, films_of
from load_tests.product import seeded, working_on
from load_tests.seed import Seeded, Wanted
from load_tests.sign_ins import sign_in

SEASON = Path(__file__).with_name("season.sql")
SAVED = Path("var/growth.json")
SIZES = (1_000, 10_000, 100_000)
FLAT = 1.25
WINDOW = 1
FILM = 120
LESSONS, LESSON_HOURS = 31, 0.75
BEATS_AN_HOUR = 240
# What a lesson leaves, and what a report leaves; everything else is a row or two for each person or exam.
OF_A_LESSON = ("playback_lease", "delivery", "watched", "activity_done", "lesson_state", "hours_entry")
OF_AN_EXAM = ("attempt", "response_event", "submission", "result", "paper")
_SIZES = "SELECT relname, pg_total_relation_size(relid), (SELECT reltuples FROM pg_class WHERE oid = relid) FROM pg_stat_user_tables"
_SCANS = "SELECT relname, seq_tup_read FROM pg_stat_user_tables"


class Table(msgspec.Struct, frozen=True):
    """One table of facts: bytes with its indexes, and rows."""

    name: str
    bytes: int
    rows: int


class Cost(msgspec.Struct, frozen=True):
    """What one path costs at one size: the median of the rounds, microseconds of processor time."""

    path: str
    teachers: int
    server_us: float
    database_us: float
    failures: int

    @property
    def sum_us(self) -> float:
        """Return both together."""
        return self.server_us + self.database_us


class Grown(msgspec.Struct, frozen=True):
    """Everything that was found."""

    load: float
    rounds: int
    costs: list[Cost]
    tables: dict[str, list[Table]]
    scanned: dict[str, dict[str, float]]  # by size: rows read by scanning whole tables, a request


@dataclass(frozen=True, slots=True)
class Size:
    """A product with so many teachers."""

    teachers: int
    stack: Stack
    bench: Bench


def spread(found: Seeded, seats: int, count: int) -> list[int]:
    """Return people who may learn now, evenly from first to last."""
    there = found.person_ids[: min(len(found.person_ids), seats)]
    return there[:: max(1, len(there) // count)][:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How it is measured."""

    folder: Path
    people: int
    seconds: float
    rounds: int


def _product(open_: ExitStack, order: Order, teachers: int, secret: str) -> Size:
    programme = parse(PROGRAMME.read_text(encoding="utf-8"))
    wanted = Wanted(people=teachers, window=WINDOW, film_seconds=FILM, tries=order.rounds + 2, papers=order.people)
    stack, found = open_.enter_context(seeded(order.folder / str(teachers), PROGRAMME, wanted, secret=secret))
    measured = spread(found, stretches(programme)[WINDOW].people, order.people)
    with working_on(stack) as app:
        instant, offset = installation.read_clock()
        began = time.monotonic()
        signed = sign_in(app, measured, instant + offset)
        films = films_of(signed, stack.folder, instant + offset)
    with psycopg.connect(stack.database_url, autocommit=True) as link:
        link.execute("CREATE TEMP TABLE measured (person_id bigint)")
        with link.cursor().copy("COPY measured FROM STDIN") as copy:
            for person_id in measured:
                copy.write_row((person_id,))
        link.execute(SEASON.read_bytes())
        link.execute("VACUUM (ANALYZE)")
        link.execute("CHECKPOINT")
    print(f"· {teachers} teachers and their season: filled in {time.monotonic() - began:.0f} s", flush=True)
    bench = Bench(stack, found, signed, films, order.seconds, now=instant + offset + timedelta(seconds=time.monotonic() - began))
    open_.callback(bench.client.close)
    bench.fetch_film()
    return Size(teachers, stack, bench)


def measure(one: Size) -> None:
    """Measure every path once."""
    bench = one.bench
    bench.measure("heartbeat", bench.beats())
    bench.exam("", bench.found.exam, 50)
    bench.measure("lesson page", bench.everyone("steady", "GET", f"/lessons/{bench.found.lesson_id}"))
    bench.measure("teacher's home", bench.everyone("steady", "GET", "/"))


def costs(sizes: Sequence[Size]) -> list[Cost]:
    """Return the medians."""
    return [
        Cost(
            path=path,
            teachers=one.teachers,
            server_us=statistics.median(server for server, _database, _report in rounds),
            database_us=statistics.median(database for _server, database, _report in rounds),
            failures=sum(report.failures for _server, _database, report in rounds),
        )
        for one in sizes
        for path, rounds in one.bench.rounds.items()
    ]


def tables(stack: Stack) -> list[Table]:
    """Return the tables, the largest first."""
    with psycopg.connect(stack.database_url) as link:
        found = [Table(name, size, max(0, int(rows))) for name, size, rows in link.execute(_SIZES)]
    return sorted(found, key=lambda one: -one.bytes)


def scanned(stack: Stack) -> dict[str, int]:
    """Return how many rows were read so far by scanning whole tables."""
    with psycopg.connect(stack.database_url) as link:
        return dict(link.execute(_SCANS).fetchall())


def uneven(found: Sequence[Cost]) -> list[str]:
    """Name the paths that cost more than a quarter more with more teachers than with the fewest."""
    least = min(one.teachers for one in found)
    first = {one.path: one.sum_us for one in found if one.teachers == least}
    return [f"{one.path} with {one.teachers} teachers: {one.sum_us / first[one.path]:.2f} ×" for one in found if one.sum_us > FLAT * first[one.path]]


def storage(found: Sequence[Table], people: int) -> dict[str, float]:
    """Return bytes: of one report, of an hour watched (its reports and its share of the lesson's rows), of an exam sat."""
    held = {one.name: one for one in found}
    report = held["beat"].bytes / max(1, held["beat"].rows)
    lesson = sum(held[name].bytes for name in OF_A_LESSON) / (people * LESSONS * LESSON_HOURS)
    return {"report": report, "hour": report * BEATS_AN_HOUR + lesson, "exam": sum(held[name].bytes for name in OF_AN_EXAM) / people}


def told(found: Grown) -> str:
    """Return the tables of the documentation."""
    sizes = sorted({one.teachers for one in found.costs})
    by = {(one.path, one.teachers): one for one in found.costs}
    lines = [
        "| path | " + " | ".join(f"{size:,}: server + database µs" for size in sizes) + " | most against fewest |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for path in dict.fromkeys(one.path for one in found.costs):
        row = [by[path, size] for size in sizes]
        cells = " | ".join(f"{one.server_us:.0f} + {one.database_us:.0f}" for one in row)
        lines.append(f"| {path} | {cells} | {max(one.sum_us for one in row) / row[0].sum_us:.2f} × |")
    for size in sizes:
        held = found.tables[str(size)]
        kept = storage(held, size)
        largest = ", ".join(f"{one.name} {one.rows:,} rows {one.bytes / 1e6:,.0f} MB" for one in held[:8])
        lines += ["", f"{size:,} teachers: {sum(one.bytes for one in held) / 1e9:.2f} GB ({largest}); "
                  f"{kept['report']:.0f} B a report, {kept['hour'] / 1000:.1f} kB an hour watched, {kept['exam'] / 1000:.1f} kB an exam"]  # fmt: skip
        read = ", ".join(f"{name} {rows:.1f}" for name, rows in sorted(found.scanned[str(size)].items(), key=lambda one: -one[1])[:4])
        lines.append(f"rows read by scanning a whole table, a request: {read}")
    return "\n".join(lines)


def grow(sizes: Sequence[int], order: Order) -> Grown:
    """Fill, run, measure."""
    secret = secrets.token_urlsafe(48)  # one for all: this process signs what the start page would have given
    with ExitStack() as open_:
        products = [_product(open_, order, size, secret) for size in sizes]
        for one in products:
            one.bench.seconds = 0.7
            measure(one)
            one.bench.rounds.clear()
            one.bench.seconds = order.seconds
        before = {one.teachers: scanned(one.stack) for one in products}
        for number in range(1, order.rounds + 1):
            for one in products[:: 1 if number % 2 else -1]:
                measure(one)
            print(f"· round {number} done", flush=True)
        time.sleep(2)  # PostgreSQL's counters are written when a connection falls idle
        read = {}
        for one in products:
            requests = sum(report.requests for each in one.bench.rounds.values() for _server, _database, report in each)
            read[str(one.teachers)] = {name: (rows - before[one.teachers][name]) / requests for name, rows in scanned(one.stack).items()}
        return Grown(os.getloadavg()[2], order.rounds, costs(products), {str(one.teachers): tables(one.stack) for one in products}, read)


def main() -> int:
    """Run it; the exit code says whether the costs are flat."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many teachers are enrolled")
    parser.add_argument("--people", type=int, default=64, help="how many of them send")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("var/growth"), help="is emptied first and afterwards; 100 000 teachers need 20 GB")
    arguments = parser.parse_args()
    try:
        order = Order(folder=arguments.folder, people=arguments.people, seconds=arguments.seconds, rounds=arguments.rounds)
        found = grow(arguments.sizes, order)
    finally:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    SAVED.parent.mkdir(exist_ok=True)
    SAVED.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print(
        f"\n{told(found)}\n\n{os.cpu_count()} cores, load over fifteen minutes {found.load:.1f}, median of {arguments.rounds} rounds of {arguments.seconds:g} s"
    )
    faults = [*uneven(found.costs), *(f"{one.path} with {one.teachers} teachers: {one.failures} requests failed" for one in found.costs if one.failures)]
    for fault in faults:
        print(f"✗ {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackFailed as failure:
        sys.exit(f"✗ {failure}")
