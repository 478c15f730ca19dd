"""Many items changed at once: seen beforehand, recorded as one change, taken back as long as nothing touched them since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Forbidden, Missing, Refusal
from question_bank.domain import review as rules
from question_bank.domain.bulk import Action, AlreadyUndone, NotAsBefore, NothingChosen, Planned
from question_bank.domain.draft import Draft
from question_bank.domain.fault import faults_of
from question_bank.domain.review import STATUS_LABELS, Decision, Status
from question_bank.domain.version import Version
from question_bank.services import bank as banks
from question_bank.services import review
from question_bank.services.bank import Bank
from question_bank.services.drafting import drafted
from question_bank.services.item import Named, pool_faults, write
from question_bank.store import bulk as store
from question_bank.store import listing
from question_bank.store import review as reviews
from question_bank.store import version as versions
from question_bank.store.bulk import BulkChange
from question_bank.store.listing import Filter

MOST = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change would do."""

    bank: Bank
    action: Action
    value: str
    changes: tuple[Planned, ...]
    refused: tuple[Planned, ...]


def chosen(bank_code: str, wanted: Filter) -> list[int]:
    """Return the items that a filter finds."""
    with transaction() as session:
        return [item.item_id for item in listing.page(session, banks.existing(session, bank_code).id, wanted, after=None, before=None, limit=MOST)]


def plan(bank_code: str, action: Action, value: str, item_ids: Sequence[int], *, person_id: int) -> Plan:
    """Return what a change would do to each item; nothing is written."""
    with transaction() as session:
        return _plan(session, bank_code, action, value.strip(), item_ids, person_id=person_id)[0]


def _plan(session: Session, bank_code: str, action: Action, value: str, item_ids: Sequence[int], *, person_id: int) -> tuple[Plan, dict[int, Version]]:
    if not item_ids or (not value and action in {Action.TOPIC, Action.TAG}):
        raise NothingChosen
    bank = banks.existing(session, bank_code)
    found = {version.item_id: version for version in versions.latest_of_bank(session, bank.id, item_ids=item_ids)}
    planned = [_planned(session, version, action, value, person_id) for version in found.values()]
    changes = tuple(each for each in planned if not each.reason)
    return Plan(bank, action, value, changes, tuple(each for each in planned if each.reason)), found


def _planned(session: Session, version: Version, action: Action, value: str, person_id: int) -> Planned:
    now_is = Planned(version.item_id, version.version_id, version.external_id, version.content.stem_html, _shown(version, action), value)
    try:
        match action:
            case Action.SUBMIT:
                after = rules.submit(version.standing).status
            case Action.APPROVE:
                after = rules.decide(version.standing, Decision.APPROVE, person_id, "").status
            case Action.RETIRE:
                after = rules.retire(version.standing).status
            case _:
                rules.rewrite(version.standing, person_id)
                changed = _changed(drafted(version), action, value)
                faults = [*faults_of(changed), *pool_faults(session, version, changed)]
                if changed == drafted(version):
                    return replace(now_is, reason=N_("已经如此，无需改动。"))
                return replace(now_is, after=_value(changed, action), reason=faults[0].message if faults else "")
    except Refusal as refusal:
        return replace(now_is, reason=refusal.message)
    return replace(now_is, after=STATUS_LABELS[after])


def _shown(version: Version, action: Action) -> str:
    return _value(drafted(version), action) if action.rewrites or action is Action.POOL else STATUS_LABELS[version.status]


def _value(draft: Draft, action: Action) -> str:
    return "、".join(draft.tags) if action is Action.TAG else str(getattr(draft, action))


def _changed(draft: Draft, action: Action, value: str) -> Draft:
    match action:
        case Action.TOPIC:
            return replace(draft, topic=value)
        case Action.LEVEL:
            return replace(draft, level=value)
        case Action.TAG:
            return replace(draft, tags=tuple(dict.fromkeys([*draft.tags, value])))
        case _:
            return replace(draft, pool=value)


def apply(bank_code: str, action: Action, value: str, seen: Mapping[int, int], *, person_id: int, now: datetime) -> int:
    """Do what the plan showed, in one transaction: `seen` gives each item's version; returns the change's id. Raises WrongState when any has changed."""
    with transaction() as session:
        before = store.snapshots(session, list(seen))
        planned, found = _plan(session, bank_code, action, value.strip(), list(seen), person_id=person_id)
        if {each.item_id: each.version_id for each in planned.changes} != seen:
            raise rules.WrongState
        touched = [found[each.item_id] for each in planned.changes]
        change_id = store.add(session, planned.bank.id, person_id=person_id, action=action, value=planned.value[:120], now=now)
        _write(session, planned, touched, person_id, now)
        items = [version.item_id for version in touched]
        session.flush()
        after = store.snapshots(session, items)
        store.add_items(session, change_id, {item_id: before[item_id] for item_id in items}, after)
        facts = {"change": change_id, "did": action, "value": planned.value, "items": items}
        audit.record(session, actor_id=person_id, action="bank.bulk", subject=f"bank:{bank_code}", now=now, **facts)
        return change_id


def _write(session: Session, planned: Plan, touched: Sequence[Version], person_id: int, now: datetime) -> None:
    items = [version.item_id for version in touched]
    match planned.action:
        case Action.APPROVE:
            review.record(session, touched, Decision.APPROVE, reviewer_id=person_id, comment="", now=now)
        case Action.SUBMIT | Action.RETIRE:
            reviews.set_status(session, items, Status.IN_REVIEW if planned.action is Action.SUBMIT else Status.RETIRED, now)
        case Action.POOL:
            versions.place_all(session, planned.bank.id, dict.fromkeys(items, planned.value), now)
        case _:
            drafts = [Named(_changed(drafted(version), planned.action, planned.value), version.external_id, version.item_id) for version in touched]
            write(session, planned.bank.id, drafts, author_id=person_id, now=now)


def recent(bank_code: str) -> tuple[Bank, tuple[BulkChange, ...]]:
    """Return the newest changes of a bank."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        return bank, tuple(store.of_bank(session, bank.id))


def undo(bank_code: str, change_id: int, *, person_id: int, reviews_items: bool, now: datetime) -> int:
    """Take a whole change back, unless something touched one of its items since; what took a reviewer takes one again. Returns the number of items."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        changes = store.of_bank(session, bank.id, change_id)
        if not changes:
            raise Missing
        if Action(changes[0].action).is_review and not reviews_items:
            raise Forbidden
        found = store.items_of(session, change_id)
        standing = store.snapshots(session, list(found))
        if not store.mark_undone(session, change_id, person_id, now):
            raise AlreadyUndone
        if any(standing[item_id] != after for item_id, (_before, after) in found.items()):
            raise NotAsBefore
        store.restore(session, {item_id: before for item_id, (before, _after) in found.items()}, now)
        versions.place_all(session, bank.id, {item_id: before["pool"] for item_id, (before, _after) in found.items()}, now)
        audit.record(session, actor_id=person_id, action="bank.bulk_undo", subject=f"bank:{bank_code}", now=now, change=change_id)
        return len(found)
