"""The credit ledger: enter, take back, and keep the roll-up in step in the same transaction."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from lms.domain import hours as rules
from lms.domain.hours import HoursKind, Worth
from lms.domain.programme import HoursRule, Programme
from lms.kernel import audit
from lms.kernel.db import Session
from lms.kernel.refusal import N_, Missing
from lms.services import grade as grades
from lms.services import programme as programmes
from lms.store import enrolment as enrolment_store
from lms.store import hours as store
from lms.store import programme as programme_store
from lms.store import progress as progress_store
from lms.store.hours import Behind, HoursEntry
from lms.store.programme import ProgrammeVersion


class EntryMissing(Missing):
    """The ledger has no such entry."""

    code = "entry_missing"
    message = N_("没有找到这笔学时记录。")


def hold(session: Session, enrolment_ids: Iterable[int], now: datetime) -> None:
    """Lock sums and grades of many in the order in which one person's are locked, before the first of them locks the log of issues."""
    ids = set(enrolment_ids)
    hold_sums(session, ids)
    grades.hold(session, ids, now)


def hold_sums(session: Session, enrolment_ids: Iterable[int]) -> None:
    """Lock the sums of many in the order of their ids: who does not know yet whom she changes locks the grades after the last of them."""
    ids = sorted(set(enrolment_ids))
    for start in range(0, len(ids), grades.HOLD_BATCH):
        progress_store.lock_many(session, ids[start : start + grades.HOLD_BATCH])


def enter(
    session: Session,
    in_force: tuple[ProgrammeVersion, Programme],
    *,
    enrolment_id: int,
    kind: HoursKind,
    worth: Worth,
    evidence: str,
    now: datetime,
    lesson_id: int | None = None,
    entered_by: int | None = None,
    reverses_id: int | None = None,
) -> int:
    """Write one entry and the sums it changes; both or neither."""
    version, programme = in_force
    entry_id = store.add(
        session,
        enrolment_id=enrolment_id,
        kind=kind,
        lesson_id=lesson_id,
        worth=worth,
        evidence=evidence,
        programme_version_id=version.id,
        reverses_id=reverses_id,
        entered_by=entered_by,
        now=now,
    )
    sums = progress_store.add(session, enrolment_id, kind, worth, now)
    asked = programmes.asked_of(session, programme, enrolment_id).hours
    online = rules.online_complete(asked, sums.online)
    offline = rules.offline_complete(asked, sums.offline)
    if (online, offline) != (sums.online_complete, sums.offline_complete):
        progress_store.mark(session, enrolment_id, online_complete=online, offline_complete=offline)
        enrolment = enrolment_store.one(session, enrolment_id)
        if enrolment is not None:  # hours can be the last requirement, and the first to fall away again
            grades.recalculate(session, enrolment, programme, now)
    return entry_id


def reverse(
    session: Session,
    in_force: tuple[ProgrammeVersion, Programme],
    entry_id: int,
    *,
    reason: str,
    now: datetime,
    entered_by: int | None,
) -> int:
    """Take an entry back by another; taking that one back restores the first."""
    entry = store.one(session, entry_id)
    if entry is None:
        raise EntryMissing
    if store.is_reversed(session, entry_id):
        raise rules.AlreadyReversed
    audit.record(session, actor_id=entered_by, action="hours.reverse", subject=f"enrolment:{entry.enrolment_id}", now=now, entry=entry_id, reason=reason)
    return enter(
        session,
        in_force,
        enrolment_id=entry.enrolment_id,
        kind=entry.kind,
        lesson_id=entry.lesson_id,
        worth=-entry.worth,
        evidence=reason,
        reverses_id=entry_id,
        entered_by=entered_by,
        now=now,
    )


def verify(session: Session, now: datetime) -> Iterable[str]:  # noqa: ARG001 - every verifier is called alike
    """Compare what every entry is worth with what the version of the rules it names makes of its evidence."""
    told: dict[int, HoursRule] = {}
    for entry in store.behind(session):
        if entry.version_id not in told:
            told[entry.version_id] = programmes.parsed(session, programme_store.one(session, entry.version_id)).hours
        rule = told[entry.version_id]
        due = _due(rule, entry)
        if entry.nominal is not None and entry.taken_back is None and not entry.watched:
            yield f"enrolment {entry.enrolment_id}: entry {entry.id} is for a lesson of which nothing was watched"
        elif rule.quiz_required and entry.quiz_asked and entry.taken_back is None and not entry.quizzed:
            yield f"enrolment {entry.enrolment_id}: entry {entry.id} is for a lesson whose quiz was not passed"
        elif due is None:
            yield f"enrolment {entry.enrolment_id}: entry {entry.id} of {entry.worth} rests on nothing that is known"
        elif due != entry.worth:
            yield f"enrolment {entry.enrolment_id}: entry {entry.id} holds {entry.worth}, by its version of the rules {due} are due"


def _due(rule: HoursRule, entry: Behind) -> Worth | None:
    if entry.taken_back is not None:
        return -entry.taken_back
    if entry.nominal is not None:
        return rules.worth_of_lesson(rule, nominal_seconds=entry.nominal, measured_seconds=entry.measured)
    return None if entry.listed is None else rules.worth_of_offline(rule, Decimal(entry.listed) / 100)


def ledger(session: Session, enrolment_id: int) -> tuple[HoursEntry, ...]:
    """Return every entry of an enrolment, the oldest first."""
    return store.of_enrolment(session, enrolment_id)
