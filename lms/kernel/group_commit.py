"""Group commit: many requests' rows in one statement and one commit, each acknowledged only after it.

Each lane has a thread of its own, which takes everything queued, runs it in one transaction and tells each row what became of it. A row is
either waited for (`submit`), or handed in together with what is to be told of it (`later`), which keeps no thread of the server. A lone row
is stored at once; where rows come one upon another, the lane gathers for a moment before it takes them: a commit costs nearly the same for
one row as for twenty. A batch that waits too long for the database or its standby is cut off and refused (`lms/kernel/link.py`).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Generic, TypeVar

import psycopg

from lms.kernel import db
from lms.kernel.link import Link, NotReplicated, Vouched

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Made = TypeVar("Made")
Next = TypeVar("Next")
MOST_ROWS = 500
logger = logging.getLogger(__name__)


class Interrupted(RuntimeError):
    """The lane was stopped before this row was settled: never taken for stored."""


class _Entry(Generic[Row, Answer]):
    __slots__ = ("answer", "failure", "row", "settled", "told")

    def __init__(self, row: Row, told: "Callable[[_Entry[Row, Answer]], None]") -> None:
        self.row = row
        self.answer: Answer | None = None
        self.failure: BaseException | None = None
        self.settled = False
        self.told = told

    def result(self) -> Answer:
        """Return the answer; raises what the write refused."""
        if self.failure is not None:
            raise self.failure
        if not self.settled:
            raise Interrupted
        return self.answer  # type: ignore[return-value]

    def tell(self) -> None:
        """Have it told; whoever cannot be reached is nobody else's fault."""
        try:
            self.told(self)
        except Exception:
            logger.exception("answer_not_told")


def _as_it_is(answer: Any) -> Any:
    return answer


@dataclass(frozen=True, slots=True)
class Pending(Generic[Made]):
    """A row that is still to be handed in to its lane, and what is made of its answer."""

    lane: "GroupCommit[Any, Any]"
    row: Any
    made: Callable[[Any], Made]

    def wait(self) -> Made:
        """Hand it in and wait."""
        return self.made(self.lane.submit(self.row))

    def then(self, made: "Callable[[Made], Next]") -> "Pending[Next]":
        """Make something else of the answer."""
        return Pending(self.lane, self.row, lambda answer: made(self.made(answer)))

    def later(self, told: Callable[[Callable[[], Made]], None]) -> None:
        """Hand it in; `told` gets what returns the answer or raises the refusal, in the lane's thread."""
        self.lane.later(self.row, lambda entry: told(lambda: self.made(entry.result())))


class GroupCommit(Generic[Row, Answer]):
    """One lane of grouped writes on a connection of its own.

    `write(connection, rows) -> answers` runs inside a transaction and returns one answer a row, in order; an answer that is
    an exception is raised to its caller alone. In a `single` lane each statement is its own transaction: that spares the round
    trips of BEGIN and COMMIT, and is as durable when its answer comes; a row that is tried again must be known by what it stored.
    `gathers`: how many seconds a row waits for company, if another was stored as short a time before.
    """

    def __init__(
        self, write: Callable[["psycopg.Connection[Any]", Sequence[Row]], Sequence[Answer | Exception]], *, single: bool = False, gathers: float = 0.0
    ) -> None:
        self._write = write
        self._single = single
        self.gathers = gathers
        self._stored_at = 0.0
        self._queue: SimpleQueue[_Entry[Row, Answer]] = SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._link: Link | None = None

    def submit(self, row: Row) -> Answer:
        """Store a row and return its answer after the commit; raises what the write refused."""
        woken = threading.Lock()  # a held lock is the cheapest thing to sleep on
        woken.acquire()
        entry: _Entry[Row, Answer] = _Entry(row, lambda _entry: woken.release())
        self._put(entry)
        woken.acquire()
        return entry.result()

    def pending(self, row: Row) -> Pending[Answer]:
        """Return a row that is still to be handed in."""
        return Pending(self, row, _as_it_is)

    def later(self, row: Row, told: Callable[[_Entry[Row, Answer]], None]) -> None:
        """Store a row; `told` is called with it after the commit, in the lane's thread."""
        self._put(_Entry(row, told))

    def _put(self, entry: _Entry[Row, Answer]) -> None:
        self._queue.put(entry)
        if self._thread is None or not self._thread.is_alive():  # a fork leaves threads behind
            with self._guard:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._serve, name="lane", daemon=True)
                    self._thread.start()

    def _serve(self) -> None:
        """Run batch after batch, whatever happens."""
        while True:
            batch = [self._queue.get()]
            if monotonic() - self._stored_at < self.gathers:
                sleep(self.gathers)
            with suppress(Empty):
                while len(batch) < MOST_ROWS:
                    batch.append(self._queue.get_nowait())
            try:
                self._attempt(batch)
            except BaseException:
                logger.exception("batch_stopped")
            self._stored_at = monotonic()
            for entry in batch:
                entry.tell()

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
