"""Issue certificates once, revoke and re-issue by new records, and answer a stranger's check."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lms.domain import certificate as rules
from lms.domain.certificate import Standing, Statement
from lms.domain.enrolment import Enrolment
from lms.domain.programme import Programme
from lms.kernel import audit, installation
from lms.kernel.db import Session, reading, transaction
from lms.kernel.i18n import ZONE
from lms.kernel.i18n import gettext as _
from lms.kernel.permissions import Permission
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import programme as programmes
from lms.services import progress as progresses
from lms.services import unit as units
from lms.services.duty import Duty
from lms.store import certificate as store
from lms.store import enrolment as enrolment_store
from lms.store import grade as grade_store
from lms.store import person as person_store
from lms.store.certificate import Certificate, Lapsed, SigningKey

_seal: dict[str, Seal] = {}


def mount(settings: Settings) -> None:
    """Take the key that seals the signing keys."""
    _seal["field"] = Seal(settings.field_key)


def issue_owed(session: Session, enrolment: Enrolment, programme: Programme, now: datetime) -> int | None:
    """Issue the first edition, or the next one after a corrected grade took the last; what was revoked for another reason is a person's to re-issue.

    The caller holds the enrolment's grade, so two events that complete the last requirement come one after the other.
    """
    newest = next(iter(store.of_enrolment(session, enrolment.id)), None)
    if newest and not newest.corrected:
        return None
    return _issue(session, enrolment, programme, edition=newest.edition + 1 if newest else 1, issued_by=None, now=now)


def _issue(session: Session, enrolment: Enrolment, programme: Programme, *, edition: int, issued_by: int | None, now: datetime) -> int:
    key = _signing_key(session, now)
    previous, number = store.lock_log(session)
    card = person_store.cards(session, [enrolment.person_id])[enrolment.person_id]
    sample = not installation.fact(session, "live", default=False)
    local = now.astimezone(ZONE)
    serial = rules.serial(local.year, number + 1, sample=sample)
    statement = Statement(
        serial=serial,
        name=card.name,
        programme=programme.title,
        title=programme.certificate.title,
        issuer=programme.certificate.issuer,
        hours=f"{(programme.hours.online + programme.hours.offline).normalize():f}",
        day=f"{local:%Y-%m-%d}",
        sample=sample,
        key=key.name,
    ).canonical()
    signature = _signature(key, statement)
    issued = store.add(
        session,
        enrolment_id=enrolment.id,
        kind=rules.QUALIFIED,
        edition=edition,
        serial=serial,
        code=rules.new_code(),
        statement=statement,
        signature=signature,
        key_name=key.name,
        chain=rules.link(previous, statement, signature),
        issued_by=issued_by,
        now=now,
    )
    audit.record(session, actor_id=issued_by, action="certificate.issue", subject=f"certificate:{issued}", now=now, edition=edition)
    return issued


def sign(session: Session, statement: bytes, now: datetime) -> tuple[str, bytes, bytes]:
    """Sign what another package vouches for; returns the key's name, the public key and the signature."""
    key = _signing_key(session, now)
    return key.name, key.public, _signature(key, statement)


def _signature(key: SigningKey, statement: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_seal["field"].open(key.sealed_private))).sign(statement)


def _signing_key(session: Session, now: datetime) -> SigningKey:
    found = store.keys(session)
    return found[-1] if found else _new_key(session, 1, now)


