"""Password hashing: argon2id with the cost measured for an exam-start burst of sign-ins."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.kernel.refusal import N_, Unavailable

# t=2 m=19 MiB p=1 (OWASP): 34 ms; the library's default takes 175 ms and both cores.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
REHEARSAL = "rehearsal:"
_NOBODY = _hasher.hash("nobody has this password")
# A sign-in costs as much as a hundred heartbeats. However many come, threads and time are left to those inside.
MOST_WAITING, PATIENCE = 5, 2.0  # people behind the one whose turn it is; seconds


@dataclass(frozen=True, slots=True)
class _Lane:
    """A line of its own: who waits in it, and whose turn it is."""

    line: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(1 + MOST_WAITING))
    turn: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(1))


_lanes = {False: _Lane(), True: _Lane()}  # True: for who is in the middle of what cannot wait


class ManySignIns(Unavailable):
    """More people sign in at this moment than are let in at a time; their try does not count."""

    code = "many_sign_ins"
    message = N_("现在登录的人很多，请约半分钟后再点一次。您的学习和考试记录都在。")


@contextmanager
def turn(*, first: bool = False) -> Iterator[None]:
    """Let one person at a time in with her password, in each process, and beside the crowd one who goes first (`first`).

    Raises ManySignIns where too many wait, or it takes too long.
    """
    lane = _lanes[first]
    if not lane.line.acquire(blocking=False):
        raise ManySignIns
    try:
        if not lane.turn.acquire(timeout=PATIENCE):
            raise ManySignIns
        try:
            yield
        finally:
            lane.turn.release()
    finally:
        lane.line.release()


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
