"""Certificates that stand though the grade no longer qualifies: a person looks at them and revokes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from lms.domain import certificate as rules
from lms.domain.programme import Programme
from lms.kernel.db import Session, reading, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.services import certificate as certificates
from lms.services import programme as programmes
from lms.services import progress as progresses
from lms.services import unit as units
from lms.services.duty import Duty
from lms.store import certificate as store
from lms.store import grade as grade_store
from lms.store.certificate import Lapsed


@dataclass(frozen=True, slots=True)
class LapsedView:
    """A certificate that stands without a pass, and what its holder lacks in words."""

    lapsed: Lapsed
    programme: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LapsedList:
    """A page of the certificates that stand without a pass inside one's scope, and how many there are."""

    found: tuple[LapsedView, ...]
    before: int | None
    count: int


def listed(actor_id: int, *, before: int | None, limit: int = 30) -> LapsedList:
    """Return the certificates of the people one answers for that stand though the grade no longer qualifies, the newest first."""
    with reading() as session:
        scope = units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES)
        found = store.lapsed(session, scope, before=before, limit=limit + 1)
        known = programmes.by_code(session)
        shown = tuple(_lapsed(one, known[one.programme_code].asked_of(one.participants)) for one in found[:limit])
        return LapsedList(shown, found[limit - 1].id if len(found) > limit else None, store.count_lapsed(session, scope))


def _lapsed(one: Lapsed, programme: Programme) -> LapsedView:
    missing = list(progresses.missing(programme, one.progress))
    if one.total is None:
        missing.append(_("有考核项目没有成绩"))
    elif one.total < Fraction(str(programme.requirements.total)):
        missing.append(_("总评未达到 %(points)s 分", points=programme.requirements.total))
    return LapsedView(one, programme.title, tuple(missing))


def count(actor_id: int) -> int:
    """Count the certificates that stand without a pass inside one's scope."""
    with reading() as session:
        return store.count_lapsed(session, units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES))


def duties(session: Session, actor_id: int, now: datetime) -> Iterable[Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell who may revoke how many certificates stand without a pass."""
    number = store.count_lapsed(session, units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES))
    if number:
        yield Duty(_("%(n)s 张证书的持有人成绩已不合格，请核实是否撤销", n=number), _("去核实证书"), "/register/lapsed")


def revoke(actor_id: int, certificate_ids: Collection[int], *, reason: str, now: datetime) -> int:
    """Revoke those of the certificates that still stand without a pass; returns how many. They come back by themselves with a grade that qualifies."""
    if not reason.strip():
        raise rules.ReasonNeeded
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES)
        for enrolment_id in sorted({one.enrolment_id for one in store.lapsed(session, scope, ids=certificate_ids)}):
            grade_store.lock(session, enrolment_id, now)  # before the log, like everybody who issues
        store.lock_log(session)
        found = store.lapsed(session, scope, ids=certificate_ids)
        for one in found:
            certificates.revoke(session, one.id, reason=f"{rules.CORRECTED}{reason.strip()}", actor_id=actor_id, now=now, corrected=True)
        return len(found)
