"""A page asks the database all at once what it asked, one after the other, the last time.

What costs is the number of round trips, not their statements. So each page remembers which statements it ran, and at its
first question the next reader's process sends all of them in one go. A guess is only a guess: an answer is used for exactly
the statement and the values that are asked for in the same request, and whatever was not foreseen is asked as ever. Nothing
is kept from one request to the next but the questions.
"""

import select
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from psycopg import pq

MOST_PAGES = 2_000
MOST_READERS = 20_000

Link = psycopg.Connection[Any]


class Question(Protocol):
    """A statement that can be sent with others."""

    names: list[str]

    def send(self, link: Link, values: Sequence[object]) -> None:
        """Send it without waiting for the answer."""

    def prepare(self, link: Link) -> None:
        """Make it known to the link."""


Ask = tuple[Question, list[object]]
Answer = tuple[Question, list[object], "pq.abc.PGresult"]


class _Fact(str):
    """A value that belongs to the request and not to the page: who asks, and when."""

    __slots__ = ()


@dataclass(slots=True)
class _Page:
    key: Hashable
    facts: dict[str, object]
    late: bool  # opened only when it was known who asks: that question, always the first, has been answered
    asked: list[Ask] = field(default_factory=list)
    foreseen: list[Ask] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def remembered(self) -> list[Ask]:
        known = _questions.get(self.key, ())
        return [(question, [self.facts[value] if isinstance(value, _Fact) else value for value in values]) for question, values in known]

    def learnt(self) -> tuple[tuple[Question, tuple[object, ...]], ...]:
        return tuple((question, tuple(map(self._general, question.names, values))) for question, values in self.asked)

    def _general(self, name: str, value: object) -> object:
        return _Fact(name) if name in self.facts and self.facts[name] == value else value


_here = threading.local()
_questions: OrderedDict[Hashable, tuple[tuple[Question, tuple[object, ...]], ...]] = OrderedDict()
_readers: OrderedDict[Hashable, tuple[int, Hashable]] = OrderedDict()


def begin(page: Hashable, reader: bytes, now: object, *, late: bool = False) -> bool:
    """Open a page for a reader, known by what the cookie's token stands for; False where she was never seen here: then she is to be asked for first."""
    known = _readers.get(reader)
    _here.page = known and _Page((page, known[1]), {"token_hash": reader, "now": now, "person_id": known[0], "person": known[0]}, late)
    return known is not None


def know(reader: bytes, person_id: int, kind: Hashable) -> None:
    """Remember who a reader is, for the next guess only: whether the sign-in stands is asked at every request."""
    _keep(_readers, reader, (person_id, kind), MOST_READERS)


def drop() -> None:
    """Forget what was fetched: from here on the request writes, and must read what it wrote."""
    _here.page = None


def end() -> None:
    """Close the page and remember its questions."""
    page = getattr(_here, "page", None)
    if page is not None and page.asked != page.foreseen and not (page.late and page.key in _questions):
        _keep(_questions, page.key, page.learnt(), MOST_PAGES)
    _here.page = None


def answer(link: Link, question: Question, values: list[object]) -> "pq.abc.PGresult | None":
    """Return the answer to a question if it was foreseen."""
    page: _Page | None = getattr(_here, "page", None)
    if page is None:
        return None
    if not page.asked:
        page.foreseen = page.remembered()[page.late :]
        page.answers = _all_at_once(link, page.foreseen)
    for place, (foreseen, with_values, result) in enumerate(page.answers):
        if foreseen is question and with_values == values:
            del page.answers[place]
            return result
    return None


def note(question: Question, values: list[object]) -> None:
    """Note a question that the database took."""
    page: _Page | None = getattr(_here, "page", None)
    if page is not None:
        page.asked.append((question, values))


def _all_at_once(link: Link, asks: list[Ask]) -> list[Answer]:
    """Send questions in one go; return the answers to those that the database could answer."""
    if len(asks) < 2:
        return []
    for question, _values in asks:
        question.prepare(link)
    link.pgconn.enter_pipeline_mode()
    for question, values in asks:
        question.send(link, values)
    link.pgconn.pipeline_sync()
    results = _results(link)
    link.pgconn.exit_pipeline_mode()
    return [(*ask, result) for ask, result in zip(asks, results, strict=True) if result.status == pq.ExecStatus.TUPLES_OK]


def _results(link: Link) -> list[pq.abc.PGresult]:
    look = select.poll()
    look.register(link.pgconn.socket, select.POLLIN)
    results: list[pq.abc.PGresult] = []
    while True:
        while link.pgconn.is_busy():
            look.poll()  # here, and not inside the library, which would keep the interpreter from the other threads
            link.pgconn.consume_input()
        result = link.pgconn.get_result()
        if result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        if link.pgconn.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(link.pgconn.get_error_message())
        if result is not None:
            results.append(result)


def _keep(store: OrderedDict[Hashable, Any], key: Hashable, value: object, most: int) -> None:
    store[key] = value
    while len(store) > most:
        store.popitem(last=False)
