"""OV-04: ten thousand of the room's own save queues, in simulated time, against a server that answers 503 for a minute."""

import shutil
import subprocess
import sys
from pathlib import Path
from statistics import fmean

import msgspec
import pytest

from exam.part import part

pytestmark = pytest.mark.soak
PEOPLE, EVERY = 10_000, 30  # each sends something so often, in seconds: an answer, or the question what time is left
FROM, UNTIL, END = 120, 180, 420
RETRY_AFTER = 2


class Seen(msgspec.Struct):
    """Requests in each second, how many of them were repetitions, and who held unsaved answers at the end."""

    sent: list[int]
    again: list[int]
    unsaved: int


def test_ov_04_a_minute_of_refusals_brings_no_more_requests_than_any_other_and_no_wave_afterwards() -> None:
    node = shutil.which("node", path=f"{Path(sys.executable).parent.parent / '.node/bin'}:{'/usr/local/bin:/usr/bin:/bin'}")
    assert node, "make deps brings node"
    command = [node, str(Path(__file__).with_name("retries.mjs")), str(part.folder / "static/queue.js")]
    told = subprocess.run([*command, *map(str, (PEOPLE, EVERY, FROM, UNTIL, END, RETRY_AFTER))], check=True, capture_output=True, timeout=300)
    seen = msgspec.json.decode(told.stdout, type=Seen)
    steady = fmean(seen.sent[40:FROM])
    refused = fmean(seen.sent[FROM:UNTIL]) / steady
    wave = max(fmean(seen.sent[at : at + 5]) for at in range(UNTIL, END - 5)) / steady
    sys.stdout.write(
        f"\n{PEOPLE} pages, {steady:.0f} requests a second; while all are refused {refused:.2f} of that, afterwards at most {wave:.2f} (five seconds)\n"
    )
    assert refused <= 1.1
    assert wave <= 1.5
    assert seen.unsaved < PEOPLE / 20, "who waits for her next try at the end, or has just answered"
