"""Pictures of a bank: kept, found, and missed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.draft import Draft, pictures_of
from question_bank.domain.exchange import Picture
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import ItemContent
from question_bank.formats import picture as formats
from question_bank.formats import rich_text
from question_bank.services import bank as banks
from question_bank.store import picture as store
from question_bank.store import pool as pools

keep = store.keep


def upload(bank_code: str, content: bytes, *, now: datetime) -> Picture:
    """Keep a picture an author brings; raises a refusal when it cannot be shown."""
    found = formats.read(content)
    with transaction() as session:
        store.keep(session, banks.existing(session, bank_code).id, [found], now)
    return found


def of_bank(bank_code: str, digest: str) -> Picture:
    """Return a picture of a bank; raises Missing."""
    with transaction() as session:
        found = store.of_bank(session, banks.existing(session, bank_code).id, [digest])
    if not found:
        raise Missing
    return found[0]


def contents(session: Session, version_ids: Sequence[int]) -> Mapping[int, ItemContent]:
    """Return what candidates see of the versions, pictures with their sizes; the key is not even read."""
    found = pools.contents(session, version_ids)
    sizes = store.sizes(session, rich_text.pictures_in(html for one in found.values() for html in (one.stem_html, *one.options_html, *one.prompts_html)))
    return {version: _sized(one, sizes) for version, one in found.items()} if sizes else found


def _sized(content: ItemContent, sizes: Mapping[str, tuple[int, int]]) -> ItemContent:
    def sized(html: str) -> str:
        return rich_text.with_sizes(html, sizes)

    return replace(
        content, stem_html=sized(content.stem_html), options_html=tuple(map(sized, content.options_html)), prompts_html=tuple(map(sized, content.prompts_html))
    )


def unknown(session: Session, bank_id: int, drafts: Iterable[Draft], *, brought: Collection[str] = ()) -> dict[int, Fault]:
    """Return the faults of drafts that show a picture which neither the bank has nor the file brings. Positions index `drafts`."""
    wanted = {position: names for position, draft in enumerate(drafts) if (names := pictures_of(draft))}
    known = store.known(session, bank_id, set().union(*wanted.values())) | set(brought)
    return {position: fault("picture_unknown", "stem") for position, names in wanted.items() if names - known}
