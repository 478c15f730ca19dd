"""Items written, rewritten and looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Conflict, Invalid, Missing
from question_bank.domain import review as rules
from question_bank.domain.draft import Draft, tidy, topic_code
from question_bank.domain.fault import Fault, fault, faults_of, has_control
from question_bank.domain.item import Pool
from question_bank.domain.version import Version
from question_bank.services import bank as banks
from question_bank.services import picture as pictures
from question_bank.services.bank import Bank
from question_bank.services.drafting import drafted, formula_faults, stored
from question_bank.store import listing, review
from question_bank.store import version as store
from question_bank.store.listing import Use
from question_bank.store.review import Remark

AT_ONCE = 500  # items: what is sent to the database is forgotten before the next are made, which bounds the memory of a large import


class ItemFaulty(Invalid):
    """The draft cannot become an item; `faults` says why."""

    code = "item_faulty"
    message = N_("这道题还不能保存，请按提示修改。")

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults=[{"code": each.code, "field": each.field} for each in faults])
        self.faults = faults


class Outdated(Conflict):
    """Somebody else has written a newer version since the form was opened."""

    code: ClassVar[str] = "item_outdated"
    message = N_("这道题已有更新的版本，请打开最新版本后再修改。")


@dataclass(frozen=True, slots=True)
class Known:
    """What a bank holds of what some drafts ask for, looked up once for all of them."""

    named: dict[str, tuple[int, str, str]]
    contents: dict[str, str]  # content hash → external id
    digests: set[tuple[int, str]]


def known(session: Session, bank_id: int, drafts: Sequence[Draft]) -> Known:
    """Look up what a bank holds by the names, contents and enemies of drafts."""
    # No item has a name with such signs, and no database such a text.
    names = {name for draft in drafts for name in (*draft.names, *draft.enemies) if not has_control(name)}
    named = store.named(session, bank_id, names, {draft.content_hash for draft in drafts})
    held = {content: external for external, (_, _, content) in named.items()}
    return Known(named, held, store.digests(session, [item_id for item_id, _, _ in named.values()]))


def save(bank_code: str, draft: Draft, *, author_id: int, now: datetime, item_id: int | None = None, seen_version: int | None = None) -> int:
    """Write a new item, or a new version of one; returns the item's id. Saving what is there already changes nothing."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        draft = tidy(draft)
        draft = replace(draft, topic=topic_code(draft.topic, banks.topics_in(session, bank.id, bank.topics)))
        before = store.latest(session, bank.id, item_id, lock=True) if item_id is not None else None
        if item_id is not None:
            if before is None:
                raise Missing
            if seen_version is not None and seen_version != before.version_id:
                raise Outdated
            rules.rewrite(before.standing, author_id)
        looked_up = known(session, bank.id, [draft])
        name = before.external_id if before else draft.names[0]
        faults = [*faults_of(draft), *_faults_in_bank(looked_up, name, draft.content_hash, is_new=before is None)]
        faults += [*pool_faults(session, before, draft), *pictures.unknown(session, bank.id, [draft]).values(), *formula_faults(draft)]
        enemies = {enemy: looked_up.named[enemy][0] for enemy in draft.enemies if enemy in looked_up.named}
        if len(enemies) < len(draft.enemies):
            faults.append(fault("enemy_unknown", "enemies"))
        if faults:
            raise ItemFaulty(tuple(faults))
        if before and stored(draft).digest == stored(drafted(before)).digest:
            return before.item_id
        (found,) = write(session, bank.id, [Named(draft, name, item_id)], author_id=author_id, now=now)
        store.place(session, bank.id, found, draft.pool, now)
        store.set_enemies(session, found, tuple(enemies.values()))
        return found


def _faults_in_bank(looked_up: Known, name: str, content: str, *, is_new: bool) -> list[Fault]:
    other = looked_up.contents.get(content)
    if other is not None and (is_new or other != name):
        return [fault("same_in_bank", "stem")]
    if is_new and name in looked_up.named:
        return [fault("id_taken", "external_id")]
    return []


def pool_faults(session: Session, before: Version | None, draft: Draft) -> list[Fault]:
    """Keep the pools apart over time: what learners may have practised with never becomes secret again, what stands on papers never becomes practice."""
    if before is None or (before.pool or "") == draft.pool:
        return []
    if before.pool == Pool.PRACTICE and (store.was_approved(session, before.item_id) or store.is_used(session, before.item_id)):
        return [fault("used_in_practice", "pool")]
    if draft.pool == Pool.PRACTICE and store.is_used(session, before.item_id):
        return [fault("used_in_exam", "pool")]
    return []


@dataclass(frozen=True, slots=True)
class Named:
    """A checked draft and the item it is: `item_id` None for a new one."""

    draft: Draft
    name: str
    item_id: int | None


def write(session: Session, bank_id: int, drafts: Sequence[Named], *, author_id: int | None, now: datetime) -> list[int]:
    """Save checked drafts as versions inside the caller's transaction; their pools and enemies are the caller's to place."""
    found: list[int] = []
    for begin in range(0, len(drafts), AT_ONCE):
        writings = [store.Writing(each.name, each.item_id, each.draft.content_hash, stored(each.draft)) for each in drafts[begin : begin + AT_ONCE]]
        written = store.add_versions(session, bank_id, writings, author_id=author_id, now=now)
        for item_id in written:
            audit.record(session, actor_id=author_id, action="item.write", subject=f"item:{item_id}", now=now)
        session.flush()
        found += written
    return found


def key_counts(bank_id: int) -> dict[int, int]:
    """Count where the keys of a bank's single-choice items stand."""
    with transaction() as session:
        return listing.key_counts(session, bank_id)


@dataclass(frozen=True, slots=True)
class ItemView:
    """Everything an author or reviewer sees of an item, key included."""

    bank: Bank
    versions: tuple[Version, ...]
    remarks: tuple[Remark, ...]
    uses: tuple[Use, ...]

    @property
    def latest(self) -> Version:
        """Return the newest version."""
        return next(version for version in self.versions if version.is_latest)


def view(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> ItemView:
    """Return an item with its key; that the key was seen is recorded."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        versions = store.history(session, bank.id, item_id)
        if not versions:
            raise Missing
        audit.record(session, actor_id=person_id, action="item.view_key", subject=f"item:{item_id}", now=now)
        said = review.remarks(session, [version.version_id for version in versions])
        return ItemView(bank, tuple(versions), tuple(said), tuple(listing.uses(session, item_id)))


@dataclass(frozen=True, slots=True)
class Editing:
    """The newest version as a draft to be changed."""

    version: Version
    draft: Draft


def draft_of(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> Editing:
    """Return what is to be changed; its key is seen, so that is recorded."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        version = store.latest(session, bank.id, item_id)
        if version is None:
            raise Missing
        audit.record(session, actor_id=person_id, action="item.view_key", subject=f"item:{item_id}", now=now)
        return Editing(version, drafted(version))


def remarks(bank_id: int, item_id: int) -> tuple[Remark, ...]:
    """Return the decisions and comments on an item's newest version that say something."""
    with transaction() as session:
        return tuple(remark for remark in review.remarks_of_newest(session, bank_id, item_id) if remark.text)
