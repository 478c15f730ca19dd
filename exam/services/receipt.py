"""Checking a receipt: what the server held at a hand-in, computed again from the log."""

from dataclasses import dataclass

from exam.domain import receipt as rules
from exam.store import receipt as store
from exam.store.receipt import HandedIn
from lms.domain.certificate import masked, read_code
from lms.kernel.db import reading


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What whoever has the code may know; `genuine`: the log still adds up to it."""

    found: HandedIn
    masked_name: str
    digest: str
    genuine: bool
    brought_later: int


def check(written_code: str) -> CheckedReceipt:
    """Return what a receipt's code stands for; raises ReceiptMissing."""
    with reading() as session:
        found = store.by_code(session, read_code(written_code))
        if found is None:
            raise rules.ReceiptMissing
        held = rules.standing(store.held(session, found.attempt_id, found.submitted_at))
        digest = rules.digest(found.attempt_id, found.turn, found.paper_hash, found.items, held)
        genuine = rules.code_of(digest) == found.receipt and sum(1 for line in held.values() if line.value) == found.answered
        return CheckedReceipt(found, masked(found.person), digest, genuine, store.brought_later(session, found.attempt_id, found.submitted_at))
