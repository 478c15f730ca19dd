"""Issue certificates once, revoke and re-issue by new records, and answer a stranger's check."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain import certificate as rules
from lms.domain.certificate import Standing, Statement
from lms.domain.enrolment import Enrolment
from lms.domain.programme import Programme
from lms.kernel import audit, installation
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import ZONE
from lms.kernel.permissions import Permission
from lms.services import programme as programmes
from lms.services import signing_key as signing_keys
from lms.services import unit as units
from lms.store import certificate as store
from lms.store import enrolment as enrolment_store
from lms.store import grade as grade_store
from lms.store import person as person_store
from lms.store.certificate import Certificate


def issue_owed(session: Session, enrolment: Enrolment, programme: Programme, now: datetime) -> int | None:
    """Issue the first edition, or the next one after a corrected grade took the last; what was revoked for another reason is a person's to re-issue.

    The caller holds the enrolment's grade, so two events that complete the last requirement come one after the other.
    """
    newest = next(iter(store.of_enrolment(session, enrolment.id)), None)
    if newest and not newest.corrected:
        return None
    return _issue(session, enrolment, programme, edition=newest.edition + 1 if newest else 1, issued_by=None, now=now)


def _issue(session: Session, enrolment: Enrolment, programme: Programme, *, edition: int, issued_by: int | None, now: datetime) -> int:
    key = signing_keys.newest(session, now)
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
    signature = signing_keys.signature(key, statement)
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
            genuine=signing_keys.genuine(public, found) and (voucher is None or rules.read_voucher(voucher) == (found.statement, found.signature)),
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
        if not signing_keys.genuine(publics[found.key_name], found):
            yield f"certificate {found.id}: the signature does not fit"
