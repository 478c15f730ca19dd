"""Banks given out: small ones at once, large ones by a worker, each file kept for a day for the person who asked."""

import logging
from datetime import datetime

from lms.kernel import jobs
from lms.kernel.db import take_time, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.export import AT_ONCE, KEPT
from question_bank.domain.review import Status
from question_bank.services import bank as banks
from question_bank.services import exchange
from question_bank.services.bank import Bank
from question_bank.services.exchange import Exported
from question_bank.store import bank as bank_store
from question_bank.store import export as store
from question_bank.store import listing
from question_bank.store.export import Export

JOB = "bank.export"
_log = logging.getLogger(__name__)


def ask(bank_code: str, form: str, *, person_id: int, now: datetime) -> Exported | int:
    """Return the bank as a file, or the id of the export where it is large or its format has no place for everything."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        total = sum(number for status, number in listing.statuses(session, bank.id).items() if status != Status.RETIRED)
        if total > AT_ONCE:
            export_id = store.open_export(session, bank.id, form, person_id=person_id, total=total, now=now, until=now + KEPT)
            jobs.enqueue(session, JOB)
            return export_id
    written = exchange.export(bank_code, person_id=person_id, now=now, form=form)
    if not written.losses:
        return written
    with transaction() as session:
        export_id = store.open_export(session, bank.id, form, person_id=person_id, total=total, now=now, until=now + KEPT)
        store.finish(session, export_id, written.content, written.losses)
        return export_id


def work(now: datetime) -> None:
    """Write what waits to be written, and drop what has expired; what a killed worker left is taken up again."""
    with transaction() as session:
        store.expire(session, now)
        found = store.waiting(session)
    for export_id in found:
        with transaction() as session:
            take_time(session)
            taken = store.take(session, export_id)
            if taken is None:
                continue
            bank_id, person_id, form = taken
            try:
                code = bank_store.code_of(session, bank_id)
                written = exchange.export(code, person_id=person_id, now=now, form=form, beat=lambda done, at=export_id: _tell(at, done))  # type: ignore[misc]
            except Exception:  # noqa: BLE001 - one bank that cannot be written must not keep the others waiting
                _log.exception("bank export %s failed", export_id)
                store.fail(session, export_id)
            else:
                store.finish(session, export_id, written.content, written.losses)


def _tell(export_id: int, done: int) -> None:
    with transaction() as session:
        store.tell(session, export_id, done)


def view(bank_code: str, export_id: int, *, person_id: int, now: datetime) -> tuple[Bank, Export]:
    """Return how far a file of this person's is; raises Missing, also once it has expired."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        found = store.of_person(session, bank.id, export_id, person_id, now)
        if found is None:
            raise Missing
        return bank, found


def fetch(bank_code: str, export_id: int, *, person_id: int, now: datetime) -> tuple[Export, bytes]:
    """Return a written file; raises Missing."""
    _bank, found = view(bank_code, export_id, person_id=person_id, now=now)
    with transaction() as session:
        content = store.content(session, export_id)
    if content is None:
        raise Missing
    return found, content
