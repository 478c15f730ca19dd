"""What a bank is called and which topics it names: written by reviewers, kept by its owner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import N_, Conflict
from question_bank.domain.share import Right
from question_bank.services import bank as banks
from question_bank.services import share as shares
from question_bank.services.bank import Bank
from question_bank.store import bank as store


@dataclass(frozen=True, slots=True)
class Names:
    """What a bank is called, and its topics by their codes."""

    name: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)


class BankThere(Conflict):
    """The code is another bank's."""

    code = "bank_there"
    message = N_("这个编号已经有题库使用，请换一个。")


class BankChanged(Conflict):
    """Somebody else has renamed the bank or a topic since the form was opened; `bank` is what it is now."""

    code = "bank_changed"
    message = N_("您打开这个页面后，别人改了这个题库的名称或知识点。您填写的内容还在下面；核对后再次保存，就以您填写的为准。")

    def __init__(self, bank: Bank) -> None:
        super().__init__()
        self.bank = bank


def view(code: str, *, person_id: int) -> Bank:
    """Return a bank to whom owns it; raises NotShared."""
    with transaction() as session:
        shares.require(session, code, person_id, Right.OWN)
        return banks.existing(session, code)


def make(code: str, name: str, topics: Mapping[str, str], *, person_id: int, now: datetime) -> None:
    """Make a bank, open to everybody who writes items until it is shared for the first time; raises BankThere."""
    with transaction() as session:
        store.hold_code(session, code)
        if store.by_code(session, code) is not None:
            raise BankThere
        banks.made(session, code, name, now, topics)
        audit.record(session, actor_id=person_id, action="bank.make", subject=f"bank:{code}", now=now, name=name)


def keep(code: str, name: str, topics: Mapping[str, str], *, seen: Names, person_id: int, now: datetime) -> None:
    """Rename a bank and its topics and add others; a topic stays, since items carry it. Raises BankChanged where `seen` is no longer so."""
    with transaction() as session:
        shares.require(session, code, person_id, Right.OWN)
        store.hold_code(session, code)
        before = banks.existing(session, code)
        if seen != Names(before.name, dict(before.topics)):
            raise BankChanged(before)
        banks.made(session, code, name, now, topics)
        changed = {topic: words for topic, words in topics.items() if before.topics.get(topic) != words}
        audit.record(session, actor_id=person_id, action="bank.settings", subject=f"bank:{code}", now=now, name=name, topics=changed)
