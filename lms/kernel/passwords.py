"""Password hashing: argon2id with the cost measured for an exam-start burst of sign-ins."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# t=2 m=19 MiB p=1 (OWASP): 34 ms; the library's default takes 175 ms and both cores.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
REHEARSAL = "rehearsal:"
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def rehearsal_hash(password: str) -> str:
    """Return a hash that many accounts of a rehearsal share; its mark keeps every live database from taking it."""
    return REHEARSAL + _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Tell whether the password is right; costs the same where there is no account."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
