"""What processes leave for /metrics."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lms.kernel.health import forget_the_dead


def test_only_the_readings_of_processes_that_have_ended_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"gauge_mostrecent_{ended.pid}.db", f"gauge_mostrecent_{os.getpid()}.db", "gauge_mostrecent_1.db", f"counter_{ended.pid}.db"]
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    forget_the_dead()
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    forget_the_dead()
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])
