"""Whether somebody is who she says, before an exam: a photo compared by a person, or a person met on the spot."""

from datetime import timedelta
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid, Malformed

CONSENT = "2026-11"  # version of the text that is consented to
LONGEST_SIDE = 800
MAX_PIXELS = 12_000_000
MAX_PIXELS_JPEG = 50_000_000  # which can be decoded small
TRIES, TRIED_WITHIN = 10, timedelta(minutes=10)

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another on a blurred photo
_CHECK = 899  # below thirty times thirty and sharing no factor with thirty: each single misread sign is noticed


class State(StrEnum):
    """Where the check stands."""

    NONE = "none"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class IdentityMissing(Forbidden):
    """The exam asks for it, and nobody has confirmed it yet."""

    code = "identity_missing"
    message = N_("这场考试须先核对身份。请在考试说明页进入“核对身份”，或到监考人员处当面核对。")


class ConsentMissing(Invalid):
    """A photo is taken with consent to exactly this, or not at all."""

    code = "identity_consent_missing"
    message = N_("请先阅读并同意照片的用途。不同意的，可到监考人员处当面核对。")


class IdentityConfirmed(Conflict):
    """There is nothing left to check."""

    code = "identity_confirmed"
    message = N_("您的身份已经核对通过，不用再提交。")


class NothingSent(Conflict):
    """There is nothing to decide on."""

    code = "identity_nothing_sent"
    message = N_("没有等待核对的照片，可能已由他人处理或已撤回，请刷新页面。")


class ReasonMissing(Invalid):
    """Who is refused is told why."""

    code = "identity_reason_missing"
    message = N_("不予通过时请写明原因，考生会看到。")


class OwnIdentity(Forbidden):
    """Nobody vouches for herself."""

    code = "identity_own"
    message = N_("不能核对自己的身份，请由另一位监考人员核对。")


class PhotoUnreadable(Malformed):
    """The bytes are no photo."""

    code = "photo_unreadable"
    message = N_("无法读取这张照片。请用手机直接拍照，或选择 JPEG、PNG 格式的照片。")


def require_sending(state: State, consent: str) -> None:
    """Raise unless a photo may be sent: ConsentMissing, IdentityConfirmed."""
    if consent != CONSENT:
        raise ConsentMissing
    if state is State.CONFIRMED:
        raise IdentityConfirmed


def decided(state: State, *, confirmed: bool, reason: str, person_id: int, actor_id: int) -> State:
    """Return where the check stands after a decision; to confirm needs no photo, since the person may stand before the invigilator."""
    if person_id == actor_id:
        raise OwnIdentity
    if confirmed:
        if state is State.CONFIRMED:
            raise IdentityConfirmed
        return State.CONFIRMED
    if state is not State.SENT:
        raise NothingSent
    if len(reason.strip()) < 2:
        raise ReasonMissing
    return State.REFUSED


def screen_code(person_id: int) -> str:
    """Return the code that a learner's screen shows, so that a photo of it tells whose screen it was: her number, then two signs of check."""
    return f"{_signs(person_id, 4)}-{_signs(person_id % _CHECK, 2)}"


def person_of(words: str) -> int | None:
    """Return whose screen code somebody read off a photo, None where it is none or was misread."""
    read = "".join(one for one in words.upper() if one.isalnum())
    if len(read) < 6 or not set(read) <= set(_SIGNS):
        return None
    number = 0
    for one in read[:-2]:
        number = number * len(_SIGNS) + _SIGNS.index(one)
    return number if _signs(number % _CHECK, 2) == read[-2:] else None


def _signs(number: int, least: int) -> str:
    found = ""
    while number or len(found) < least:
        number, sign = divmod(number, len(_SIGNS))
        found = _SIGNS[sign] + found
    return found
