"""Group commit: many requests' rows in one statement and one commit, each acknowledged only after it.

Each lane has a thread of its own, which takes everything queued, runs it in one transaction and tells each row what became of it. A row is
either waited for (`submit`), or handed in together with what is to be told of it (`later`), which keeps no thread of the server. A lone row
is stored at once; where rows come one upon another, the lane gathers for a moment before it takes them: a commit costs nearly the same for
one row as for twenty. A batch that waits too long for the database or its standby is cut off and refused (`lms/kernel/link.py`).

Until it is known to be stored, a row's outcome is Unavailable: whatever goes wrong, nobody is told that a row is safe which is not.
"""

import logging
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Generic, NoReturn, TypeVar

import psycopg

from lms.kernel import db
from lms.kernel.link import Link, NotReplicated, Vouched
from lms.kernel.refusal import Unavailable

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Made = TypeVar("Made")
Next = TypeVar("Next")
LEAST_ROWS, MOST_ROWS = 8, 500  # a group that was cut off is followed by one of half its size, down to the least
STEP = 0.0025  # seconds in which another row has to come for a lane to go on gathering
PARTS = 20  # what a failed group is divided into: two rounds find the row that failed it among 400
GROWS_WITHIN = 1.0  # seconds: what takes no longer may be twice as much and is not cut off
SETTLED_WITHIN = 5.0  # seconds after which the rest of a failed group is refused: others wait behind it
ASIDE, MOST_ASIDE = 4, 1_000  # threads for what takes longer than a lane may, and what may wait for them
GIVEN_UP_AFTER = 10.0  # seconds after which a row is not stored any more: its page gives up soon (exam/static/wire.js) and sends anew
MOST_QUEUED = 10_000
logger = logging.getLogger(__name__)


class _Entry(Generic[Row, Answer]):
    __slots__ = ("came", "outcome", "row", "told")

    def __init__(self, row: Row, told: Callable[[Callable[[], Answer]], None]) -> None:
        self.row = row
        self.told = told
        self.came = monotonic()
        self.outcome: Answer | Exception = Unavailable()

    def result(self) -> Answer:
        """Return the answer; raises what the write refused."""
        if isinstance(self.outcome, Exception):
            raise self.outcome.with_traceback(None)  # it may be told to many, and each would lengthen its trail
        return self.outcome

    def tell(self) -> None:
        """Have it told, once; whoever cannot be reached is nobody else's fault."""
        try:
            self.told(self.result)
        except BaseException:
            logger.exception("answer_not_told")
        del self.told  # and with it the client's line: a server that is to end waits for each of them


def _as_it_is(answer: Any) -> Any:
    return answer


@dataclass(frozen=True, slots=True)
class Pending(Generic[Made]):
    """A row that is still to be handed in to its lane, and what is made of its answer: the end, or another one that is still to be handed in."""

    lane: "GroupCommit[Any, Any] | Aside[Any]"
    row: Any
    made: Callable[[Any], Any]  # Made | Pending[Made]

    def wait(self) -> Made:
        """Hand it in and wait."""
        made: Made | Pending[Made] = self.made(self.lane.submit(self.row))
        return made.wait() if isinstance(made, Pending) else made

    def then(self, made: "Callable[[Made], Next | Pending[Next]]") -> "Pending[Next]":
        """Make something else of the answer."""

        def both(answer: Any) -> "Next | Pending[Next]":
            first: Made | Pending[Made] = self.made(answer)
            return first.then(made) if isinstance(first, Pending) else made(first)

        return Pending(self.lane, self.row, both)

    def later(self, told: Callable[[Callable[[], Any]], None]) -> "Pending[Made]":
        """Hand it in; `told` gets what returns the answer or what is pending next, or raises, in the lane's thread. What raises was not handed in."""
        self.lane.later(self.row, lambda result: told(lambda: self.made(result())))
        return self


