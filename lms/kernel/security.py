"""Headers, signed tokens and sealed fields."""

import base64
import hashlib
import hmac
from typing import TypeVar

import msgspec
from cryptography.fernet import Fernet, MultiFernet

from lms.kernel.refusal import Unauthenticated

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

SIGNED = 16  # bytes of a signature
Token = TypeVar("Token", bound=msgspec.Struct)


class TokenRefused(Unauthenticated):
    """A signed token is forged, damaged or of another kind."""

    code = "token_refused"


class Signer:
    """Signs small structs (leases, attempt tokens, media cookies) with one purpose each.

    Keyed BLAKE2b (RFC 7693) over the msgpack bytes; the purpose is part of the key, so a token of one kind is never taken for another.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        self._keyed = hashlib.blake2b(key=hashlib.sha256(f"{purpose}:{secret}".encode()).digest(), digest_size=SIGNED)

    def sign(self, token: msgspec.Struct) -> str:
        """Return the token as URL-safe text."""
        body = msgspec.msgpack.encode(token)
        return base64.urlsafe_b64encode(self._signature(body) + body).decode().rstrip("=")

    def read(self, text_token: str, kind: type[Token]) -> Token:
        """Return the struct behind the text; raises TokenRefused."""
        try:
            raw = base64.urlsafe_b64decode(text_token + "=" * (-len(text_token) % 4))
        except ValueError:
            raise TokenRefused from None
        body = raw[SIGNED:]
        if not hmac.compare_digest(raw[:SIGNED], self._signature(body)):
            raise TokenRefused
        try:
            return msgspec.msgpack.decode(body, type=kind)
        except msgspec.DecodeError:
            raise TokenRefused from None

    def _signature(self, body: bytes) -> bytes:
        one = self._keyed.copy()  # with the key taken in; through OpenSSL's HMAC it is several times as dear, twice in each heartbeat
        one.update(body)
        return one.digest()


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
