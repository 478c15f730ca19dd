"""Presence questions: what is asked, and taking the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.db import Session, transaction
from lms.kernel.i18n import lazy_gettext as _
from media.domain import playback
from media.domain.playback import Standing, Watched
from media.services import lease as leases
from media.store import lease as store


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question; without options one tap is the answer. `key` is the place of the right option, never sent before the answer; None: any is."""

    text: str
    options: tuple[str, ...] = ()
    key: int | None = None
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the learner hears: a wrong answer brings the explanation and the offer of a replay, nothing else."""

    right: bool
    explanation: str


PromptsOf = Callable[[Session, int, int, int, datetime], Prompt | None]  # person, activity, number of the question, when it was asked

_LINES = (
    _("您还在学习吗？点一下继续。"),
    _("学习还在继续，请确认一下。"),
    _("稍事休息也可以，准备好了就点一下继续。"),
    _("请确认您正在观看，随后继续播放。"),
)
# A package above may bring questions from the lesson's practice pool; filled while parts are imported.
_providers: list[PromptsOf] = []


def register_prompts(provider: PromptsOf) -> None:
    """Let a package above supply the prompts; it must give the same one for the same number and instant."""
    _providers.append(provider)


def prompt(*, person_id: int, token: str) -> tuple[int, Prompt] | None:
    """Return the open question of a lease's account."""
    lease = leases.read(token)
    with transaction() as session:
        account = store.lock_account(session, person_id)
        if lease.person_id != person_id or account.presence.asked_at is None:
            return None
        return account.presence.number, _prompt(session, person_id, lease.activity_id, account.presence.number, account.presence.asked_at)


def answer(*, person_id: int, token: str, number: int, choice: int | None, now: datetime) -> Answered:
    """Take an answer; being there is what counts, so a wrong one is as good as a right one."""
    lease = leases.read(token)
    with transaction() as session:
        account = store.lock_account(session, person_id)
        if lease.person_id != person_id or account.presence.number != number or account.presence.asked_at is None:
            return Answered(right=True, explanation="")
        asked = _prompt(session, person_id, lease.activity_id, number, account.presence.asked_at)
        _terms, budget = store.lease(session, lease.id)
        standing = playback.answer(lease, Standing(Watched(), budget, account.presence), number, now)
        store.save_budget(session, lease.id, standing.budget)
        store.save_account(session, person_id, account.lease_id, standing.presence)
    right = asked.key is None or choice == asked.key
    return Answered(right, "" if right else asked.explanation)


def _prompt(session: Session, person_id: int, activity_id: int, number: int, asked_at: datetime) -> Prompt:
    for provider in _providers:
        found = provider(session, person_id, activity_id, number, asked_at)
        if found is not None:
            return found
    return Prompt(str(_LINES[number % len(_LINES)]))
