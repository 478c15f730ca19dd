"""The embedded PostgreSQL: safe after a kill, one owner, ends with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from lms.kernel.postgres import EmbeddedPostgres, PostgresFailed

ROOT = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pg")


def test_acknowledged_rows_survive_a_kill(place: Path) -> None:
    server = EmbeddedPostgres(place)
    url = server.start()
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("CREATE TABLE kept (n int)")
        for number in range(50):
            link.execute("INSERT INTO kept VALUES (%s)", (number,))
        os.kill(server.pid, signal.SIGKILL)
    server.stop()
    again = EmbeddedPostgres(place)
    with psycopg.connect(again.start()) as link:
        row = link.execute("SELECT count(*) FROM kept").fetchone()
    again.stop()
    assert row == (50,)


def test_a_second_owner_is_refused_in_words(place: Path) -> None:
    server = EmbeddedPostgres(place, durable=False)
    server.start()
    try:
        with pytest.raises(PostgresFailed, match="another process"):
            EmbeddedPostgres(place, durable=False).start()
    finally:
        server.stop()


def test_the_server_ends_when_its_parent_is_killed_and_starts_again(place: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom lms.kernel.postgres import EmbeddedPostgres\n"
        f"s = EmbeddedPostgres(Path({str(place)!r}))\ns.start()\nprint(s.pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
        except FileNotFoundError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the server outlived its parent")
    again = EmbeddedPostgres(place, durable=False)
    again.start()
    again.stop()


def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    server = EmbeddedPostgres(place / ("long" * 30), durable=False)
    url = server.start()
    psycopg.connect(url).close()
    server.stop()
