"""The keys of an exam's papers are sealed but while two people agree to their being open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.kernel.refusal import N_, Conflict, Invalid

NEEDED = 2
KEPT = timedelta(hours=24)


class AlreadyConsented(Conflict):
    """The same person cannot turn both keys."""

    code = "already_consented"
    message = N_("您已经同意过了，须由另一位同事再次同意才能开启。")


class NotConsented(Conflict):
    """There is no consent of hers that could be withdrawn."""

    code = "not_consented"
    message = N_("您没有有效的同意可以撤回，可能已经过期，请刷新页面。")


class ReasonMissing(Invalid):
    """Opening the keys needs a reason."""

    code = "reason_missing"
    message = N_("请写明开启答案的原因。")


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent, or what withdraws it."""

    person_id: int
    reason: str
    at: datetime
    given: bool = True

    @property
    def until(self) -> datetime:
        """Return when it lapses."""
        return self.at + KEPT


def standing(said: Sequence[Consent], now: datetime) -> Sequence[Consent]:
    """Return of everything said, oldest first, each person's last where that is a consent that has not lapsed."""
    last = {one.person_id: one for one in said}
    return [one for one in said if one is last[one.person_id] and one.given and now < one.until]


def open_until(consents: Sequence[Consent]) -> datetime | None:
    """Return how long enough people agree, None where too few do now."""
    ends = sorted((one.until for one in consents), reverse=True)
    return ends[NEEDED - 1] if len(ends) >= NEEDED else None


def consent(consents: Sequence[Consent], person_id: int, reason: str, now: datetime) -> Consent:
    """Return a person's consent; raises ReasonMissing and AlreadyConsented."""
    if not reason.strip():
        raise ReasonMissing
    if any(one.person_id == person_id for one in consents):
        raise AlreadyConsented
    return Consent(person_id, reason.strip()[:500], now)


def withdraw(consents: Sequence[Consent], person_id: int, now: datetime) -> Consent:
    """Return what withdraws a person's consent; raises NotConsented."""
    if all(one.person_id != person_id for one in consents):
        raise NotConsented
    return Consent(person_id, "", now, given=False)
