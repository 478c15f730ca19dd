"""The second factor of a sign-in: one-time codes of a phone (TOTP), and recovery codes for a lost one."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from lms.domain import second_factor as rules
from lms.domain.second_factor import Factor
from lms.domain.signing_in import Device
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.identity import Identity
from lms.kernel.permissions import Permission
from lms.kernel.security import Seal
from lms.kernel.throttle import throttle
from lms.services import person as people
from lms.services import signing_in
from lms.store import second_factor as store
from lms.store import signing_in as login_store

_SLOT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a phone needs: the secret, and the same as an address for a QR code."""

    secret: str
    address: str


def factor(person_id: int) -> Factor | None:
    """Return a person's second factor; None before she begins to set one up."""
    with transaction() as session:
        found = store.one(session, person_id)
        return None if found is None else Factor(confirmed=found.confirmed_at is not None, recovery_left=len(found.recovery))


def begin(person_id: int, seal: Seal) -> None:
    """Make a fresh secret; it holds once it is confirmed."""
    with transaction() as session:
        store.begin(session, person_id, seal.close(pyotp.random_base32()))


def setup(person_id: int, *, issuer: str, seal: Seal) -> Setup:
    """Return what the phone is given while the second factor is being set up."""
    with transaction() as session:
        found, account = store.one(session, person_id), people.existing(session, person_id).account
        if found is None or found.confirmed_at is not None:
            raise rules.FactorMissing
        secret = seal.open(found.secret_sealed)
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer))


def confirm(identity: Identity, code: str, *, seal: Seal, tries: int, now: datetime, real: datetime) -> tuple[str, ...]:
    """Confirm with the phone's first code; returns the recovery codes, once."""
    check(identity.person_id, code, seal=seal, tries=tries, now=now, real=real)
    with transaction() as session:
        store.confirm(session, identity.person_id, now)
        login_store.strengthen(session, identity.login_id)
        audit.record(session, actor_id=identity.person_id, action="second_factor.confirm", subject=f"person:{identity.person_id}", now=now)
        return _fresh_recovery(session, identity.person_id, seal)


def renew_recovery(person_id: int, code: str, *, seal: Seal, tries: int, now: datetime, real: datetime) -> tuple[str, ...]:
    """Make new recovery codes against a present code; returns them, once."""
    check(person_id, code, seal=seal, tries=tries, now=now, real=real)
    with transaction() as session:
        audit.record(session, actor_id=person_id, action="second_factor.renew", subject=f"person:{person_id}", now=now)
        return _fresh_recovery(session, person_id, seal)


def turn_off(person_id: int, code: str, *, seal: Seal, tries: int, now: datetime, real: datetime) -> None:
    """Forget one's own second factor against a present code."""
    check(person_id, code, seal=seal, tries=tries, now=now, real=real)
    with transaction() as session:
        store.remove(session, person_id)
        audit.record(session, actor_id=person_id, action="second_factor.off", subject=f"person:{person_id}", now=now)


def reset(actor_id: int, permission: Permission, person_id: int, now: datetime) -> bool:
    """Forget another's second factor, such as after a lost phone; every sign-in of hers ends. Tells whether there was one."""
    with transaction() as session:
        people.may_act(session, actor_id, permission, person_id)
        there = store.remove(session, person_id)
        ended = login_store.end_all(session, person_id, now)
        audit.record(session, actor_id=actor_id, action="second_factor.reset", subject=f"person:{person_id}", now=now, ended=ended, there=there)
        return there


def sign_in(person_id: int, code: str, *, device: Device, seal: Seal, tries: int, now: datetime, real: datetime) -> Identity:
    """Finish a sign-in whose password was right."""
    check(person_id, code, seal=seal, tries=tries, now=now, real=real)
    return signing_in.finish(person_id, device, now)


def check(person_id: int, code: str, *, seal: Seal, tries: int, now: datetime, real: datetime) -> None:
    """Use up a code of the phone (by the real time, whatever is rehearsed) or a recovery code, or raise CodeRefused."""
    throttle(f"second_factor:{person_id}", limit=tries, within=_SLOT, now=now)
    typed = rules.normal(code)
    with transaction() as session:
        found = store.one(session, person_id)
        if found is None:
            raise rules.FactorMissing
        step = _step_of(pyotp.TOTP(seal.open(found.secret_sealed)), typed, int(real.timestamp()) // rules.STEP_SECONDS)
        good = store.use_step(session, person_id, step) if step is not None else store.use_recovery(session, person_id, _hash(seal, person_id, typed))
        if not good:
            audit.record(session, actor_id=None, action="second_factor.refused", subject=f"person:{person_id}", now=now)
    if not good:
        raise rules.CodeRefused


def _step_of(totp: pyotp.TOTP, typed: str, step: int) -> int | None:
    near = (step + drift for drift in rules.DRIFT)
    return next((one for one in near if hmac.compare_digest(totp.generate_otp(one).encode(), typed.encode())), None)


def _fresh_recovery(session: Session, person_id: int, seal: Seal) -> tuple[str, ...]:
    codes = tuple("".join(secrets.choice(rules.RECOVERY_SIGNS) for _sign in range(rules.RECOVERY_LENGTH)) for _code in range(rules.RECOVERY_CODES))
    store.set_recovery(session, person_id, [_hash(seal, person_id, code) for code in codes])
    return codes


def _hash(seal: Seal, person_id: int, code: str) -> bytes:
    return seal.blind(f"recovery:{person_id}:{code}")
