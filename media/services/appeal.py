"""Appeals: a learner asks for seconds that did not count, the class administrator accepts or declines with an answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lms import api as lms
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Conflict, Forbidden, Missing
from media.domain.interval import NOTHING, difference, union
from media.services import lease as leases
from media.services import playback
from media.store import appeal as store
from media.store import lease as lease_store
from media.store import playback as watched_store


class NothingToAppeal(Conflict):
    """Every second counts, or an appeal waits already."""

    code = "nothing_to_appeal"
    message = N_("没有可以申诉的时间，或已有申诉正在等待处理。")


class AppealDecided(Conflict):
    """Somebody else was faster."""

    code = "appeal_decided"
    message = N_("这条申诉已经处理过了。")


@dataclass(frozen=True, slots=True)
class AppealLine:
    """One appeal as the administrator reads it."""

    appeal: store.Appeal
    learner: str
    unit: str
    video: str


@dataclass(frozen=True, slots=True)
class AppealsPage:
    """The appeals of an administrator's people."""

    open: tuple[AppealLine, ...]
    decided: tuple[AppealLine, ...]


def appeal(*, person_id: int, activity_id: int, words: str, now: datetime) -> None:
    """Ask for everything of a video that did not count."""
    with transaction() as session:
        activity, _rules = leases.learning(session, person_id, activity_id, now)
        lease_store.lock_account(session, person_id)
        found = watched_store.newest_watched(session, person_id, activity.id)
        if found is None:
            raise NothingToAppeal
        spans = NOTHING
        for one in playback.losses(session, person_id, activity.id, found.watched):
            spans = union(spans, one.refused.spans)
        asked = union(difference(spans, found.watched.accepted), found.watched.waiting)
        added = store.add(session, person_id=person_id, activity_id=activity.id, asset_id=found.asset_id, words=words, spans=asked, now=now) if asked else None
        if added is None:
            raise NothingToAppeal
        audit.record(session, actor_id=person_id, action="watching.appeal", subject=f"appeal:{added}", now=now)


def page(person_id: int) -> AppealsPage:
    """Return the appeals an administrator may decide, and those that were decided lately."""
    with transaction() as session:
        scope = lms.scope_of(session, person_id, Permission.MANAGE_CLASS)
        waiting, decided = store.newest(session, scope, is_open=True, limit=50), store.newest(session, scope, is_open=False, limit=20)
        cards = lms.people(session, list({one.person_id for one in (*waiting, *decided)}))

        def line(one: store.Appeal) -> AppealLine:
            card = cards[one.person_id]
            return AppealLine(one, card.name, card.unit_name, lms.activity(session, one.activity_id).title)

        return AppealsPage(
            open=tuple(line(one) for one in waiting),
            decided=tuple(line(one) for one in decided),
        )


def duties(session: Session, person_id: int, now: datetime) -> Iterator[lms.Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell an administrator how many appeals wait for her."""
    number = store.count_open(session, lms.scope_of(session, person_id, Permission.MANAGE_CLASS), but=person_id)
    if number:
        yield lms.Duty(_("%(n)s 份学时申诉等待您处理", n=number), _("去处理申诉"), "/appeals")


def accept(*, appeal_id: int, actor_id: int, answer: str, now: datetime) -> None:
    """Count the seconds after all, as a correction with its reason."""
    with transaction() as session:
        found = _deciding(session, appeal_id, actor_id)
        lease_store.lock_account(session, found.person_id)
        terms, _budget = lease_store.lease(session, watched_store.newest_lease(session, found.person_id, found.activity_id, found.asset_id))
        gained = playback.award(session, terms, found.spans, reason=f"appeal:{appeal_id}", actor_id=actor_id, now=now)
        store.decide(session, appeal_id, state="accepted", answer=answer, decided_by=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="watching.appeal_accepted", subject=f"appeal:{appeal_id}", now=now, spans=gained, answer=answer)


def decline(*, appeal_id: int, actor_id: int, answer: str, now: datetime) -> None:
    """Leave the seconds out, and say why."""
    with transaction() as session:
        _deciding(session, appeal_id, actor_id)
        store.decide(session, appeal_id, state="declined", answer=answer, decided_by=actor_id, now=now)
        audit.record(session, actor_id=actor_id, action="watching.appeal_declined", subject=f"appeal:{appeal_id}", now=now, answer=answer)


def _deciding(session: Session, appeal_id: int, actor_id: int) -> store.Appeal:
    found = store.lock(session, appeal_id)
    if found is None or not lms.in_scope(session, actor_id, Permission.MANAGE_CLASS, found.person_id):
        raise Missing
    if found.person_id == actor_id:
        raise Forbidden
    if found.state != "open":
        raise AppealDecided
    return found
