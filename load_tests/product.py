"""A product of its own for a load test: a fresh folder, a seeded database, the same processes as everywhere."""

import fcntl
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask

from demo.stack import Stack, StackFailed, free_port, running
from lms.kernel import db, installation
from lms.kernel.settings import Settings
from load_tests.seed import NOTE, Seeded, Wanted, seed
from wsgi import create_app

ROOT = Path(__file__).parent.parent
MARK = ".load-test"  # lies in every folder that a load test has made and may empty


@contextmanager
def seeded(folder: Path, programme: Path, wanted: Wanted, *, database_url: str = "", secret: str = "") -> Iterator[tuple[Stack, Seeded]]:
    """Run a seeded database for the length of a block; the caller starts server and worker. Products with one secret take each other's tokens."""
    refuse_used(database_url)
    quiet = {"LOG_LEVEL": "WARNING", "SIGN_IN_TRIES": "100000", "HOT_REQUESTS": "1000000"} | ({"SECRET_KEY": secret} if secret else {})
    stack = Stack(folder.absolute(), free_port(), database_url=database_url, environment=quiet)
    with emptied(folder), running(stack):
        with working_on(stack):
            found = seed(Settings.from_environment(stack.environment), programme.read_text(encoding="utf-8"), wanted)
        yield stack, found


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """Make a folder anew and keep it for the length of a block; raise StackFailed before anything is deleted that no load test has made, or one still needs."""
    place, product = folder.resolve(), Path(os.environ.get("VAR_DIR") or "var").resolve()
    if any(other.is_relative_to(place) for other in (product, ROOT.resolve(), Path.cwd())):
        raise StackFailed(f"{folder} is, or holds, the product's own folder; a load test empties its folder: name one of its own, such as {product / 'load'}")
    if place.exists():
        ours = place.is_dir() and (not any(place.iterdir()) or any((place / name).is_file() for name in (MARK, NOTE)))
        if not ours:
            raise StackFailed(f"{folder} holds what no load test has made; a load test empties its folder: name a new one, or remove this one yourself")
        with _kept(place):
            shutil.rmtree(place)
    place.mkdir(parents=True)
    with _kept(place):
        yield


@contextmanager
def _kept(place: Path) -> Iterator[None]:
    """Hold a folder's mark for the length of a block; the system lets go of it with the process, however that ends."""
    with (place / MARK).open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackFailed(f"another load test works in {place}: wait for its end, or name another --folder") from None
        yield


def refuse_used(database_url: str) -> None:
    """Raise StackFailed unless a database is empty, before anything in it is touched: a load test has one of its own."""
    if database_url:
        with psycopg.connect(database_url) as link:
            (tables,) = link.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() or (0,)
        if tables:
            raise StackFailed("this database is in use; a load test fills an empty one: createdb load_test, then --database postgresql:///load_test")


@contextmanager
def working_on(stack: Stack) -> Iterator[Flask]:
    """Let this process's transactions work on the product's database for the length of a block; yields an app of its own."""
    settings = Settings.from_environment(stack.environment)
    app = create_app(settings)
    try:
        with db.transaction() as session:
            installation.require_rehearsal(session)
        yield app
    finally:
        db.disconnect()


def start(stack: Stack) -> int:
    """Start the web server and return its process id."""
    stack.start_server()
    return stack.server_pid


def wait_for(port: int, path: str) -> None:
    """Wait until a server answers."""
    failure: OSError | None = None
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
            failure = error
        except OSError as error:
            failure = error
        else:
            return
        time.sleep(0.1)
    raise StackFailed(f"no answer on port {port}: {failure}")