class GroupCommit(Generic[Row, Answer]):
    """One lane of grouped writes on a connection of its own.

    `write(connection, rows) -> answers` runs inside a transaction and returns one answer a row, in order; an answer that is
    an exception is raised to its caller alone. In a `single` lane each statement is its own transaction: that spares the round
    trips of BEGIN and COMMIT, and is as durable when its answer comes; a row that is tried again must be known by what it stored.
    `gathers`: how many seconds a row waits for company at most, if another was stored as short a time before; less when nobody comes any more.
    """

    def __init__(
        self, write: Callable[["psycopg.Connection[Any]", Sequence[Row]], Sequence[Answer | Exception]], *, single: bool = False, gathers: float = 0.0
    ) -> None:
        self._write = write
        self._single = single
        self.gathers = gathers
        self._stored_at = -math.inf
        self._most = MOST_ROWS
        self._queue: SimpleQueue[_Entry[Row, Answer]] = SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._link: Link | None = None

    def submit(self, row: Row) -> Answer:
        """Store a row and return its answer after the commit; raises what the write refused."""
        woken = threading.Lock()  # a held lock is the cheapest thing to sleep on
        woken.acquire()
        entry: _Entry[Row, Answer] = _Entry(row, lambda _result: woken.release())
        self._put(entry)
        woken.acquire()
        return entry.result()

    def pending(self, row: Row) -> Pending[Answer]:
        """Return a row that is still to be handed in."""
        return Pending(self, row, _as_it_is)

    def later(self, row: Row, told: Callable[[Callable[[], Answer]], None]) -> None:
        """Store a row; `told` gets what returns its answer after the commit, in the lane's thread."""
        self._put(_Entry(row, told))

    def _put(self, entry: _Entry[Row, Answer]) -> None:
        if self._queue.qsize() >= MOST_QUEUED:
            raise Unavailable
        if self._thread is None or not self._thread.is_alive():  # a fork leaves threads behind
            with self._guard:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._serve, name="lane", daemon=True)
                    self._thread.start()
        self._queue.put(entry)

    def _serve(self) -> None:
        """Run batch after batch, whatever happens; between two, nothing of the last is held."""
        while True:
            self._settle(self._taken())
            self._stored_at = monotonic()

    def _taken(self) -> list[_Entry[Row, Answer]]:
        """Wait for rows and return them, without those that came too long ago: they are refused unasked."""
        batch = [self._queue.get()]
        self._gather()
        with suppress(Empty):
            while len(batch) < self._most:
                batch.append(self._queue.get_nowait())
        since = monotonic() - GIVEN_UP_AFTER
        for entry in batch:
            if entry.came < since:
                entry.tell()
        return [entry for entry in batch if entry.came >= since]

    def _gather(self) -> None:
        """Let rows come while they do, for as long as the lane gathers at most; whoever comes first after a quiet moment waits for nobody."""
        ends, before = monotonic() + self.gathers, -1
        if monotonic() - self._stored_at < self.gathers:
            while monotonic() < ends and (here := self._queue.qsize()) > before:
                before = here
                sleep(STEP)

    def _settle(self, batch: list[_Entry[Row, Answer]]) -> None:
        """Store a batch and tell each row as soon as it is settled. What fails is tried again in parts, so that one bad row fails nobody else.

        Not after a lost link, nor where the wait was cut off: whoever comes after would wait as long. Not in doubt either: a second try
        by us would find the rows and take them for safe.
        """
        began = monotonic()
        parts = [batch] if batch else []
        while parts:
            part = parts.pop(0)
            try:
                self._run(part)
                if monotonic() - began < GROWS_WITHIN:
                    self._most = min(2 * self._most, MOST_ROWS)
            except BaseException as error:
                if part is batch:  # one line a group
                    logger.exception("group_failed", extra={"rows": len(batch)})
                doubtful = isinstance(error, NotReplicated)
                lost = self._link is None or self._link.closed or isinstance(error, psycopg.errors.QueryCanceled) or not isinstance(error, Exception)
                if lost or doubtful:
                    self._most = max(len(part) // 2, LEAST_ROWS)
                if lost or doubtful or monotonic() - began > SETTLED_WITHIN:
                    part, parts = [entry for one in (part, *parts) for entry in one], []
                elif len(part) > 1:
                    size = max(len(part) // PARTS, 1)
                    parts[:0] = [part[at : at + size] for at in range(0, len(part), size)]
                    continue
                for entry in part:
                    entry.outcome = NotReplicated() if doubtful else Unavailable()
            for entry in part:
                entry.tell()

    def _run(self, batch: list[_Entry[Row, Answer]]) -> None:
        if self._link is None or self._link.closed:
            self._link = db.connection()
        link = self._link
        with Vouched(link), nullcontext() if self._single else link.transaction():
            answers = self._write(link, [entry.row for entry in batch])
        for entry, answer in zip(batch, answers, strict=True):
            entry.outcome = answer


class Aside(Generic[Answer]):
    """What takes longer than a lane may, done by a few threads of its own, in the order in which it comes."""

    gathers = 0.0

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(ASIDE, "aside")
        self._room = threading.Semaphore(MOST_ASIDE)

    def pending(self, work: Callable[[], Answer]) -> Pending[Answer]:
        """Return work that is still to be handed in."""
        return Pending(self, work, _as_it_is)

    def submit(self, work: Callable[[], Answer]) -> Answer:
        """Do it here, where a thread waits for it anyway."""
        return work()

    def later(self, work: Callable[[], Answer], told: Callable[[Callable[[], Answer]], None]) -> None:
        """Have it done by `told`, in another thread; what has waited too long is refused undone."""
        if not self._room.acquire(blocking=False):
            raise Unavailable
        self._threads.submit(self._do, work, told, monotonic())

    def _do(self, work: Callable[[], Answer], told: Callable[[Callable[[], Answer]], None], came: float) -> None:
        self._room.release()
        told(work if monotonic() - came < GIVEN_UP_AFTER else _refuse)


def _refuse() -> NoReturn:
    raise Unavailable
