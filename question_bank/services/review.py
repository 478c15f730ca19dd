"""Submitting, deciding, retiring: one item or many, each recorded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms import api as lms
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import Missing, Refusal
from question_bank.domain import review as rules
from question_bank.domain.review import Decision, Standing, Status
from question_bank.domain.share import Right
from question_bank.domain.version import Version
from question_bank.services import bank as banks
from question_bank.store import listing
from question_bank.store import review as store
from question_bank.store import share as share_store
from question_bank.store import version as versions


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What a bulk operation did: how many items changed, and which did not and why."""

    done: int
    refused: tuple[tuple[str, str], ...] = ()  # external id, code of the refusal
    sent_back: int = 0  # left out: nobody changed them since


def submit(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> None:
    """Hand a draft to the reviewers."""
    _move(bank_code, item_id, rules.submit, action="item.submit", person_id=person_id, now=now)


def retire(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> None:
    """Take an item out of every pool; papers already made keep it."""
    _move(bank_code, item_id, rules.retire, action="item.retire", person_id=person_id, now=now)


def restore(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> None:
    """Bring a retired item back as a draft."""
    _move(bank_code, item_id, rules.restore, action="item.restore", person_id=person_id, now=now)


def _move(bank_code: str, item_id: int, rule: Callable[[Standing], Standing], *, action: str, person_id: int, now: datetime) -> None:
    with transaction() as session:
        version = _locked(session, bank_code, item_id)
        store.set_status(session, [item_id], rule(version.standing).status, now)
        audit.record(session, actor_id=person_id, action=action, subject=f"item:{item_id}", now=now)


def _locked(session: Session, bank_code: str, item_id: int) -> Version:
    version = versions.latest(session, banks.existing(session, bank_code).id, item_id, lock=True)
    if version is None:
        raise Missing
    return version


def decide(bank_code: str, item_id: int, decision: Decision, *, reviewer_id: int, comment: str, now: datetime, seen_version: int) -> None:
    """Approve or send back the version the reviewer has seen."""
    with transaction() as session:
        version = _locked(session, bank_code, item_id)
        if version.version_id != seen_version:
            raise rules.WrongState
        rules.decide(version.standing, decision, reviewer_id, comment)
        record(session, [version], decision, reviewer_id=reviewer_id, comment=comment, now=now)


def record(session: Session, decided: Sequence[Version], decision: Decision, *, reviewer_id: int, comment: str, now: datetime) -> None:
    """Write one decision for each version inside the caller's transaction."""
    store.add_reviews(session, decided, reviewer_id=reviewer_id, decision=decision, comment=comment.strip(), now=now)
    for version in decided:
        audit.record(session, actor_id=reviewer_id, action=f"item.{decision}", subject=f"item:{version.item_id}", now=now, version=version.version_id)


def comment(bank_code: str, item_id: int, *, person_id: int, words: str, now: datetime) -> None:
    """Leave a remark on the newest version."""
    if not words.strip():
        raise rules.CommentNeeded
    with transaction() as session:
        store.add_comment(session, _locked(session, bank_code, item_id).version_id, person_id, words.strip()[:2_000], now)


def submit_all(bank_code: str, *, person_id: int, now: datetime) -> BulkOutcome:
    """Hand every draft of a bank to the reviewers, but for what they sent back and nobody changed since."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        drafts = versions.latest_of_bank(session, bank.id, status=Status.DRAFT, lock=True)
        sent_back = listing.sent_back(session, bank.id)
        found = [version for version in drafts if version.item_id not in sent_back]
        for version in found:
            rules.submit(version.standing)
            audit.record(session, actor_id=person_id, action="item.submit", subject=f"item:{version.item_id}", now=now)
        store.set_status(session, [version.item_id for version in found], Status.IN_REVIEW, now)
        return BulkOutcome(len(found), sent_back=len(sent_back))


def approve_all(bank_code: str, *, reviewer_id: int, now: datetime, version_ids: Sequence[int] | None = None) -> BulkOutcome:
    """Approve every item in review, or the versions named that are still the newest; each by its own review, none by an author of its own."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        approved, refused = [], []
        for version in versions.latest_of_bank(session, bank.id, version_ids=version_ids, status=Status.IN_REVIEW, lock=True):
            try:
                rules.decide(version.standing, Decision.APPROVE, reviewer_id, "")
            except Refusal as refusal:
                refused.append((version.external_id, refusal.code))
            else:
                approved.append(version)
        record(session, approved, Decision.APPROVE, reviewer_id=reviewer_id, comment="", now=now)
        return BulkOutcome(len(approved), tuple(refused))


def duties(session: Session, person_id: int, now: datetime) -> Iterator[lms.Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell a reviewer, bank by bank, how many items wait for her."""
    hidden = share_store.hidden(session, person_id, Right.WRITE)
    for code, name, number in store.waiting(session, person_id):
        if code not in hidden:
            yield lms.Duty(_("“%(bank)s”有 %(n)s 道试题等待审核", bank=name, n=number), _("去审核"), f"/bank/{code}/review")


def returned(session: Session, person_id: int, now: datetime) -> Iterator[lms.Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell an author, bank by bank, how many of her items were sent back."""
    hidden = share_store.hidden(session, person_id, Right.WRITE)
    for code, name, number in listing.sent_back_to(session, person_id):
        if code not in hidden:
            yield lms.Duty(_("“%(bank)s”有您编写的 %(n)s 道试题被退回，等待修改", bank=name, n=number), _("去修改"), f"/bank/{code}?status={listing.SENT_BACK}")


def waiting(bank_code: str, *, person_id: int, now: datetime, limit: int = 50) -> tuple[banks.Bank, tuple[Version, ...], int]:
    """Return items in review with their keys, those she may decide on first, oldest first, and how many there are; that the keys were seen is recorded."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        found = versions.latest_of_bank(session, bank.id, status=Status.IN_REVIEW)
        found.sort(key=lambda version: person_id in version.authors)
        for version in found[:limit]:
            audit.record(session, actor_id=person_id, action="item.view_key", subject=f"item:{version.item_id}", now=now)
        return bank, tuple(found[:limit]), len(found)
