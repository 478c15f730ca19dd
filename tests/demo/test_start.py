"""The first start: interrupted, looked at too early, or given somebody else's database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from demo import province
from demo.cast import FILLED
from demo.serving import Patience
from lms.domain.unit import UnitKind
from lms.kernel import db, installation
from lms.kernel.settings import Settings
from lms.services import unit
from tests.conftest import NOON
from tests.support import database

ROOT = Path(__file__).parents[2]
FIRST_STEP = "teachers enrolled"
# What `make demo` does before it serves.
START = """
import sys
from pathlib import Path
from demo.__main__ import is_filled, make_province
from demo.stack import Stack
from lms.kernel.settings import Settings
stack = Stack(Path(sys.argv[1]), 0, database_url=sys.argv[2])
stack.start_database()
settings = Settings.from_environment(stack.environment)
if not is_filled(stack, settings, 0):
    make_province(settings, 0)
"""


def killed_after_the_first_step(folder: Path, url: str) -> list[str]:
    """Start the filling, kill it once people and programme are there, and return what it said."""
    start = subprocess.Popen([sys.executable, "-c", START, str(folder), url], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert start.stdout is not None
    said = []
    for line in start.stdout:
        said.append(line)
        if FIRST_STEP in line:
            break
    start.kill()
    start.communicate()
    return said


def test_a_first_start_that_was_interrupted_is_begun_anew(cluster: str, settings: Settings, folder: Path, worker_id: str) -> None:
    url = database.clone(cluster, f"interrupted_{worker_id}")
    with database.elsewhere():
        db.connect(url)
        first = province.fill(settings, NOON)
        assert FIRST_STEP in next(first)
        first.close()  # as a kill would leave it: what a step has stored stays
    said = killed_after_the_first_step(folder, url)
    assert [("thrown away" in line, FIRST_STEP in line) for line in said] == [(True, False), (False, True)], "".join(said)
    # What a shell needs for a command lies beside the data.
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    shell = subprocess.run(["sh", "-c", f". {folder}/env.sh && flask clock show"], cwd="/", env=bare, capture_output=True, text=True, check=False)
    assert (shell.returncode, "rehearsal offset 0:00:00" in shell.stdout) == (0, True), shell.stderr
    assert (folder / "env.sh").stat().st_mode & 0o077 == 0


def test_a_database_with_another_province_is_left_alone(app: Flask, settings: Settings) -> None:
    with db.transaction() as session:
        unit.add(session, parent=None, kind=UnitKind.PROVINCE, code="99", name="别的省（虚构）")
    with pytest.raises(province.DatabaseInUse):
        next(province.fill(settings, NOON))


def test_who_opens_the_demo_before_it_is_filled_is_asked_to_wait(app: Flask) -> None:
    visitor = Client(Patience(app.wsgi_app))
    early = visitor.get("/sign-in")
    assert (early.status_code, early.headers["Refresh"], "正在准备演示数据" in early.text) == (503, "3", True)
    assert visitor.get("/healthz").status_code == 200
    with db.transaction() as session:
        installation.set_fact(session, FILLED, value=True)
    assert "正在准备演示数据" not in visitor.get("/sign-in").text
