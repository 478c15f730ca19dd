"""A learner's progress in words, and the comparison of the roll-up with its ledger."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from math import ceil

from lms.domain import hours as rules
from lms.domain.hours import NOTHING, HoursKind, Worth
from lms.domain.programme import Programme
from lms.kernel.db import Session
from lms.kernel.i18n import format_hours
from lms.kernel.i18n import gettext as _
from lms.services import programme as programmes
from lms.store import hours as hours_store
from lms.store import lesson as lesson_store
from lms.store import progress as store
from lms.store.progress import Progress

LITTLE = Decimal("0.5")  # credit hours, below which minutes are clearer


def missing(programme: Programme, progress: Progress) -> tuple[str, ...]:
    """Say what a learner's learning still lacks, one sentence each."""
    found = []
    asked = programme.requirements
    if asked.online_complete and not progress.online_complete:
        lacking = programme.hours.online - rules.online_hours(programme.hours, progress.online)
        found.append(
            _("线上课程还差 %(number)s 节", number=format_hours(lacking))
            if programme.hours.credit == "lesson"
            else _("线上学习%(lacking)s", lacking=_lacking(programme, lacking))
        )
    if asked.offline_complete and not progress.offline_complete:
        lacking = programme.hours.offline - rules.offline_hours(programme.hours, progress.offline)
        found.append(_("线下培训%(lacking)s", lacking=_lacking(programme, lacking)))
    return tuple(found)


def verify(session: Session, now: datetime) -> Iterable[str]:  # noqa: ARG001 - every verifier is called alike
    """Recompute every sum from the ledger and compare credited lessons with their entries."""
    sums = {(row.enrolment_id, row.kind): Worth(row.seconds, row.lessons) for row in hours_store.sums(session)}
    for row in store.every(session):
        for kind, kept in ((HoursKind.ONLINE, row.online), (HoursKind.OFFLINE, row.offline)):
            told = sums.get((row.enrolment_id, kind.value), NOTHING)
            if told != kept:
                yield f"enrolment {row.enrolment_id}: the {kind.value} ledger holds {told}, the roll-up {kept}"
    for version, programme in programmes.programmes(session):
        asked_of = programmes.asked_of_each(session, programme)
        for row in store.of_programme(session, version.code):
            asked = asked_of(row.enrolment_id).hours
            now_complete = (rules.online_complete(asked, row.online), rules.offline_complete(asked, row.offline))
            if now_complete != (row.online_complete, row.offline_complete):
                yield f"enrolment {row.enrolment_id}: completeness kept as {(row.online_complete, row.offline_complete)}, the ledger says {now_complete}"
    for enrolment_id, lesson_id, entries in lesson_store.credit_without_match(session):
        yield f"enrolment {enrolment_id}: lesson {lesson_id} is credited and has {entries} standing entries, or the reverse"


def _lacking(programme: Programme, hours: Decimal) -> str:
    """Write hours that are lacking: cut upwards, so that the words never promise too much, and a little of an hour as minutes."""
    if hours < LITTLE:
        return _("还差约 %(minutes)d 分钟", minutes=ceil(hours * programme.hours.minutes_per_hour))
    return _("还差 %(hours)s 学时", hours=format_hours(hours.quantize(Decimal("0.01"), rounding="ROUND_UP")))
