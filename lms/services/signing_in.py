"""Signing in and out, first activation, and changing one's password."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lms.domain import person as people
from lms.domain import signing_in as rules
from lms.domain.signing_in import Device
from lms.kernel import audit, installation
from lms.kernel.auth import SIGNED_IN_FOR, token_hash
from lms.kernel.db import Session, reading, transaction
from lms.kernel.identity import Identity
from lms.kernel.passwords import REHEARSAL, hash_password, turn, verify_password
from lms.kernel.permissions import Role
from lms.kernel.refusal import TooMany
from lms.kernel.security import Seal
from lms.kernel.throttle import Bucket, throttle, throttle_all
from lms.store import person as person_store
from lms.store import signing_in as store
from lms.store.signing_in import Claimant

_LISTED = (Path(__file__).parent / "common_passwords.txt").read_text().splitlines()
COMMON_PASSWORDS = frozenset(line for line in _LISTED if not line.startswith("# "))
_SLOT = timedelta(minutes=15)
_PER_ADDRESS = 100  # failures; a whole school may stand behind one address
_UNBOUNDED = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A right password: what the cookie gets (None while a second factor is still asked), and what must be done next."""

    person_id: int
    identity: Identity | None
    consented: bool
    must_set_up: bool = False  # staff without a second factor where one is required: their roles wait for it


# Told by tools: whether a token of theirs is that of somebody in the middle of what cannot wait, such as an exam.
_inside: list[Callable[[str, datetime], bool]] = []


def register_inside(tell: Callable[[str, datetime], bool]) -> None:
    """Let a tool tell by its token who signs in again from inside: she does not wait behind the crowd."""
    _inside.append(tell)


def sign_in(*, claim: str, password: str, device: Device, seal: Seal, tries: int, now: datetime, staff_factor: bool = False, inside: str = "") -> SignedIn:
    """Sign somebody in by account or phone and password; raises ManySignIns, before anything is counted, where many come at once.

    `inside`: a tool's token where she comes from inside. The unknown account and the wrong password take the same steps and the same time,
    and get the same answer.
    """
    with turn(first=bool(inside) and any(tell(inside, now) for tell in _inside)):
        return _sign_in(claim, password, device, seal=seal, tries=tries, now=now, staff_factor=staff_factor)


def _sign_in(claim: str, password: str, device: Device, *, seal: Seal, tries: int, now: datetime, staff_factor: bool) -> SignedIn:
    found, failed = _claimant("sign_in", claim, device, seal, now)
    _count_try("sign_in", claim, found, failed, device=device, seal=seal, tries=tries, now=now)
    if not _is_right(found.password_hash if found else None, password) or found is None:
        _count_failure("sign_in", found, device, now)
        raise rules.SignInRefused
    if not found.active:
        raise rules.AccountDisabled
    with transaction() as session:
        return _enter(session, found, device, now, consented=found.consented, staff_factor=staff_factor)


def finish(person_id: int, device: Device, now: datetime) -> Identity:
    """Open the sign-in of somebody whose password and second factor were right."""
    with transaction() as session:
        person = person_store.person_of(session, person_id)
        if person is None or not person.active:
            raise rules.AccountDisabled
        audit.record(session, actor_id=person_id, action="sign_in", subject=f"person:{person_id}", now=now)
        return _open(session, person_id, person.name, device, now, roles=store.roles_of(session, person_id))


def _enter(session: Session, found: Claimant, device: Device, now: datetime, *, consented: bool, staff_factor: bool) -> SignedIn:
    """Open the sign-in, unless a second factor is still asked; where staff lack a required one, their roles wait for it."""
    if found.has_factor:
        return SignedIn(found.person_id, None, consented)
    identity = _open(session, found.person_id, found.name, device, now, roles=found.roles)
    audit.record(session, actor_id=found.person_id, action="sign_in", subject=f"person:{found.person_id}", now=now)
    weak = staff_factor and bool(identity.roles - {Role.TEACHER})
    if weak:
        store.weaken(session, identity.login_id)
    return SignedIn(found.person_id, identity, consented, must_set_up=weak)


