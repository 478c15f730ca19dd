"""Where items were shown: told by the packages above, which register themselves when they are mounted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.services import bank as banks
from question_bank.services.bank import Bank
from question_bank.store import listing, version
from question_bank.store.listing import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """One version in one exam or quiz: on so many papers, before a learner so many times, the first time and the last."""

    title: str
    version_id: int
    papers: int | None  # None where nothing is drawn beforehand
    shown: int
    first: datetime | None
    last: datetime | None


Source = Callable[[Session, Sequence[int]], Sequence[Appearance]]
_sources: list[Source] = []


def register_usage(source: Source) -> None:
    """Have a source asked where some versions were shown."""
    _sources.append(source)


@dataclass(frozen=True, slots=True)
class Usage:
    """Everywhere an item was used; `numbers` gives each version its number."""

    bank: Bank
    name: str
    numbers: dict[int, int]
    appearances: tuple[Appearance, ...]
    uses: tuple[Use, ...]


def of_item(bank_code: str, item_id: int) -> Usage:
    """Return where, when and how often an item was used; no key is read."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        name, numbers = version.numbers(session, bank.id, item_id)
        if not numbers:
            raise Missing
        found = [each for source in _sources for each in source(session, list(numbers))]
        return Usage(bank, name, numbers, tuple(found), tuple(listing.uses(session, item_id)))
