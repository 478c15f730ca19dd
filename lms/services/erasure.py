"""Erasure of one's own data: asked by the person, decided by who stands above her."""

from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_, Conflict, Invalid
from lms.services import person as people
from lms.services import unit as units
from lms.store import erasure as store
from lms.store import second_factor as factor_store
from lms.store import signing_in as login_store
from lms.store import window_request as window_requests
from lms.store.erasure import Erasure

MOST_SHOWN = 50


class AskedAlready(Conflict):
    """The request before is not decided yet."""

    code = "erasure_asked"
    message = N_("您的删除申请正在等待处理，不用重复提交。")


class NothingAsked(Conflict):
    """There is no open request."""

    code = "erasure_not_asked"
    message = N_("没有等待处理的删除申请，可能已由他人处理，请刷新页面。")


class AnswerMissing(Invalid):
    """A refusal without a reason."""

    code = "erasure_answer_missing"
    message = N_("不同意删除时，请写明理由，本人会看到。")


def newest(person_id: int) -> Erasure | None:
    """Return a person's newest request."""
    with transaction() as session:
        return store.newest(session, person_id)


def ask(person_id: int, now: datetime) -> None:
    """Ask for one's own data to be erased."""
    with transaction() as session:
        if not store.ask(session, person_id, now):
            raise AskedAlready
        audit.record(session, actor_id=person_id, action="erasure.ask", subject=f"person:{person_id}", now=now)


def waiting(actor_id: int) -> tuple[tuple[int, str], ...]:
    """Return who of the actor's scope waits for a decision."""
    with transaction() as session:
        return store.waiting(session, units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE), MOST_SHOWN)


def decide(actor_id: int, person_id: int, *, granted: bool, answer: str, now: datetime) -> None:
    """Decide a request; granting it erases at once what need not be kept."""
    answer = answer.strip()[:200]
    if not granted and len(answer) < 2:
        raise AnswerMissing
    with transaction() as session:
        people.may_act(session, actor_id, Permission.MANAGE_PEOPLE, person_id)
        if not store.decide(session, person_id, granted=granted, answer=answer, actor_id=actor_id, now=now):
            raise NothingAsked
        if granted:
            store.erase(session, person_id)
            window_requests.forget(session, person_id)
            factor_store.remove(session, person_id)
            login_store.end_all(session, person_id, now)
        audit.record(session, actor_id=actor_id, action="erasure.grant" if granted else "erasure.refuse", subject=f"person:{person_id}", now=now)
