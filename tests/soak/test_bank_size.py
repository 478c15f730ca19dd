"""Ten thousand items into a bank of ten thousand: by the command in under a minute and 512 MB, twins in under ten seconds, on the processor's clock."""

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from question_bank.domain.staging import Verdict
from question_bank.formats import apart
from question_bank.services import background, exchange, staging
from question_bank.store import bank as banks
from tests.support.cast import WEI, id_of

pytestmark = pytest.mark.soak
DEMO = Path(__file__).parents[2] / "demo" / "items"
ITEMS = 10_000


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


def test_ten_thousand_items_come_in_by_command(app: Flask, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "bank.jsonl"
    file.write_bytes(many(1))
    environment = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "FIELD_KEY": "test-field-key", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "bank", "import", str(file), "--bank", "big", "--json"]
    began = time.monotonic()
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["accepted"] == ITEMS
    sys.stdout.write(f"command: {wall:.1f} s, processor {used.ru_utime + used.ru_stime:.1f} s, {used.ru_maxrss // 1024} MB\n")
    assert used.ru_utime + used.ru_stime < 60
    assert used.ru_maxrss < 512 * 1024


def test_a_preview_against_ten_thousand_items_and_the_workers_way(app: Flask, clock: FixedClock) -> None:
    exchange.import_file("big", many(1), author_id=id_of(WEI), now=clock.now())
    content = many(2)
    read = apart.read(content, seconds=120)  # by another process: a transaction that waited for it would be ended as idle
    with transaction() as session:
        bank = banks.by_code(session, "big")
        assert bank is not None
        began = time.process_time()
        report = exchange.judge(session, bank.id, read)
        used = time.process_time() - began
    sys.stdout.write(f"preview: {used:.1f} s, {sum(1 for line in report.lines if line.twin)} twins\n")
    assert used < 10

    batch = staging.stage("big", "题.jsonl", content, pool="", person_id=id_of(WEI), now=clock.now())
    began = time.process_time()
    background.work(clock.now())
    read_in = time.process_time() - began
    assert staging.commit("big", batch, person_id=id_of(WEI), now=clock.now()) is None
    began = time.process_time()
    background.work(clock.now())
    written = time.process_time() - began
    sys.stdout.write(f"worker: read and judged {read_in:.1f} s, written {written:.1f} s\n")
    assert staging.view("big", batch).counts[Verdict.NEW] == ITEMS
    assert read_in + written < 60
