"""What a task beside the product does when it fails."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stack import Stack

# Appends to its file, and fails while that holds fewer lines than the task should be started.
TASK = "import sys; name, wanted = sys.argv[1:]; open(name, 'a').write('x'); sys.exit(len(open(name).read()) < int(wanted))"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Processes without a product."""
    found = Stack(tmp_path, 0, environment=dict(os.environ))
    yield found
    found.stop()


def until_over(stack: Stack) -> tuple[int | None, int]:
    """Mend until the task is over or a minute has passed; return what it returned and how often it was started again."""
    again, gives_up = 0, time.monotonic() + 60
    while stack.ended("task") is None and time.monotonic() < gives_up:
        again += len(stack.mend())
        time.sleep(0.01)
    return stack.ended("task"), again


def test_a_task_that_fails_is_started_again_until_it_is_done(stack: Stack, tmp_path: Path) -> None:
    stack.spawn("task", "-c", TASK, str(tmp_path / "starts"), "3", tries=5, wait=0.02)
    assert until_over(stack) == (0, 2)


def test_a_task_that_always_fails_is_given_up_after_its_tries_each_later_than_the_last(stack: Stack, tmp_path: Path) -> None:
    began = time.monotonic()
    stack.spawn("task", "-c", TASK, str(tmp_path / "starts"), "99", tries=2, wait=0.2)
    assert until_over(stack) == (1, 2)
    assert time.monotonic() - began >= 0.2 + 0.4
    assert (stack.mend(), (tmp_path / "starts").read_text()) == ([], "xxx")
