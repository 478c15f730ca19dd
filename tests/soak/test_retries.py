"""OV-04 and the bell: the room's own save queues, in simulated time, against a server that answers 503 for a while."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import fmean

import msgspec
import pytest

from exam.part import part
from load_tests import journeys

QUEUE = part.folder / "static/queue.js"
PEOPLE, EVERY = 10_000, 30  # each sends something so often, in seconds: an answer, or the question what time is left
FROM, UNTIL, END = 120, 180, 420
RETRY_AFTER = 2


BELL, GRACE = 120, 60


class Seen(msgspec.Struct):
    """Saves in each second and repetitions among them, after how many seconds of peace the last refused answer was in, who held unsaved ones at the end."""

    sent: list[int]
    again: list[int]
    last: float
    unsaved: int


def seen(people: int, began: int, ended: int, end: int, *, bell: int = 0) -> Seen:
    """Play so many pages that are refused for some of these seconds."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent.parent / '.node/bin'}:{'/usr/local/bin:/usr/bin:/bin'}")
    assert node, "make deps brings node"
    command = [node, str(Path(__file__).with_name("retries.mjs")), str(QUEUE), *map(str, (people, EVERY, began, ended, end, RETRY_AFTER, bell))]
    return msgspec.json.decode(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout, type=Seen)


@pytest.mark.soak
def test_ov_04_a_minute_of_refusals_brings_no_more_requests_than_any_other_and_no_wave_afterwards() -> None:
    found = seen(PEOPLE, FROM, UNTIL, END)
    steady = fmean(found.sent[40:FROM])
    refused = fmean(found.sent[FROM:UNTIL]) / steady
    wave = max(fmean(found.sent[at : at + 5]) for at in range(UNTIL, END - 5)) / steady
    sys.stdout.write(
        f"\n{PEOPLE} pages, {steady:.0f} requests a second; while all are refused {refused:.2f} of that, afterwards at most {wave:.2f} (five seconds); "
        f"the last refused answer was in after {found.last:.0f} s\n"
    )
    assert refused <= 1.1
    assert wave <= 1.6
    assert found.last <= 75, "the next pulse of a page, which is answered, hurries its queue"


@pytest.mark.parametrize(("began", "ended"), [(BELL - 10, BELL + 3), (BELL - 30, BELL + 20), (BELL - 100, BELL + 45)])
def test_what_is_refused_at_the_bell_is_in_within_the_grace(began: int, ended: int) -> None:
    found = seen(300, began, ended, BELL + GRACE, bell=BELL)
    assert sum(found.again) > 50
    assert found.unsaved == 0
    assert found.last <= 8 + 0.5


def test_one_refusal_keeps_no_answer_waiting_for_long() -> None:
    found = seen(300, 120, 121, 140)
    assert 0 < found.last <= 6.5


def test_the_load_tests_wait_as_the_page_does() -> None:
    told = dict(re.findall(r"^const (\w+) = \[?([\d_, ]+)\]?;", QUEUE.read_text(), re.MULTILINE))
    for name in ("WAITS", "BUSY", "PRESSED", "BEFORE_BELL", "MOST_AFTER"):
        ours = getattr(journeys, name)
        assert [int(figure) / 1000 for figure in told[name].split(",")] == list(ours if isinstance(ours, tuple) else (ours,)), name
