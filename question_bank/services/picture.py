"""Pictures of a bank: kept, found, and missed."""

from collections.abc import Collection, Iterable
from datetime import datetime

from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.draft import Draft, pictures_of
from question_bank.domain.exchange import Picture
from question_bank.domain.fault import Fault, fault
from question_bank.formats import picture as formats
from question_bank.services import bank as banks
from question_bank.store import picture as store

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


def unknown(session: Session, bank_id: int, drafts: Iterable[Draft], *, brought: Collection[str] = ()) -> dict[int, Fault]:
    """Return the faults of drafts that show a picture which neither the bank has nor the file brings. Positions index `drafts`."""
    wanted = {position: names for position, draft in enumerate(drafts) if (names := pictures_of(draft))}
    known = store.known(session, bank_id, set().union(*wanted.values())) | set(brought)
    return {position: fault("picture_unknown", "stem") for position, names in wanted.items() if names - known}
