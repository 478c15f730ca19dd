"""Signing keys: what they sign, what shows that a signature is theirs, and new ones."""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.store import certificate as store
from lms.store.certificate import Certificate, SigningKey

_seal: dict[str, Seal] = {}


def mount(settings: Settings) -> None:
    """Take the key that seals the signing keys."""
    _seal["field"] = Seal(settings.field_key)


def sign(session: Session, statement: bytes, now: datetime) -> tuple[str, bytes, bytes]:
    """Sign what another package vouches for; returns the key's name, the public key and the signature."""
    key = newest(session, now)
    return key.name, key.public, signature(key, statement)


def signature(key: SigningKey, statement: bytes) -> bytes:
    """Return a key's signature of a statement."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_seal["field"].open(key.sealed_private))).sign(statement)


def newest(session: Session, now: datetime) -> SigningKey:
    """Return the key that signs at present, made where there is none yet."""
    found = store.keys(session)
    return found[-1] if found else _new_key(session, 1, now)


def _new_key(session: Session, number: int, now: datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    key = SigningKey(f"k{number}", private.public_key().public_bytes_raw(), _seal["field"].close(private.private_bytes_raw().hex()))
    store.add_key(session, key, now)
    return key


def rotate(*, actor_id: int | None, now: datetime) -> str:
    """Make a new signing key; what older keys signed still verifies. Returns the key's name."""
    with transaction() as session:
        store.lock_log(session)
        key = _new_key(session, len(store.keys(session)) + 1, now)
        audit.record(session, actor_id=actor_id, action="certificate.rotate_key", subject=f"signing_key:{key.name}", now=now)
        return key.name


def public_keys() -> dict[str, str]:
    """Return the public keys by name, in hexadecimal, for checking without us."""
    with transaction() as session:
        return {key.name: key.public.hex() for key in store.keys(session)}


def genuine(public: bytes, certificate: Certificate) -> bool:
    """Tell whether the signature fits the statement."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(certificate.signature, certificate.statement)
    except InvalidSignature:
        return False
    return True
