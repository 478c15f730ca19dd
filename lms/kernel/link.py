"""A link to the database that takes no warning for a success and waits for nobody for ever.

Where a standby is to confirm commits, PostgreSQL has no limit for that wait (a statement's own has ended by then), and when it is cut off it
commits and only warns. So one thread a process looks at the links that are being waited for. Who waits for two and a half seconds is cancelled: a
statement is rolled back, a commit is stored here and warned about, which is refused as not safe. Where that does not help, the line is cut: at once
if the server does not even take the cancellation, else after three seconds in a lane and after ten anywhere else.
"""

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg.rows import RowFactory, tuple_row

from lms.kernel.refusal import N_, Unavailable

LOOKS_EVERY = 0.25  # seconds
CANCELLED_AT = 10  # looks
LANE_CUT_AT, COMMIT_CUT_AT = 12, 40  # looks: behind a lane others wait, while a large commit may have a slow disk under it
CANCEL_SECONDS = 0.4


class NotReplicated(Unavailable):
    """The wait for the standby was cut off: stored here, but lost if this server is (PostgreSQL only warns)."""

    kind = "doubtful"  # a page's own words: a form is sent by hand, and only scripts try again by themselves
    code = "not_replicated"
    message = N_("暂时没有保存成功，系统会自动重试，请不要关闭页面。")


class Link(psycopg.Connection[Any]):
    """A connection whose commits are vouched for; `doubtful` within a `Vouched` block once a commit in it was not confirmed."""

    def __init__(self, pgconn: "psycopg.pq.abc.PGconn", row_factory: RowFactory[Any] = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.doubtful = False
        self.add_notice_handler(self._notice)

    def commit(self) -> None:
        """Commit; raises NotReplicated when it may be lost with this server."""
        with Vouched(self, cut_at=COMMIT_CUT_AT):
            super().commit()

    def _notice(self, told: psycopg.errors.Diagnostic) -> None:
        # 01000 is a warning without a name of its own: whatever else is warned about at a commit is no success either.
        if self in _waits and (told.source_function == "SyncRepWaitForLSN" or told.sqlstate == "01000"):
            self.doubtful = True


class Vouched:
    """A block that ends within seconds, and raises NotReplicated when what it committed is in doubt."""

    __slots__ = ("_cut_at", "_link")

    def __init__(self, link: Link, *, cut_at: int = LANE_CUT_AT) -> None:
        self._link, self._cut_at = link, cut_at

    def __enter__(self) -> None:
        """Begin to wait."""
        _watch(self._link, self._cut_at)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait no more, and tell what came of it."""
        _waits.pop(self._link, None)
        doubtful, self._link.doubtful = self._link.doubtful, False
        if kind is None and doubtful:
            raise NotReplicated


def wait_for_standby(link: "psycopg.Connection[Any]") -> None:
    """Write a line into the log, where a standby must confirm commits: whoever finds a row stored by an earlier try waits for it as its writer did."""
    in_no_doubt(link)
    link.execute("SELECT pg_logical_emit_message(true, 'lms', '') WHERE current_setting('synchronous_standby_names') <> ''")


def in_no_doubt(link: "psycopg.Connection[Any]") -> None:
    """End a batch at its first statement that no standby confirmed, or each of the others would wait as long."""
    if getattr(link, "doubtful", False):
        raise NotReplicated


_waits: dict[Link, list[int]] = {}  # who is waited for: how many looks that has lasted, and at which the line is cut
_guard = threading.Lock()
_watcher: list[threading.Thread] = []


def _watch(link: Link, cut_at: int) -> None:
    _waits[link] = [0, cut_at]
    if not _watcher or not _watcher[-1].is_alive():  # a fork leaves threads behind
        with _guard:
            if not _watcher or not _watcher[-1].is_alive():
                _watcher[:] = [threading.Thread(target=_look_on, name="links", daemon=True)]
                _watcher[-1].start()


def _look_on() -> None:
    rest = threading.Event()
    while not rest.wait(LOOKS_EVERY):
        look()


def look() -> None:
    """Look once at all that wait; a server that takes no cancellation is not asked again for each of them."""
    answers = True
    for link, wait in list(_waits.items()):
        wait[0] += 1
        looks, cut_at = wait
        if CANCELLED_AT <= looks < cut_at and answers:
            answers = _cancelled(link)
        if looks >= (cut_at if answers else CANCELLED_AT):
            _cut(link)


def _cancelled(link: Link) -> bool:
    try:
        link.cancel_safe(timeout=CANCEL_SECONDS)
    except psycopg.Error:
        return False
    return True


def _cut(link: Link) -> None:
    """Shut the line down under who waits on it: both ends see it closed."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(link.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
