"""Telling managers and key holders what of an exam waits for their decision."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from exam.services.exam import found, may_still_sit
from exam.store import duty as store
from exam.store import outage as outages
from exam.store.duty import Waiting
from lms import api as platform
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import N_

# Of each kind: what is said, what the link says, and its page.
_TOLD = {
    "packet": (N_("“%(title)s”有 %(n)s 个应急包等您决定。"), N_("去处理"), "/admin/exams/%s/packets"),
    "appeal": (N_("“%(title)s”有 %(n)s 条成绩复核申请等您答复。"), N_("去答复"), "/admin/exams/%s/appeals"),
    "regrade": (N_("“%(title)s”有 %(n)s 个重新评分方案等您批准。"), N_("去批准"), "/admin/exams/%s/regrades"),
    "archive": (N_("“%(title)s”有 %(n)s 份归档申请等您同意。"), N_("去查看"), "/admin/exams/%s/archive"),
}


def to_decide(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:
    """Tell a manager what waits for a decision; while an outage does, no overdue attempt ends."""
    if number := len(outages.undecided(session)):
        yield platform.Duty(_("有 %(n)s 次系统中断等您决定，决定之前受影响的作答不会到时收卷。", n=number), _("去决定"), "/invigilation")
    yield from _told(session, person_id, {"packet", "appeal", "regrade"}, now)


def to_agree(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:
    """Tell a key holder which archives wait for a second person's yes."""
    yield from _told(session, person_id, {"archive"}, now)


def _told(session: Session, person_id: int, kinds: set[str], now: datetime) -> Iterator[platform.Duty]:
    for one in _waiting(session, person_id, now):
        if one.kind in kinds:
            words, label, page = _TOLD[one.kind]
            yield platform.Duty(_(words, title=one.title, n=one.number), _(label), page % one.code)


def of_exam(exam_code: str, person_id: int, now: datetime) -> Mapping[str, int]:
    """Return how many of each kind wait in an exam for somebody."""
    with transaction() as session:
        return {one.kind: one.number for one in _waiting(session, person_id, now) if one.code == exam_code}


def _waiting(session: Session, person_id: int, now: datetime) -> Iterator[Waiting]:
    """Yield what waits for somebody; regrades tell keys, so they wait for nobody who may still sit."""
    for one in store.waiting(session, person_id):
        if one.kind != "regrade" or not may_still_sit(session, found(session, one.code), person_id, now):
            yield one
