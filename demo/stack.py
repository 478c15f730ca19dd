"""The running product: database, server and worker as child processes that end together.

Used by `make demo`, by browser tests, by the load tests and by the benchmark, so that all of them meet the same product.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lms.kernel import migrate
from lms.kernel.postgres import EmbeddedPostgres, end_with_parent

ROOT = Path(__file__).parent.parent
STARTS_WITHIN = 180.0  # seconds; three are usual, but a busy machine may need many


class StackFailed(RuntimeError):
    """A process of the product did not start."""


def _server_ends_with_us() -> None:
    end_with_parent(signal.SIGTERM)  # it has workers of its own to end


def _ends_with_us() -> None:
    end_with_parent(signal.SIGKILL)  # asked kindly, a job worker would wait for the database, which is gone by then


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End what a process has left behind; it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def secrets_of(folder: Path) -> dict[str, str]:
    """Return the installation's own keys, made at the first start and kept beside its data."""
    path = folder / "keys.env"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"SECRET_KEY={secrets.token_urlsafe(48)}\nFIELD_KEY={secrets.token_urlsafe(32)}\n")
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


@dataclass(slots=True)
class Stack:
    """One product over one folder; `environment` is what its processes see."""

    folder: Path
    port: int
    workers: int = 2
    threads: int = 8
    durable: bool = True
    database_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    _postgres: EmbeddedPostgres | None = None
    _children: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _lasting: dict[int, tuple[str, list[str]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the product's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_pid(self) -> int | None:
        """Return the embedded server's process id; None where DATABASE_URL was given."""
        return self._postgres.pid if self._postgres else None

    def start_database(self) -> None:
        """Start or find the database, migrate it, and prepare the environment of every process."""
        if not self.database_url:
            self._postgres = EmbeddedPostgres(self.folder / "postgres", durable=self.durable)
            self.database_url = self._postgres.start()
        metrics = self.folder / "metrics"
        metrics.mkdir(parents=True, exist_ok=True)
        for old in metrics.iterdir():
            old.unlink()
        self.environment = {
            **os.environ,
            **secrets_of(self.folder),
            "DATABASE_URL": self.database_url,
            "VAR_DIR": str(self.folder),
            "BASE_URL": self.url,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }
        if not migrate.is_newest(self.database_url):
            __import__("wsgi")  # every table is known then; two seconds that later starts need not spend
            migrate.upgrade(self.database_url)

    def start_server(self) -> None:
        """Start the web server and wait until it is ready."""
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(self.port),
                   "--workers", str(self.workers), "--blocking-threads", str(self.threads), "--backlog", "2048", "--no-ws",
                   "--workers-kill-timeout", "5", "--respawn-failed-workers", "--log-level", "warning", "wsgi:create_app"]  # fmt: skip
        self.refuse_taken_port()
        server = self._spawn("server", granian, lasting=True)
        gives_up = time.monotonic() + STARTS_WITHIN
        while server.poll() is None and time.monotonic() < gives_up:
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=5).close()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
            else:
                return
        log = (self.folder / "server.log").read_text(errors="replace")[-2000:]
        raise StackFailed(f"the server did not start on port {self.port}\n{log}")

    def refuse_taken_port(self) -> None:
        """Raise StackFailed where another program listens; the server itself would share the port and never tell."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except (OSError, OverflowError) as fault:
                raise StackFailed(f"port {self.port} cannot be used ({fault}); choose another one, for example: make demo PORT=8001") from None

    def start_worker(self) -> None:
        """Start the job worker."""
        self._spawn("worker", [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], lasting=True)

    def spawn(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        """Start another process of the product; it ends with the rest."""
        return self._spawn(name, [sys.executable, *command], lasting=False)

    def mend(self) -> list[str]:
        """Start again what ended by itself, the database first; return what it was. To be called now and then."""
        mended = []
        if self._postgres and not self._postgres.runs():
            self._postgres.start_again()
            mended.append("database")
        for place, child in enumerate(self._children):
            if child.pid in self._lasting and child.poll() is not None:
                name, command = self._lasting.pop(child.pid)
                _kill_group(child)
                self._children[place] = self._launch(name, command)
                self._lasting[self._children[place].pid] = name, command
                mended.append(name)
        return mended

    def _spawn(self, name: str, command: list[str], *, lasting: bool) -> "subprocess.Popen[bytes]":
        child = self._launch(name, command)
        self._children.append(child)
        if lasting:
            self._lasting[child.pid] = name, command
        return child

    def _launch(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            ending = _server_ends_with_us if name == "server" else _ends_with_us
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True, preexec_fn=ending)

    def stop(self) -> None:
        """End every process, the database last."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._children:
            try:
                child.wait(8)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            _kill_group(child)
        self._children.clear()
        self._lasting.clear()
        if self._postgres:
            self._postgres.stop()


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    """Run the stack's database for the length of a block and end everything with it."""
    try:
        stack.start_database()
        yield stack
    finally:
        stack.stop()
