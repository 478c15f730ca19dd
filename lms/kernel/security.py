"""Headers, signed tokens, sealed fields, and throttling."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import Base, Session, transaction
from lms.kernel.refusal import TooMany, Unauthenticated
from lms.kernel.statement import Statement

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self' blob:; font-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Token = TypeVar("Token", bound=msgspec.Struct)


class TokenRefused(Unauthenticated):
    """A signed token is forged, damaged or of another kind."""

    code = "token_refused"


class Signer:
    """Signs small structs (leases, attempt tokens, media cookies) with one purpose each.

    HMAC-SHA256 over the msgpack bytes; the purpose is part of the key, so a token of one kind is never taken for another.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = hashlib.sha256(f"{purpose}:{secret}".encode()).digest()

    def sign(self, token: msgspec.Struct) -> str:
        """Return the token as URL-safe text."""
        body = msgspec.msgpack.encode(token)
        return base64.urlsafe_b64encode(hmac.digest(self._key, body, "sha256")[:16] + body).decode().rstrip("=")

    def read(self, text_token: str, kind: type[Token]) -> Token:
        """Return the struct behind the text; raises TokenRefused."""
        try:
            raw = base64.urlsafe_b64decode(text_token + "=" * (-len(text_token) % 4))
        except ValueError:
            raise TokenRefused from None
        if not hmac.compare_digest(raw[:16], hmac.digest(self._key, raw[16:], "sha256")[:16]):
            raise TokenRefused
        try:
            return msgspec.msgpack.decode(raw[16:], type=kind)
        except msgspec.DecodeError:
            raise TokenRefused from None


class Seal:
    """Encrypts single fields (identity number, phone) and gives the keyed hash by which they are found."""

    def __init__(self, field_key: str) -> None:
        keys = [hashlib.sha256(f"seal:{part}".encode()).digest() for part in field_key.split(",")]
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
        self._blind = keys[-1]  # the oldest key: rotating the sealing key leaves the index readable

    def close(self, plain: str) -> bytes:
        """Return the sealed field."""
        return self._fernet.encrypt(plain.encode())

    def open(self, sealed: bytes) -> str:
        """Return the field in plain."""
        return self._fernet.decrypt(sealed).decode()

    def blind(self, plain: str) -> bytes:
        """Return the keyed hash of the field, for exact search."""
        return hmac.digest(self._blind, plain.strip().upper().encode(), "sha256")


class Throttle(Base):
    """How often a key was used in a slot of time (a cache: losing it loosens the throttle, nothing else)."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_slot", "slot"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    uses: Mapped[int] = mapped_column(BigInteger)


class Bucket(NamedTuple):
    """So many uses of a key in a slot of time."""

    key: str
    limit: int
    within: timedelta


_COUNT = Statement(
    text("INSERT INTO throttle (key, slot, uses) VALUES (:key, :slot, 1) ON CONFLICT (key, slot) DO UPDATE SET uses = throttle.uses + 1 RETURNING uses")
)
_SWEPT_BY = 50  # one in so many fresh keys sweeps out what is old


def throttle(key: str, *, limit: int, within: timedelta, now: datetime) -> None:
    """Count one use of the key; raises TooMany above the limit inside the slot of time."""
    throttle_all([Bucket(key, limit, within)], now)


def throttle_all(buckets: Sequence[Bucket], now: datetime) -> None:
    """Count one use in each bucket, up to the first that is full; raises TooMany for that one.

    Commits by itself: a refused sign-in must count even though its own transaction rolls back.
    """
    with transaction() as session:
        full = any(_uses(session, bucket, now) > bucket.limit for bucket in buckets)
    if full:
        raise TooMany


def _uses(session: Session, bucket: Bucket, now: datetime) -> int:
    seconds = int(bucket.within.total_seconds())
    slot = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
    uses = int(_COUNT.row(session, key=bucket.key[:200], slot=slot).uses)
    if uses == 1 and secrets.randbelow(_SWEPT_BY) == 0:
        session.execute(text("DELETE FROM throttle WHERE slot < :old"), {"old": now - timedelta(days=1)})
    return uses