def _new_key(session: Session, number: int, now: datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    key = SigningKey(f"k{number}", private.public_key().public_bytes_raw(), _seal["field"].close(private.private_bytes_raw().hex()))
    store.add_key(session, key, now)
    return key


def rotate_key(*, actor_id: int | None, now: datetime) -> str:
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


@dataclass(frozen=True, slots=True)
class Checked:
    """What a stranger may know of a certificate."""

    standing: Standing
    masked_name: str
    title: str
    programme: str
    hours: str
    day: str
    serial: str
    sample: bool
    genuine: bool
    revoked_at: datetime | None


def check(written_code: str, voucher: str | None = None) -> Checked:
    """Return what a check page shows; raises CertificateMissing.

    `voucher` is what a QR code carried: one that was altered makes the whole not genuine.
    """
    with transaction() as session:
        found = store.by_code(session, rules.read_code(written_code))
        if found is None:
            raise rules.CertificateMissing
        statement = statement_of(found)
        public = next(key.public for key in store.keys(session) if key.name == found.key_name)
        return Checked(
            standing=standing_of(found, store.of_enrolment(session, found.enrolment_id)),
            masked_name=rules.masked(statement.name),
            title=statement.title,
            programme=statement.programme,
            hours=statement.hours,
            day=statement.day,
            serial=statement.serial,
            sample=statement.sample,
            genuine=genuine(public, found) and (voucher is None or rules.read_voucher(voucher) == (found.statement, found.signature)),
            revoked_at=found.revoked_at,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate as its holder and those who answer for it see it."""

    certificate: Certificate
    statement: Statement
    standing: Standing


def held_by(person_id: int) -> tuple[Held, ...]:
    """Return a person's certificates, the newest first."""
    with transaction() as session:
        found = store.of_person(session, person_id)
        return _held(found, found)


def held_by_account(account: str) -> tuple[Held, ...]:
    """Return the certificates of an account, the newest first; raises CertificateMissing for an unknown one."""
    with transaction() as session:
        found = person_store.person_by_account(session, account)
        if found is None:
            raise rules.CertificateMissing
        held = store.of_person(session, found.id)
        return _held(held, held)


def one_of(person_id: int, certificate_id: int) -> Held:
    """Return one certificate of a person; raises CertificateMissing for anybody else's."""
    found = next((held for held in held_by(person_id) if held.certificate.id == certificate_id), None)
    if found is None:
        raise rules.CertificateMissing
    return found


@dataclass(frozen=True, slots=True)
class Register:
    """A page of the issue log inside one's scope."""

    held: tuple[Held, ...]
    before: int | None


def register(actor_id: int, *, before: int | None, limit: int = 30) -> Register:
    """Return the certificates of the people one answers for, the newest first."""
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES)
        found = store.page(session, scope, before=before, limit=limit + 1)
        editions = store.of_enrolment(session, *{one.enrolment_id for one in found[:limit]})  # a newer one may stand on another page
        return Register(_held(found[:limit], editions), found[limit - 1].id if len(found) > limit else None)


def revoke_as(actor_id: int, certificate_id: int, *, reason: str, now: datetime) -> None:
    """Revoke as a person who answers for the holder."""
    with transaction() as session:
        _require_scope(session, actor_id, certificate_id)
        revoke(session, certificate_id, reason=reason, actor_id=actor_id, now=now)


def reissue_as(actor_id: int, certificate_id: int, *, reason: str, now: datetime) -> int:
    """Re-issue as a person who answers for the holder."""
    with transaction() as session:
        _require_scope(session, actor_id, certificate_id)
        return reissue(session, certificate_id, reason=reason, actor_id=actor_id, now=now)


@dataclass(frozen=True, slots=True)
class LapsedView:
    """A certificate that stands without a pass, and what its holder lacks in words."""

    lapsed: Lapsed
    programme: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LapsedList:
    """A page of the certificates that stand without a pass inside one's scope, and how many there are."""

    found: tuple[LapsedView, ...]
    before: int | None
    count: int


def lapsed(actor_id: int, *, before: int | None, limit: int = 30) -> LapsedList:
    """Return the certificates of the people one answers for that stand though the grade no longer qualifies, the newest first."""
    with reading() as session:
        scope = units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES)
        found = store.lapsed(session, scope, before=before, limit=limit + 1)
        known = programmes.by_code(session)
        shown = tuple(_lapsed(one, known[one.programme_code].asked_of(one.participants)) for one in found[:limit])
        return LapsedList(shown, found[limit - 1].id if len(found) > limit else None, store.count_lapsed(session, scope))


def _lapsed(one: Lapsed, programme: Programme) -> LapsedView:
    missing = list(progresses.missing(programme, one.progress))
    if one.total is None:
        missing.append(_("有考核项目没有成绩"))
    elif one.total < Fraction(str(programme.requirements.total)):
        missing.append(_("总评未达到 %(points)s 分", points=programme.requirements.total))
    return LapsedView(one, programme.title, tuple(missing))


def count_lapsed(actor_id: int) -> int:
    """Count the certificates that stand without a pass inside one's scope."""
    with reading() as session:
        return store.count_lapsed(session, units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES))


def duties(session: Session, actor_id: int, now: datetime) -> Iterable[Duty]:  # noqa: ARG001 - the shape of every duty
    """Tell who may revoke how many certificates stand without a pass."""
    number = store.count_lapsed(session, units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES))
    if number:
        yield Duty(_("%(n)s 张证书的持有人成绩已不合格，请核实是否撤销", n=number), _("去核实证书"), "/register/lapsed")


def revoke_lapsed(actor_id: int, certificate_ids: Collection[int], *, reason: str, now: datetime) -> int:
    """Revoke those of the certificates that still stand without a pass; returns how many. They come back by themselves with a grade that qualifies."""
    if not reason.strip():
        raise rules.ReasonNeeded
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.ISSUE_CERTIFICATES)
        for enrolment_id in sorted({one.enrolment_id for one in store.lapsed(session, scope, ids=certificate_ids)}):
            grade_store.lock(session, enrolment_id, now)  # before the log, like everybody who issues
        store.lock_log(session)
        found = store.lapsed(session, scope, ids=certificate_ids)
        for one in found:
            revoke(session, one.id, reason=f"{rules.CORRECTED}{reason.strip()}", actor_id=actor_id, now=now, corrected=True)
        return len(found)


