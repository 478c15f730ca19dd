"""The running product: database, server and worker as child processes that end together.

Used by `make demo`, by browser tests, by the load tests and by the benchmark, so that all of them meet the same product.
"""

import os
import resource
import secrets
import shlex
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
MOST_CONNECTIONS = 16_384  # a process holds open, idle ones too: whoever comes when they are used up waits for another to leave
STARTS_WITHIN = 180.0  # seconds; three are usual, but a busy machine may need many


class StackFailed(RuntimeError):
    """A process of the product did not start."""


def _server_ends_with_us() -> None:
    end_with_parent(signal.SIGTERM)  # it has workers of its own to end
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a browser keeps its connection open, and each is a file


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
class _Kept:
    """A process that is started again when it ends by itself: for ever and at once, or so many times, each after twice the wait (seconds)."""

    name: str
    command: list[str]
    tries: int | None = None
    wait: float = 0.0
    due: float = 0.0

    def is_over(self, returned: int) -> bool:
        """Tell whether it is not started again."""
        return self.tries is not None and (returned == 0 or self.tries == 0)

    def waits(self) -> bool:
        """Tell whether its next start is still to come, and count the start if not."""
        if self.tries is None:
            return False
        self.due = self.due or time.monotonic() + self.wait
        if time.monotonic() < self.due:
            return True
        self.tries, self.wait, self.due = self.tries - 1, self.wait * 2, 0.0
        return False


@dataclass(slots=True)
class Stack:
    """One product over one folder; `environment` is what its processes see."""

    folder: Path
    port: int
    workers: int = 2
    threads: int = 8
    durable: bool = True
    target: str = "wsgi:create_app"
    database_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    _postgres: EmbeddedPostgres | None = None
    _children: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _kept: dict[int, _Kept] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the product's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_pid(self) -> int | None:
        """Return the embedded server's process id; None where DATABASE_URL was given."""
        return self._postgres.pid if self._postgres else None

    @property
    def server_pid(self) -> int:
        """Return the web server's process id."""
        return self._server().pid

    def kill_server(self, *, gently: bool = False) -> None:
        """End every process of the web server at once, as a crash or (`gently`) a deployment would, for the long proofs; `start_server` starts it again."""
        server = self._server()
        if gently:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
        _kill_group(server)
        server.wait()
        self._children.remove(server)
        del self._kept[server.pid]
        for _ in range(100):  # the system closes the sockets of the dead in its own time
            try:
                self.refuse_taken_port()
            except StackFailed:
                time.sleep(0.05)
            else:
                break

    def restart_database(self) -> None:
        """Start the embedded database over the same data, whatever became of its processes; for the long proofs."""
        assert self._postgres is not None
        self._postgres.start_again()

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
            "BLOCKING_THREADS": str(self.threads),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }
        self._write_environment()
        if not migrate.is_newest(self.database_url):
            __import__("wsgi")  # every table is known then; two seconds that later starts need not spend
            migrate.upgrade(self.database_url)

    def _write_environment(self) -> None:
        """Keep what a shell needs for `flask …` against this product: `. env.sh`."""
        known = {name: self.environment[name] for name in ("DATABASE_URL", "SECRET_KEY", "FIELD_KEY", "VAR_DIR", "BASE_URL")} | {
            "FLASK_APP": str(ROOT / "wsgi.py")
        }
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in known.items()]
        path = self.folder / "env.sh"
        path.touch(mode=0o600)
        path.write_text("".join([*lines, f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n']))

    def start_server(self) -> None:
        """Start the web server and wait until it is ready."""
        self.launch_server()
        self.await_server()

    def launch_server(self) -> None:
        """Start the web server; `await_server` waits for it, so that other work may be done meanwhile."""
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(self.port),
                   "--workers", str(self.workers), "--blocking-threads", str(self.threads), "--backlog", "2048",
                   "--backpressure", str(MOST_CONNECTIONS), "--no-ws",
                   "--workers-kill-timeout", "5", "--respawn-failed-workers", "--log-level", "warning", self.target]  # fmt: skip
        self.refuse_taken_port()
        self._spawn(_Kept("server", granian))

    def await_server(self) -> None:
        """Wait until the web server is ready."""
        server = self._server()
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
        self._spawn(_Kept("worker", [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]))

    def spawn(self, name: str, *command: str, tries: int = 0, wait: float = 2.0) -> "subprocess.Popen[bytes]":
        """Start a task beside the product; `mend` starts it again when it fails, so many times, each after twice the wait (seconds)."""
        return self._spawn(_Kept(name, [sys.executable, *command], tries, wait))

    def ended(self, name: str) -> int | None:
        """Return what a task returned once it is over for good; None while it runs or will be started again."""
        for child in self._children:
            kept, returned = self._kept[child.pid], child.poll()
            if kept.name == name and returned is not None and kept.is_over(returned):
                return returned
        return None

    def mend(self) -> list[str]:
        """Start again what ended by itself, the database first; return what it was. To be called now and then."""
        mended = []
        if self._postgres and not self._postgres.runs():
            self._postgres.start_again()
            mended.append("database")
        for place, child in enumerate(self._children):
            kept, returned = self._kept[child.pid], child.poll()
            if returned is None or kept.is_over(returned) or kept.waits():
                continue
            _kill_group(child)
            del self._kept[child.pid]
            self._children[place] = self._launch(kept)
            mended.append(kept.name)
        return mended

    def _server(self) -> "subprocess.Popen[bytes]":
        return next(child for child in self._children if self._kept[child.pid].name == "server")

    def _spawn(self, kept: _Kept) -> "subprocess.Popen[bytes]":
        child = self._launch(kept)
        self._children.append(child)
        return child

    def _launch(self, kept: _Kept) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{kept.name}.log").open("ab") as log:
            ending = _server_ends_with_us if kept.name == "server" else _ends_with_us
            child = subprocess.Popen(kept.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True, preexec_fn=ending)
        self._kept[child.pid] = kept
        return child

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
        self._kept.clear()
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