@turn()
def activate(
    *, claim: str, code: str, password: str, consent: bool, device: Device, seal: Seal, tries: int, now: datetime, staff_factor: bool = False
) -> SignedIn:
    """Set the first password by a one-time code, keep the consent, and sign in."""
    if not consent:
        raise rules.ConsentMissing
    found, failed = _claimant("activate", claim, device, seal, now)
    _count_try("activate", claim, found, failed, device=device, seal=seal, tries=tries, now=now)
    person_id = found.person_id if found else 0
    stored = (found.activation_hash if found else None) or b""
    matches = hmac.compare_digest(stored, code_hash(seal, person_id, code))
    if not (found and matches and found.active and found.activation_ends_at and now < found.activation_ends_at):
        _count_failure("activate", found, device, now)
        raise rules.ActivationRefused
    _check(found, password, seal)
    hashed = hash_password(password)
    with transaction() as session:
        store.end_all(session, found.person_id, now)
        person_store.set_password(session, found.person_id, hashed)
        store.add_consent(session, found.person_id, rules.CONSENT_VERSION, now)
        audit.record(session, actor_id=found.person_id, action="person.activate", subject=f"person:{found.person_id}", now=now)
        return _enter(session, found, device, now, consented=True, staff_factor=staff_factor)


def accept_consent(person_id: int, now: datetime) -> None:
    """Keep that a signed-in person accepts the present text."""
    with transaction() as session:
        store.add_consent(session, person_id, rules.CONSENT_VERSION, now)
        audit.record(session, actor_id=person_id, action="consent.give", subject=f"person:{person_id}", now=now, version=rules.CONSENT_VERSION)


def change_password(*, identity: Identity, old: str, new: str, device: Device, seal: Seal, tries: int, now: datetime) -> Identity:
    """Change one's own password: every sign-in ends, and this device gets a fresh one."""
    throttle(f"password:{identity.person_id}", limit=tries, within=_SLOT, now=now)
    with transaction() as session:
        person = person_store.person_of(session, identity.person_id)
        stored = person_store.password_hash_of(session, identity.person_id)
        sealed = person_store.sealed_of(session, identity.person_id)
    if person is None or not _is_right(stored, old):
        raise rules.SignInRefused
    if old == new:
        raise rules.SamePassword
    rules.check_password(new, account=person.account, phone=_phone(sealed.phone, seal), common=COMMON_PASSWORDS)
    hashed = hash_password(new)
    with transaction() as session:
        store.end_all(session, person.id, now)
        person_store.set_password(session, person.id, hashed)
        audit.record(session, actor_id=person.id, action="password.change", subject=f"person:{person.id}", now=now)
        fresh = _open(session, person.id, person.name, device, now, roles=store.roles_of(session, person.id))
        if store.is_weak(session, identity.login_id):
            store.weaken(session, fresh.login_id)
        return fresh


def sign_out(identity: Identity, now: datetime) -> None:
    """End this sign-in."""
    with transaction() as session:
        store.end(session, identity.login_id, now)
        audit.record(session, actor_id=identity.person_id, action="sign_out", subject=f"person:{identity.person_id}", now=now)


def sign_out_elsewhere(identity: Identity, now: datetime) -> int:
    """End every other sign-in of the same person; return how many."""
    with transaction() as session:
        ended = store.end_all(session, identity.person_id, now, but=identity.login_id)
        audit.record(session, actor_id=identity.person_id, action="sign_out.elsewhere", subject=f"person:{identity.person_id}", now=now, ended=ended)
    return ended


