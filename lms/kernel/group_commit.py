"""Group commit: many requests' rows in one statement and one commit, each acknowledged only after it.

The first caller to find the lane free leads: it takes everything queued, runs it in one transaction, hands out the
answers and passes the lead to the first who came meanwhile. Before it takes the queue it gives way once to threads that are
ready to run: a commit costs nearly the same for one row as for eight. Nothing sleeps, so a lone request costs one commit and
no delay; nobody works for others beyond its own batch. A batch that waits too long for the database or its standby is cut off and
refused (`lms/kernel/link.py`).
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Generic, TypeVar

import psycopg

from lms.kernel import db
from lms.kernel.link import Link, NotReplicated, Vouched

Row = TypeVar("Row")
Answer = TypeVar("Answer")
MOST_ROWS = 500


class Interrupted(RuntimeError):
    """The leader was stopped before this row was settled: never taken for stored."""


class _Entry(Generic[Row, Answer]):
    __slots__ = ("answer", "failure", "leads", "row", "settled", "woken")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.answer: Answer | None = None
        self.failure: BaseException | None = None
        self.settled = False
        self.leads = False
        # A held lock is the cheapest thing to sleep on; it is released once: with the answer, or with the lead.
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupCommit(Generic[Row, Answer]):
    """One lane of grouped writes on a connection of its own.

    `write(connection, rows) -> answers` runs inside a transaction and returns one answer a row, in order; an answer that is
    an exception is raised to its caller alone. In a `single` lane each statement is its own transaction: that spares the round
    trips of BEGIN and COMMIT, and is as durable when its answer comes; a row that is tried again must be known by what it stored.
    """

    def __init__(self, write: Callable[["psycopg.Connection[Any]", Sequence[Row]], Sequence[Answer | Exception]], *, single: bool = False) -> None:
        self._write = write
        self._single = single
        self._queue: list[_Entry[Row, Answer]] = []
        self._guard = threading.Lock()
        self._led = False
        self._link: Link | None = None

    def submit(self, row: Row) -> Answer:
        """Store a row and return its answer after the commit; raises what the write refused."""
        entry: _Entry[Row, Answer] = _Entry(row)
        with self._guard:
            self._queue.append(entry)
            entry.leads, self._led = not self._led, True
        if not entry.leads:
            entry.woken.acquire()
        if entry.leads:
            self._lead()
        if entry.failure is not None:
            raise entry.failure
        if not entry.settled:
            raise Interrupted
        return entry.answer  # type: ignore[return-value]

    def _lead(self) -> None:
        """Run one batch, the leader's own row in it, and pass the lead on; whatever happens, the lane never stays led by nobody."""
        os.sched_yield()  # threads that are ready to run bring their rows first
        with self._guard:
            batch, self._queue = self._queue[:MOST_ROWS], self._queue[MOST_ROWS:]
        try:
            self._attempt(batch)
        finally:
            # The answered first: their threads bring the next requests, which the next leader can then take along.
            for entry in batch:
                if not entry.leads:
                    entry.woken.release()
            self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            following = self._queue[0] if self._queue else None
            self._led = following is not None
        if following is not None:
            following.leads = True
            following.woken.release()

    def _attempt(self, batch: list[_Entry[Row, Answer]]) -> None:
        try:
            self._run(batch)
        except NotReplicated as doubt:  # no second try by us: it would find the rows and take them for safe
            for entry in batch:
                entry.failure = doubt
        except Exception as error:  # noqa: BLE001 - each row is tried alone and its caller gets the failure
            self._one_by_one(batch, error)

    def _one_by_one(self, batch: list[_Entry[Row, Answer]], error: Exception) -> None:
        """Run each row alone, so that one bad row fails nobody else; a lost link fails all (the client retries).

        So do two rows that wait for a lock in vain, and a server that was waited for too long: whoever comes after them waits, too.
        """
        waited = 0
        for entry in batch:
            try:
                if len(batch) == 1 or waited > 1 or self._link is None or self._link.closed or isinstance(error, NotReplicated | psycopg.errors.QueryCanceled):
                    raise error
                self._run([entry])
            except Exception as failure:  # noqa: BLE001 - the caller waits in another thread; submit() raises it there
                entry.failure = failure
                if isinstance(failure, NotReplicated | psycopg.OperationalError):
                    waited, error = waited + 1, failure

    def _run(self, batch: list[_Entry[Row, Answer]]) -> None:
        if self._link is None or self._link.closed:
            self._link = db.connection()
        link = self._link
        with Vouched(link), nullcontext() if self._single else link.transaction():
            answers = self._write(link, [entry.row for entry in batch])
        for entry, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                entry.failure = answer
            else:
                entry.answer = answer
                entry.settled = True
