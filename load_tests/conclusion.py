"""What a run comes to: everything that was measured and stored is judged, written down and said."""

import os
import platform
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

import msgspec
import psycopg

from load_tests import figures, overload, seed
from load_tests.figures import Figures
from load_tests.gauges import SIXTY_PERCENT, Gauge, Machine, during, summary
from load_tests.journal import entries
from load_tests.product import ROOT
from load_tests.report import html
from load_tests.scenario import BANDS, Asked, NotPlayable, Scenario, expected_peaks, scenario
from load_tests.steadiness import KINDS, absent, by_city, reached, too_few_people, too_seldom, unplayed
from load_tests.verdict import JOURNALS, Fault, Rate, Verdict, budgets_of, over_budget, starts_per_second, stored_is_acknowledged

LATEST = "load_test_verdict_{}.json"  # in VAR_DIR, the last of each kind
SHOWN = 20
LEAST_SCALE = 0.05  # of the forecast's peak: what a smaller run costs is mostly there without anybody


def judge(folder: Path, database_url: str) -> Verdict:
    """Judge what Locust, started by hand, has left in a folder: its figures, and the journals of all its workers."""
    try:
        asked = figures.read(folder).asked
    except FileNotFoundError:
        asked = None
    if asked is None:
        raise NotPlayable(f"{folder / figures.FILE} is not there: Locust writes it into LOAD_FOLDER when its test is over and it ends")
    if (filled := seed.read(folder)) is not None and filled.window != asked.window:
        told = f"window {asked.window + 1} was played on a seed of window {filled.window + 1}, which has other cities"
        raise NotPlayable(f"{told}: seed with --window {asked.window + 1}, or play LOAD_WINDOW={filled.window + 1}")
    peaks = asked.peaks or expected_peaks(Path(asked.programme), asked.window)  # what 考前检查 goes by is the 95 % edge
    return judged(msgspec.structs.replace(asked, peaks=peaks), folder, database_url)


def judged(asked: Asked, folder: Path, database_url: str, *, gauges: Sequence[Gauge] = (), faults: Sequence[Fault] = ()) -> Verdict:
    """Judge a run that is over; the machine only where somebody looked at it."""
    measured = figures.read(folder) if (folder / figures.FILE).exists() else Figures([], [])
    gauges = during(gauges, measured.first, asked.seconds)
    machine = summary(gauges)
    kinds = Counter(str(one.__struct_config__.tag) for path in folder.glob(JOURNALS) for one in entries(path))
    played = scenario(asked)
    rates = reached(played, measured.lines)
    faults = [
        *faults,
        *(overload.faults(measured.classes, measured.lines) if asked.overload else _short_or_slow(played, measured, rates, kinds, machine)),
        *stored_is_acknowledged(folder, database_url),
    ]
    return Verdict(
        passed=not faults,
        at=_instant(database_url),
        scenario=played.as_dict(),
        acknowledged=kinds.total(),
        acknowledged_by_kind=dict(kinds),
        faults=faults,
        machine=machine,
        lines=measured.lines,
        seconds=measured.seconds,
        gauges=gauges,
        made_with=_made_with(database_url),
        starts_per_second=starts_per_second(database_url),
        rates=rates,
        classes=measured.classes,
        cities=by_city(played, measured.lines, faults),
        budgets=budgets_of(measured.lines),
    )


def _short_or_slow(played: Scenario, measured: Figures, rates: Sequence[Rate], kinds: Counter[str], machine: Machine | None) -> Iterator[Fault]:
    yield from unplayed(played, kinds)
    yield from too_few_people(played, measured.seconds)
    yield from too_seldom(rates, played.asked.seconds)
    yield from absent(played, measured.lines)
    yield from over_budget(measured.lines, machine)


def keep(verdicts: list[Verdict], folder: Path, *, proof: str = "") -> Path | None:
    """Write report and JSON twin into the folder, and the last verdict of its kind where the operators' page reads it; returns where, if it did."""
    last = verdicts[-1]
    body = msgspec.json.format(msgspec.json.encode(last))
    (folder / "verdict.json").write_bytes(body)
    (folder / "report.html").write_text(html(verdicts), encoding="utf-8")
    if proof:
        return None  # made to fail: it says nothing about the product
    home = Path(os.environ.get("VAR_DIR") or "var")
    home.mkdir(parents=True, exist_ok=True)
    kind = next((name for name in ("overload", "exam") if last.scenario[name]), "window")
    borne = [one for one in verdicts if one.passed] or verdicts[:1]  # a ladder is climbed until it breaks; what it bore is what counts
    kept = home / LATEST.format(kind)
    kept.write_bytes(msgspec.json.format(msgspec.json.encode(borne[-1])))
    return kept


def told(verdicts: list[Verdict], say: Callable[[str], None]) -> int:
    """Say what was found; returns the exit code."""
    last = verdicts[-1]
    for one in verdicts:
        machine = one.machine
        busy = f"server {machine.server_cores:.2f} and database {machine.database_cores:.2f} of {machine.cores} cores" if machine else "machine not seen"
        requests = sum(line.requests for line in one.lines if not line.city)
        there = round(fmean(second.people for second in one.seconds)) if one.seconds else 0
        people = f"{one.scenario['people']} people at once at the fullest, {there} on average"
        say(f"· {people}: {requests} requests, {busy}, {'passed' if one.passed else 'failed'}")
    if len(verdicts) > 1 and last.passed:
        say(f"nothing broke up to {last.scenario['people']} people, where the steps ended: begin the next ladder there, by --people")
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
        broke = any(fault.kind in ("budget", "machine") for fault in last.faults)
        told_full = f"{'saturated first' if broke else 'fullest'}: {last.machine.saturated}"
        say(f"head-room: {last.machine.head_room:.1f} × this load at 60 % of the cores" if last.passed else told_full)
    for words in _of_the_whole(last):
        say(words)
    unseen = sum(one.judged == 0 for one in last.cities)
    few = f"; {unseen} of {len(last.cities)} cities too little seen" if unseen else ""
    say("acknowledged: " + ", ".join(f"{count} × {KINDS[kind]}" for kind, count in sorted(last.acknowledged_by_kind.items())))
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
        yield "people or time go faster than in life, and requests with them: nothing follows for scale 1"


def _instant(database_url: str) -> datetime:
    with psycopg.connect(database_url) as link:
        (instant,) = link.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert isinstance(instant, datetime)
    return instant.astimezone(UTC)


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