def new_codes(session: Session, person_ids: list[int], seal: Seal, now: datetime) -> Mapping[int, str]:
    """Make activation codes in the caller's transaction; whoever held a password or an older code loses it."""
    codes = {person_id: "".join(secrets.choice(rules.ACTIVATION_SIGNS) for _place in range(rules.ACTIVATION_LENGTH)) for person_id in person_ids}
    hashed = {person_id: code_hash(seal, person_id, code) for person_id, code in codes.items()}
    person_store.set_codes(session, hashed, now + rules.ACTIVATION_VALID)
    return codes


def code_hash(seal: Seal, person_id: int, code: str) -> bytes:
    """Return what is stored of an activation code; a code serves one person only."""
    return seal.blind(f"activation:{person_id}:{rules.normal_code(code)}")


def phone_blind(seal: Seal, phone: str) -> bytes:
    """Return the keyed hash by which a phone number is found."""
    return seal.blind(f"phone:{people.normal_phone(phone)}")


def _claimant(act: str, claim: str, device: Device, seal: Seal, now: datetime) -> tuple[Claimant | None, int]:
    with reading() as session:
        return store.claimant(
            session,
            account=people.normal_account(claim)[:40],
            phone_blind=phone_blind(seal, claim),
            device_key=device.key,
            consent=rules.CONSENT_VERSION,
            failed_key=_failed(act, device),
            failed_since=now - _SLOT,
        )


def _failed(act: str, device: Device) -> str:
    """Name the key under which failures of an address are counted."""
    return f"{act}:failed:{device.address}"


def _count_try(act: str, claim: str, found: Claimant | None, failed: int, *, device: Device, seal: Seal, tries: int, now: datetime) -> None:
    """Count a try before any hash is computed.

    A device on which the owner has signed in before has a bucket of its own, so that strangers who use up the others never lock her out.
    """
    # Keyed by the person where there is one, so that account and phone share a bucket; hashed, so that no name lies in the table.
    who = seal.blind(f"throttle:{found.person_id if found else people.normal_account(claim)}").hex()[:24]
    if found and found.knows_device:
        buckets = [Bucket(f"{act}:{who}:{device.key.hex()[:24]}", tries, _SLOT)]
    elif failed >= _PER_ADDRESS:
        raise rules.TooManySignIns
    else:
        buckets = [Bucket(f"{act}:{who}:{device.address}", tries, _SLOT), Bucket(f"{act}:{who}", tries * 6, timedelta(hours=1))]
    try:
        throttle_all(buckets, now)
    except TooMany:
        raise rules.TooManySignIns from None


def _is_right(stored: str | None, password: str) -> bool:
    """Compare with the stored hash; the shared password of a rehearsal is nobody's in a live database."""
    if stored and stored.startswith(REHEARSAL):
        with transaction() as session:
            stored = None if installation.fact(session, "live", default=False) else stored.removeprefix(REHEARSAL)
    return verify_password(stored, password)


def _count_failure(act: str, found: Claimant | None, device: Device, now: datetime) -> None:
    throttle(_failed(act, device), limit=_UNBOUNDED, within=_SLOT, now=now)
    with transaction() as session:
        subject = f"person:{found.person_id}" if found else "person:unknown"
        audit.record(session, actor_id=None, action=f"{act}.refused", subject=subject, now=now)


def _check(found: Claimant, password: str, seal: Seal) -> None:
    rules.check_password(password, account=found.account, phone=_phone(found.phone_sealed, seal), common=COMMON_PASSWORDS)


def _phone(sealed: bytes | None, seal: Seal) -> str:
    return seal.open(sealed) if sealed else ""


def _open(session: Session, person_id: int, name: str, device: Device, now: datetime, *, roles: frozenset[Role]) -> Identity:
    token = secrets.token_urlsafe(32)
    login_id = store.add(
        session,
        token_hash=token_hash(token),
        person_id=person_id,
        device=device.description,
        device_key=device.key,
        now=now,
        ends_at=now + SIGNED_IN_FOR,
    )
    return Identity(person_id=person_id, name=name, roles=roles, login_id=login_id, token=token)
