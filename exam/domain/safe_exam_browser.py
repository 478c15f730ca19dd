"""Safe Exam Browser: the keys that an exam asks for, and whether what a request shows proves them.

The browser never shows a key, but the SHA-256 of an address and the key in hexadecimal (safeexambrowser.org, "SEB Config Key" and "Browser Exam Key").
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid

KEY = re.compile(r"[0-9a-f]{64}")
ADDRESS = re.compile(r"https?://[^\s/]\S*")
MOST_KEYS = 20  # of each kind; they travel with every save
KEYS = N_("每行一个密钥，每个 64 位十六进制（0–9、a–f），最多 20 个。")
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class BrowserRefused(Forbidden):
    """The exam asks for Safe Exam Browser with its own configuration."""

    code = "safe_exam_browser"
    message = N_("这场考试须用 Safe Exam Browser 作答，并载入本场考试的配置。请按考试说明页的提示打开；仍不行请联系监考人员。")


class NoBrowserAsked(Conflict):
    """There is nothing to lift, nor a key to add."""

    code = "no_browser_asked"
    message = N_("这场考试没有要求使用 Safe Exam Browser，任何浏览器都可以进入考场。")


class KeysFaulty(Invalid):
    """No keys, or too many."""

    code = "browser_keys"
    message = KEYS


class KeysNarrow(Conflict):
    """A first key of a kind asks for more than before, of people who may sit already."""

    code = "browser_keys_narrow"
    message = N_("这场考试没有要求这一种密钥，现在增加会把能进入的考生挡在外面。请只增加已要求的那一种。")


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """What an exam asks for: one key of each kind that has any. False where it asks for nothing."""

    config_keys: tuple[str, ...] = ()
    browser_exam_keys: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self.config_keys or self.browser_exam_keys)

    def widened(self, further: "BrowserKeys") -> "BrowserKeys":
        """Take further keys beside these, so that whoever could prove one still can. Raises KeysFaulty, KeysNarrow."""
        if (further.config_keys and not self.config_keys) or (further.browser_exam_keys and not self.browser_exam_keys):
            raise KeysNarrow
        both = BrowserKeys(_joined(self.config_keys, further.config_keys), _joined(self.browser_exam_keys, further.browser_exam_keys))
        if not further or not are_keys(both.config_keys) or not are_keys(both.browser_exam_keys):
            raise KeysFaulty
        return both


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
    return _joined(typed.lower().split())


def _joined(*keys: Sequence[str]) -> tuple[str, ...]:
    """Return each key once."""
    return tuple(dict.fromkeys(key for some in keys for key in some))


def are_keys(keys: Sequence[str]) -> bool:
    """Tell whether all can be keys, and are not too many."""
    return len(keys) <= MOST_KEYS and all(KEY.fullmatch(key) for key in keys)


def fingerprints(keys: Sequence[str]) -> str:
    """Return what tells keys apart without being them."""
    return ", ".join(hashlib.sha256(key.encode()).hexdigest()[:8] for key in keys)


def keyless(told: Any) -> Any:
    """Return what was read of JSON with the fingerprints of keys in their place."""
    if isinstance(told, dict):
        return {name: fingerprints(value) if name in ("config_keys", "browser_exam_keys") else keyless(value) for name, value in told.items()}
    return [keyless(value) for value in told] if isinstance(told, list) else told


def opening_link(configuration: str) -> str:
    """Return the link that opens the browser with the configuration at an address of the web; empty where there is none."""
    return configuration and f"seb{configuration.removeprefix('http')}"


def as_browsers_write(address: str) -> str:
    """Return a public address as browsers ask for it, and hash it: the host in small letters, without the port that goes without saying."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ''))}{parts.path}"
