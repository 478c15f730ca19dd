"""Practice items as quizzes show and judge them: each process keeps what it has read, since an item's version never changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from lms.kernel.db import Session
from question_bank import api as bank
from question_bank.domain.item import Explanation, ItemContent, Key

MOST_ITEMS = 20_000


@dataclass(frozen=True, slots=True)
class WholeItem:
    """One version, whole."""

    content: ItemContent
    key: Key
    explanation: Explanation


_items: dict[int, WholeItem] = {}


def forget() -> None:
    """Drop what this process keeps."""
    _items.clear()


def whole(session: Session, version_ids: Sequence[int]) -> tuple[WholeItem, ...]:
    """Return the versions in this order, each with content, key and explanation."""
    known = {version: found for version in version_ids if (found := _items.get(version))}
    lacking = [version for version in version_ids if version not in known]
    if lacking:
        contents, keys, explanations = bank.contents(session, lacking), bank.keys(session, lacking), bank.explanations(session, lacking)
        read = {version: WholeItem(contents[version], keys[version], explanations[version]) for version in lacking}
        if len(_items) > MOST_ITEMS:
            _items.clear()
        _items.update(read)
        known |= read
    return tuple(known[version] for version in version_ids)
