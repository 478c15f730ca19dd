"""Signed tokens: what a browser carries instead of a cookie, an entry token to start by and then the token of the attempt."""

import hashlib
import hmac
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from exam.domain.safe_exam_browser import BrowserKeys
from exam.services.payload import AttemptToken, EntryToken
from lms.kernel.refusal import N_, Conflict
from lms.kernel.security import Seal, Signer
from lms.kernel.settings import Settings

ENTRY_LIFE = timedelta(minutes=15)

NO_KEYS = BrowserKeys()
KEPT = 20_000  # a token comes with every save of its attempt and always says the same
LONGEST_KEPT = 2_000  # characters; one that carries more keys of a browser than a few is read anew, which costs less than the room it takes
KEYS_KEPT = 100  # what exams ask of browsers: every token of an exam carries the same text

_signers: dict[str, Signer] = {}
_seals: dict[str, Seal] = {}
_address_key: list[bytes] = []
_shelf_key: list[bytes] = []


class EntryOld(Conflict):
    """The start page was opened long ago; its script fetches a new entry."""

    code = "entry_old"
    message = N_("页面打开太久了，请刷新页面后再开始。")


def mount(settings: Settings) -> None:
    """Take the installation's secret."""
    _signers["attempt"] = Signer(settings.secret_key, "attempt")
    _signers["start"] = Signer(settings.secret_key, "exam start")
    _seals["browser"] = Seal(settings.field_key)
    _address_key[:] = [hashlib.sha256(f"address:{settings.secret_key}".encode()).digest()]
    _shelf_key[:] = [hashlib.sha256(f"exam shelf:{settings.secret_key}".encode()).digest()]
    for cache in (_kept, sealed, browser_keys):
        cache.cache_clear()


def shelf_key(person_id: int, exam: str) -> bytes:
    """Return the key under which a person's browser keeps unsaved answers to an exam: the same at every coming back, told to her alone."""
    return hmac.digest(_shelf_key[0], f"{person_id}:{exam}".encode(), "sha256")


def sign(token: AttemptToken) -> str:
    """Return the token as text."""
    return _signers["attempt"].sign(token)


def hidden(address: str) -> str:
    """Return what tells addresses apart without being one."""
    return hmac.digest(_address_key[0], address.encode(), "sha256").hex()[:8]


def read(text: str) -> AttemptToken:
    """Return what a token binds; raises TokenRefused."""
    return _kept(text) if len(text) <= LONGEST_KEPT else _signers["attempt"].read(text, AttemptToken)


@lru_cache(maxsize=KEPT)
def _kept(text: str) -> AttemptToken:
    return _signers["attempt"].read(text, AttemptToken)


@lru_cache(maxsize=KEYS_KEPT)
def sealed(keys: BrowserKeys) -> str:
    """Return the keys a token asks its holder's browser for, so that she cannot read them; empty where there are none."""
    return _seals["browser"].close(msgspec.json.encode(keys).decode()).decode() if keys else ""


@lru_cache(maxsize=KEYS_KEPT)
def browser_keys(text: str) -> BrowserKeys:
    """Return the keys that were sealed."""
    return msgspec.json.decode(_seals["browser"].open(text.encode()), type=BrowserKeys)


def entry(person_id: int, login_id: int, exam: str, *, asks_learning: bool, now: datetime, asks_identity: bool = False, browser: BrowserKeys = NO_KEYS) -> str:
    """Return an entry: whoever holds it may ask to start, as this person by this sign-in, for a short while."""
    ends_at = int((now + ENTRY_LIFE).timestamp())
    return _signers["start"].sign(EntryToken(person_id, login_id, exam, asks_learning, ends_at, asks_identity, sealed(browser)))


def read_entry(text: str, now: datetime, *, waited: bool = False) -> EntryToken:
    """Return what an entry binds; raises TokenRefused and, unless its holder has waited with it in the line, EntryOld."""
    found = _signers["start"].read(text, EntryToken)
    if not waited and now.timestamp() > found.ends_at:
        raise EntryOld
    return found