def _require_scope(session: Session, actor_id: int, certificate_id: int) -> None:
    found = store.one(session, certificate_id)
    if found is None or not units.in_scope(session, actor_id, Permission.ISSUE_CERTIFICATES, found.person_id):
        raise rules.CertificateMissing


def _held(found: tuple[Certificate, ...], editions: tuple[Certificate, ...]) -> tuple[Held, ...]:
    return tuple(Held(one, statement_of(one), standing_of(one, editions)) for one in found)


def standing_of(certificate: Certificate, editions: tuple[Certificate, ...]) -> Standing:
    """Tell how a certificate stands among the editions of its enrolment."""
    if certificate.revoked_at is None:
        return Standing.VALID
    later = any(other.enrolment_id == certificate.enrolment_id and other.edition > certificate.edition for other in editions)
    return Standing.REPLACED if later else Standing.REVOKED


def statement_of(certificate: Certificate) -> Statement:
    """Read the signed statement."""
    return Statement(**json.loads(certificate.statement))


def genuine(public: bytes, certificate: Certificate) -> bool:
    """Tell whether the signature fits the statement."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(certificate.signature, certificate.statement)
    except InvalidSignature:
        return False
    return True


def revoke(session: Session, certificate_id: int, *, reason: str, actor_id: int | None, now: datetime, corrected: bool = False) -> Certificate:
    """Revoke a certificate, with its reason; `corrected`: it comes back by itself with a grade that qualifies."""
    if not reason.strip():
        raise rules.ReasonNeeded
    store.lock_log(session)
    found = store.one(session, certificate_id)
    if found is None:
        raise rules.CertificateMissing
    if found.revoked_at is not None:
        raise rules.AlreadyRevoked
    store.revoke(session, certificate_id, reason=reason.strip(), revoked_by=actor_id, now=now, corrected=corrected)
    audit.record(session, actor_id=actor_id, action="certificate.revoke", subject=f"certificate:{certificate_id}", now=now, reason=reason.strip())
    return found


def reissue(session: Session, certificate_id: int, *, reason: str, actor_id: int | None, now: datetime) -> int:
    """Replace an enrolment's newest certificate by a new edition (a corrected name, a lost code); revokes it if it stands."""
    found = store.one(session, certificate_id)
    if found is None:
        raise rules.CertificateMissing
    enrolment = enrolment_store.one(session, found.enrolment_id)
    assert enrolment is not None
    if not grade_store.lock(session, enrolment.id, now).qualified:
        raise rules.NotQualified
    if not reason.strip():
        raise rules.ReasonNeeded
    newest = store.of_enrolment(session, enrolment.id)[0]
    if newest.id != certificate_id:
        raise rules.Replaced
    if newest.revoked_at is None:
        revoke(session, newest.id, reason=reason, actor_id=actor_id, now=now)
    programme = programmes.programme(session, enrolment.programme_code).asked_of(enrolment.participants)
    return _issue(session, enrolment, programme, edition=newest.edition + 1, issued_by=actor_id, now=now)


def settle(session: Session, enrolment: Enrolment, *, was_qualified: bool, reason: str, actor_id: int | None, now: datetime) -> None:
    """Revoke a certificate from who no longer qualifies by a corrected grade.

    It is revoked only where the correction itself made the grade fall; one that stands without a qualifying grade is a person's to revoke.
    """
    newest = next(iter(store.of_enrolment(session, enrolment.id)), None)
    if newest and newest.revoked_at is None and was_qualified and not grade_store.lock(session, enrolment.id, now).qualified:
        revoke(session, newest.id, reason=f"{rules.CORRECTED}{reason}", actor_id=actor_id, now=now, corrected=True)


def standing_among(session: Session, enrolment_ids: Sequence[int]) -> set[int]:
    """Return which of the enrolments hold a standing certificate."""
    return store.standing_among(session, enrolment_ids)


def holders(session: Session, programme_code: str) -> tuple[int, ...]:
    """Return the enrolments that hold a standing certificate."""
    return store.holders(session, programme_code)


def verify(session: Session, now: datetime) -> Iterable[str]:  # noqa: ARG001 - every verifier is called alike
    """Follow the chain of issues and check every signature."""
    publics = {key.name: key.public for key in store.keys(session)}
    previous = b""
    for found in store.log(session):
        if rules.link(previous, found.statement, found.signature) != found.chain:
            yield f"certificate {found.id}: the chain of issues is broken"
        previous = found.chain
        if not genuine(publics[found.key_name], found):
            yield f"certificate {found.id}: the signature does not fit"
