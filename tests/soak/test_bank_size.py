"""Ten thousand items from a file of each kind into a bank of ten thousand: by the page and the worker in under a minute and 512 MB, twins in under ten seconds.

Processor time counts, whatever else the machine does; the clock counts, too, where nothing else ran.
"""

import io
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import take_time, transaction
from lms.kernel.settings import Settings
from question_bank.domain.staging import Choice, State, Verdict
from question_bank.formats import apart, reading
from question_bank.formats.writing import WRITERS
from question_bank.services import exchange, staging
from question_bank.store import bank as banks
from question_bank.store import staging as store
from tests.soak.conftest import children_of
from tests.support.cast import WEI, enter, id_of

pytestmark = pytest.mark.soak
DEMO = Path(__file__).parents[2] / "demo" / "items"
ITEMS = 10_000
AGAIN = 20
QUIET = 1.5  # load under which seconds of the clock mean something


def many(seed: int) -> bytes:
    """Return items made of the demo's by changing up to half of the signs of each stem."""
    rows = [json.loads(line) for path in sorted(DEMO.glob("*.jsonl")) if path.stem != "more_types" for line in path.read_text("utf-8").splitlines()]
    signs = "".join(row["stem"] for row in rows)
    draw = random.Random(seed)
    lines = []
    for position in range(ITEMS):
        row = rows[position % len(rows)]
        stem = list(row["stem"])
        for _ in range(len(stem) * draw.randrange(3) // 4 + 3):
            stem[draw.randrange(len(stem))] = draw.choice(signs)
        lines.append(json.dumps(row | {"id": f"{seed}-{position}", "stem": "".join(stem), "enemies": []}, ensure_ascii=False))
    return "\n".join(lines).encode()


@cache
def written(form: str, seed: int = 2) -> bytes:
    """Return such items in one of the formats."""
    return WRITERS[form].write("题库", reading.read(many(seed)).drafts, {}, lambda _done: None)


@dataclass
class Spent:
    """What a process and all that it started took; `megabytes` is the largest of them, by its command."""

    seconds: float = 0
    processor: float = 0
    megabytes: dict[str, int] = field(default_factory=dict)
    is_quiet: bool = False

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} {size} MB" for name, size in self.megabytes.items())
        return f"{self.seconds:.1f} s, processor {self.processor:.1f} s, {sizes}{'' if self.is_quiet else ' (loaded machine)'}"

    def look(self, pid: int) -> None:
        """Note how large a process and its children have been; what ru_maxrss tells begins with the size of whoever started it."""
        for each in (pid, *children_of(pid)):
            with suppress(OSError, IndexError):  # it may have ended
                held = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{each}/status").read_text())
                name = "reading" if b"formats.alone" in Path(f"/proc/{each}/cmdline").read_bytes() else "worker"
                self.megabytes[name] = max(self.megabytes.get(name, 0), int(held[1]) // 1024 if held else 0)


@contextmanager
def running(
    settings: Settings, folder: Path, *command: str, spent: Spent | None = None, ends: signal.Signals = signal.SIGTERM
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of the product beside the test; it is told to end at last, and ends well or by that signal."""
    environment = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "FIELD_KEY": "test-field-key", "VAR_DIR": str(folder)}
    spent = spent or Spent()
    spent.is_quiet = os.getloadavg()[0] < QUIET
    began = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", *command], env=environment, stdout=subprocess.PIPE)
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            spent.look(child.pid)

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield child
    finally:
        over.set()
        watch.join()
        spent.seconds = time.monotonic() - began
        os.kill(child.pid, signal.SIGTERM)  # it may have ended already, and is not yet waited for
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        spent.processor = used.ru_utime + used.ru_stime
    assert child.returncode in {0, -ends}


def until(reached: Callable[[], bool]) -> None:
    """Wait for a worker."""
    end = time.monotonic() + 1_200  # beyond what any machine takes
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.2)


def held() -> int:
    with transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM item_version")).scalar_one())


@pytest.fixture
def bank(app: Flask, clock: FixedClock) -> str:
    """A bank of ten thousand."""
    exchange.import_file("big", many(1), author_id=id_of(WEI), now=clock.now())
    return "big"


@pytest.mark.parametrize("form", ["excel", "word", "moodle", "jsonl"])
def test_ten_thousand_items_come_in_by_the_page_and_the_worker(form: str, app: Flask, bank: str, settings: Settings, tmp_path: Path) -> None:
    author, content, spent = enter(app, WEI), written(form), Spent()
    page = author.post(f"/bank/{bank}/import", data={"file": (io.BytesIO(content), "题库")}).location
    seen: set[tuple[str, int]] = set()

    def stands(state: State) -> bool:
        found = author.get(f"{page}/progress").get_json()
        seen.add((found["state"], found["done"]))
        return bool(found["state"] == state)

    with running(settings, tmp_path, "worker", "--queue", "slow", spent=spent):
        began = time.monotonic()
        until(lambda: stands(State.STAGED))
        preview = time.monotonic() - began
        assert author.post(f"{page}/commit").status_code == 302
        assert held() == ITEMS
        until(lambda: stands(State.COMMITTED))
    sys.stdout.write(f"\n{form}, {len(content) // 1000} kB: {spent}; until the preview {preview:.1f} s\n")
    assert held() == 2 * ITEMS
    assert len({done for state, done in seen if state == State.WAITING}) > 3
    assert {done for state, done in seen if state == State.WRITING} - {0, ITEMS}, "written without a word of how far"
    assert spent.processor < 60
    assert max(spent.megabytes.values()) < 512
    assert spent.seconds < 60 or not spent.is_quiet


@pytest.mark.parametrize("form", ["excel", "word", "moodle", "jsonl"])
def test_ten_thousand_rows_are_looked_at_beside_ten_thousand_items(form: str, app: Flask, bank: str) -> None:
    read = apart.read(written(form), seconds=120)  # by another process: a transaction that waited for it would be ended as idle
    with transaction() as session:
        found = banks.by_code(session, bank)
        assert found is not None
        take_time(session)
        is_quiet, began, used = os.getloadavg()[0] < QUIET, time.monotonic(), time.process_time()
        report = exchange.judge(session, found.id, read)
        seconds, used = time.monotonic() - began, time.process_time() - used
    twins = sum(1 for line in report.lines if line.twin)
    sys.stdout.write(f"\n{form}: judged in {seconds:.1f} s, processor {used:.1f} s, {twins} twins, {report.count(Verdict.NEW)} new\n")
    assert twins > ITEMS // 10
    assert used < 10
    assert seconds < 10 or not is_quiet


def test_a_worker_killed_half_way_leaves_nothing_and_the_next_goes_on(app: Flask, bank: str, clock: FixedClock, settings: Settings, tmp_path: Path) -> None:
    author, mine = enter(app, WEI), id_of(WEI)

    def staged(content: bytes) -> int:
        batch = staging.stage(bank, "题", content, pool="", person_id=mine, now=clock.now())
        until(lambda: stands(batch, State.STAGED))
        staging.commit(bank, batch, person_id=mine, now=clock.now())
        until(lambda: is_half_written(batch))
        return batch

    def is_half_written(batch: int) -> bool:
        found = staging.progress(bank, batch, person_id=mine)
        return found.state is State.WRITING and found.done > ITEMS // 3

    def stands(batch: int, state: State) -> bool:
        return staging.progress(bank, batch, person_id=mine).state is state

    with running(settings, tmp_path, "worker", "--queue", "slow", ends=signal.SIGKILL) as worker:
        killed = staged(written("word"))
        worker.kill()
    assert (held(), stands(killed, State.WRITING)) == (ITEMS, True)
    with running(settings, tmp_path, "worker", "--queue", "slow"):
        until(lambda: stands(killed, State.COMMITTED))
        assert held() == 2 * ITEMS
        given_up = staged(written("jsonl", 3))
        assert author.post(f"/bank/{bank}/import/{given_up}/discard").status_code == 302
    assert (held(), stands(given_up, State.DISCARDED)) == (2 * ITEMS, True)


def test_one_row_costs_what_one_row_costs(app: Flask, bank: str, clock: FixedClock) -> None:
    small, whole = (_costs(bank, _staged(bank, rows, clock), clock) for rows in (100, ITEMS))
    sys.stdout.write(f"\none row of 100 and of {ITEMS}, milliseconds of processor, the database's included: {small} {whole}\n")
    assert max(*small.values(), *whole.values()) < 100  # the first comes right after the bank was filled, before the database has tidied up


def _staged(bank: str, rows: int, clock: FixedClock) -> int:
    read = reading.read(b"\n".join(written("jsonl").split(b"\n")[:rows]))
    with transaction() as session:
        found = banks.by_code(session, bank)
        assert found is not None
        take_time(session)
        batch = store.open_batch(session, found.id, "题", person_id=id_of(WEI), now=clock.now())
        staging.filled(session, found.id, batch, State.WAITING, read, person_id=id_of(WEI), now=clock.now())
        return batch


def _costs(bank: str, batch: int, clock: FixedClock) -> dict[str, int]:
    author, now = id_of(WEI), clock.now()
    at, line = next((at, line) for at, line in staging.view(bank, batch, person_id=author).lines if line.twin)
    stems = (f"{line.draft.stem}{sign}" for sign in itertools.cycle("甲乙"))  # each mend is a new item whose twins are looked for
    steps: dict[str, Callable[[], object]] = {
        "show": lambda: staging.row(bank, batch, at, person_id=author),
        "mend": lambda: staging.mend(bank, batch, at, replace(line.draft, stem=next(stems)), person_id=author, now=now),
        "choose": lambda: staging.choose(bank, batch, at, Choice.UPDATE, person_id=author, now=now),
        "page": lambda: staging.view(bank, batch, person_id=author),
    }
    costs = {}
    for name, step in steps.items():
        began = _processor()
        for _again in range(AGAIN):
            step()
        costs[name] = round(1_000 * (_processor() - began) / AGAIN)
    with transaction() as session:
        assert staging.row(bank, batch, at, person_id=author).line.twin
        assert session.execute(text("SELECT count(*) FROM import_line WHERE batch_id = :batch AND twin IS NOT NULL"), {"batch": batch}).scalar_one()
    return costs


def _processor() -> float:
    """Return the seconds that this process and the database's own processes have worked."""
    with transaction() as session:
        backends = session.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).all()
    ticks = 0
    for pid in backends:
        with suppress(FileNotFoundError):  # one that has ended since
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def test_ten_thousand_items_come_in_by_command(app: Flask, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bank.docx"
    file.write_bytes(written("word"))
    spent = Spent()
    with running(settings, tmp_path, "bank", "import", str(file), "--bank", "big", "--json", spent=spent) as child:
        assert child.stdout
        told = json.load(child.stdout)
    sys.stdout.write(f"\ncommand: {spent}\n")
    assert told["accepted"] == ITEMS
    assert spent.processor < 60
    assert max(spent.megabytes.values()) < 512
