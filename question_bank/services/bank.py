"""Banks: made, found, listed, covered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.item import Level, Pool
from question_bank.domain.review import Status
from question_bank.domain.share import Right
from question_bank.services.demand import Demand, demands
from question_bank.store import bank as store
from question_bank.store import listing
from question_bank.store import share as shares
from question_bank.store.listing import Cell, Filter, Listed

PAGE = 50


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank and the names of its topics."""

    id: int
    code: str
    name: str
    topics: Mapping[str, str]

    def topic_name(self, code: str) -> str:
        """Return a topic's name; an unnamed topic is its own name."""
        return self.topics.get(code, code)


def create(code: str, name: str, now: datetime, topics: Mapping[str, str] | None = None) -> int:
    """Make a bank, or rename the one of this code; topics are added or renamed."""
    with transaction() as session:
        return made(session, code, name, now, topics or {})


def made(session: Session, code: str, name: str, now: datetime, topics: Mapping[str, str]) -> int:
    """Make a bank inside the caller's transaction."""
    store.hold_code(session, code)
    row = store.by_code(session, code)
    if row is None:
        row = store.add(session, code, name, now)
    else:
        row.name = name
    store.name_topics(session, row.id, topics)
    return row.id


def existing(session: Session, code: str) -> Bank:
    """Return a bank; raises Missing."""
    row = store.by_code(session, code)
    if row is None:
        raise Missing
    return Bank(row.id, row.code, row.name, store.topics(session, row.id))


@dataclass(frozen=True, slots=True)
class BankCard:
    """A bank with the number of its items in each state."""

    code: str
    name: str
    statuses: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many items are in use or on their way."""
        return sum(number for status, number in self.statuses.items() if status != Status.RETIRED)


def banks(person_id: int) -> tuple[BankCard, ...]:
    """Return every bank that is open to a person."""
    with transaction() as session:
        hidden = shares.hidden(session, person_id, Right.READ)
        statuses = listing.statuses_by_bank(session)
        return tuple(BankCard(row.code, row.name, statuses.get(row.id, {})) for row in store.everything(session) if row.code not in hidden)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a bank's list."""

    bank: Bank
    items: tuple[Listed, ...]
    found: int
    statuses: Mapping[str, int]
    sent_back: int
    topics: Mapping[str, str]
    before: int | None
    after: int | None


def page(code: str, wanted: Filter, *, after: int | None = None, before: int | None = None) -> ListPage:
    """Return one page of the list, newest first."""
    with transaction() as session:
        bank = existing(session, code)
        rows = listing.page(session, bank.id, wanted, after=after, before=before, limit=PAGE + 1)
        more = len(rows) > PAGE
        if more:
            rows = rows[1:] if before is not None else rows[:-1]
        ahead = more if before is not None else after is not None
        behind = before is not None or more
        return ListPage(
            bank=bank,
            items=tuple(rows),
            found=listing.count(session, bank.id, wanted),
            statuses=listing.statuses(session, bank.id),
            sent_back=len(listing.sent_back(session, bank.id)),
            topics=topics_in(session, bank.id, bank.topics),
            before=rows[0].item_id if rows and ahead else None,
            after=rows[-1].item_id if rows and behind else None,
        )


def topics_in(session: Session, bank_id: int, named: Mapping[str, str]) -> dict[str, str]:
    """Return the topics of a bank with their names by code: those it names, then those its items carry, which are their own names."""
    return {**named, **{code: code for code in listing.topics_used(session, bank_id) if code and code not in named}}


def topics(code: str) -> tuple[Bank, Mapping[str, str]]:
    """Return a bank and the topics an author may choose, with their names by code."""
    with transaction() as session:
        bank = existing(session, code)
        return bank, topics_in(session, bank.id, bank.topics)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Topic × level × difficulty."""

    bank: Bank
    topics: tuple[str, ...]
    levels: tuple[Level | None, ...]
    cells: Mapping[tuple[str, str | None], Cell]
    demands: tuple[Demand, ...]


def coverage(code: str, pool: str, *, approved_only: bool, now: datetime) -> Coverage:
    """Return how well a bank covers its topics."""
    with transaction() as session:
        bank = existing(session, code)
        cells = {(cell.topic, cell.level): cell for cell in listing.coverage(session, bank.id, pool if pool in set(Pool) else "", approved_only=approved_only)}
        used = {level for _, level in cells}
        levels: tuple[Level | None, ...] = tuple(level for level in Level if level in used)
        if None in used:
            levels = (*levels, None)
        found = dict.fromkeys([*bank.topics, *(topic for topic, _ in cells if topic), *(topic for topic, _ in cells)])
        return Coverage(bank, tuple(found), levels, cells, demands(session, code, now))
