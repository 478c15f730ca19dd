"""The keys of an exam's papers are sealed until two people have agreed to open them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.refusal import N_, Conflict, Invalid

NEEDED = 2


class AlreadyConsented(Conflict):
    """The same person cannot turn both keys."""

    code = "already_consented"
    message = N_("您已经同意过了，须由另一位同事再次同意才能开启。")


class ReasonMissing(Invalid):
    """Opening the keys needs a reason."""

    code = "reason_missing"
    message = N_("请写明开启答案的原因。")


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent."""

    person_id: int
    reason: str
    at: datetime


def opened(consents: Sequence[Consent]) -> bool:
    """Tell whether enough different people have agreed."""
    return len({consent.person_id for consent in consents}) >= NEEDED


def consent(given: Sequence[Consent], person_id: int, reason: str, now: datetime) -> Consent:
    """Return a person's consent; raises ReasonMissing and AlreadyConsented."""
    if not reason.strip():
        raise ReasonMissing
    if any(one.person_id == person_id for one in given):
        raise AlreadyConsented
    return Consent(person_id, reason.strip()[:500], now)
