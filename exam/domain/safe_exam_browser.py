"""Safe Exam Browser: the keys that an exam asks for, and whether what a request shows proves them.

The browser never shows a key, but the SHA-256 of an address and the key in hexadecimal (safeexambrowser.org, "SEB Config Key" and "Browser Exam Key").
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lms.kernel.refusal import N_, Forbidden

KEY = re.compile(r"[0-9a-f]{64}")
ADDRESS = re.compile(r"https?://[^\s/]\S*")
MOST_KEYS = 20  # of each kind; they travel with every save


class BrowserRefused(Forbidden):
    """The exam asks for Safe Exam Browser with its own configuration."""

    code = "safe_exam_browser"
    message = N_("这场考试须用 Safe Exam Browser 作答，并载入本场考试的配置。请按考试说明页的提示打开；仍不行请联系监考人员。")


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """What an exam asks for: one key of each kind that has any. False where it asks for nothing."""

    config_keys: tuple[str, ...] = ()
    browser_exam_keys: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self.config_keys or self.browser_exam_keys)


@dataclass(frozen=True, slots=True)
class BrowserProof:
    """What a request shows: an address, and its hashes with the browser's keys; empty where it shows none."""

    url: str
    config_hash: str = ""
    browser_exam_hash: str = ""

    def holds(self, asked: BrowserKeys) -> bool:
        """Tell whether this proves a key of each kind that is asked for."""
        return _shows(self.config_hash, self.url, asked.config_keys) and _shows(self.browser_exam_hash, self.url, asked.browser_exam_keys)


def proved(asked: BrowserKeys, proofs: Iterable[BrowserProof]) -> bool:
    """Tell whether one of the proofs holds, or none is asked for."""
    return not asked or any(proof.holds(asked) for proof in proofs)


def require(asked: BrowserKeys, proofs: Iterable[BrowserProof]) -> None:
    """Refuse who proves nothing where something is asked for."""
    if not proved(asked, proofs):
        raise BrowserRefused


def request_hash(url: str, key: str) -> str:
    """Return what the browser shows of a key at an address, whose fragment it leaves out."""
    return hashlib.sha256(f"{url.partition('#')[0]}{key}".encode()).hexdigest()


def _shows(shown: str, url: str, keys: Sequence[str]) -> bool:
    """Compare with each key, in a time that tells nothing of it."""
    given = shown.lower().encode()
    return not keys or any(hmac.compare_digest(given, request_hash(url, key).encode()) for key in keys)


def keys_of(typed: str) -> tuple[str, ...]:
    """Return the keys that were typed, one a line."""
    return tuple(dict.fromkeys(typed.lower().split()))


def are_keys(keys: Sequence[str]) -> bool:
    """Tell whether all can be keys, and are not too many."""
    return len(keys) <= MOST_KEYS and all(KEY.fullmatch(key) for key in keys)


def fingerprints(keys: Sequence[str]) -> str:
    """Return what tells keys apart without being them."""
    return ", ".join(hashlib.sha256(key.encode()).hexdigest()[:8] for key in keys)


def opening_link(configuration: str) -> str:
    """Return the link that opens the browser with the configuration at an address of the web; empty where there is none."""
    return configuration and f"seb{configuration.removeprefix('http')}"
