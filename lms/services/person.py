"""People as their managers see them: search, activation codes, numbers behind a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain import person as rules
from lms.domain.person import Person, PersonCard, RoleGrant
from lms.domain.unit import Unit, lies_in
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Missing
from lms.kernel.security import Seal
from lms.services import signing_in
from lms.services import unit as units
from lms.store import person as store
from lms.store import role_grant as grants
from lms.store import signing_in as login_store
from lms.store import unit as unit_store

PAGE = 50


def pinyin_of(name: str) -> str:
    """Return the name as it is searched for and sorted: the syllables in one word, then the initials."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its dictionaries cost half a second, and few processes name anyone

    syllables = lazy_pinyin(name, style=Style.NORMAL)
    return f"{''.join(syllables)} {''.join(syllable[:1] for syllable in syllables)}".lower()[:200]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search, whether more follow, and an exact hit outside the scope with its name masked."""

    people: tuple[Person, ...]
    more: bool
    outside: tuple[Person, ...]


def search(
    person_id: int,
    permission: Permission,
    *,
    seal: Seal,
    words: str = "",
    unit_id: int | None = None,
    activated: bool | None = None,
    after: int | None = None,
) -> Found:
    """Return the people of one's scope that match; an exact account or number outside the scope is shown masked."""
    words = words.strip()
    with transaction() as session:
        scope = units.scope_of(session, person_id, permission)
        within = scope
        if unit_id is not None:
            unit = unit_store.unit_of(session, unit_id)
            if unit is None or not lies_in(unit.path, scope):
                raise Missing
            within = (unit.path,)
        found = store.search(session, within, words=words, activated=activated, after=after, limit=PAGE + 1)
        exact = _exact(session, words, seal) if words and after is None else []
    seen = {person.id for person in found}
    found = [person for person in exact if lies_in(person.unit_path, within) and person.id not in seen] + found
    outside = tuple(person for person in exact if not lies_in(person.unit_path, scope))
    return Found(people=tuple(found[:PAGE]), more=len(found) > PAGE, outside=outside)


def _exact(session: Session, words: str, seal: Seal) -> list[Person]:
    phone = signing_in.phone_blind(seal, words)
    return store.by_blind(session, phone=phone, identity=identity_blind(seal, words), account=rules.normal_account(words))


def identity_blind(seal: Seal, number: str) -> bytes:
    """Return the keyed hash by which an identity number is found."""
    return seal.blind(f"identity:{number.strip().upper()}")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Phone and identity number, masked or in plain; None where there is none."""

    phone: str | None
    identity: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person as a manager sees her."""

    person: Person
    grants: tuple[RoleGrant, ...]
    masked: Numbers
    may_act: bool
    logins: int


def view(actor_id: int, permission: Permission, person_id: int, seal: Seal, now: datetime) -> PersonView:
    """Return a person of one's scope; one outside is missing."""
    with transaction() as session:
        person = _in_scope(session, actor_id, permission, person_id)
        held = grants.grants_of(session, person_id)
        may_act = person_id != actor_id and rules.may_act_on(grants.grants_of(session, actor_id), person.unit_path, held)
        numbers = numbers_of(session, person_id, seal)
        logins = len(login_store.logins_of(session, person_id, now))
    return PersonView(person=person, grants=tuple(held), masked=masked(numbers), may_act=may_act, logins=logins)


def reveal(actor_id: int, permission: Permission, person_id: int, *, reason: str, seal: Seal, now: datetime) -> Numbers:
    """Return the numbers in plain, against a reason that the audit keeps."""
    reason = reason.strip()
    if len(reason) < 2:
        raise rules.ReasonMissing
    with transaction() as session:
        if actor_id != person_id:
            may_act(session, actor_id, permission, person_id)
        audit.record(session, actor_id=actor_id, action="person.reveal", subject=f"person:{person_id}", now=now, reason=reason[:200])
        return numbers_of(session, person_id, seal)


def reset(actor_id: int, permission: Permission, person_id: int, seal: Seal, now: datetime) -> str:
    """Make one new activation code: the password is gone and every sign-in has ended. Returns the code, once."""
    with transaction() as session:
        person = may_act(session, actor_id, permission, person_id)
        ended = login_store.end_all(session, person_id, now)
        action = "password.reset" if person.activated else "person.new_code"
        audit.record(session, actor_id=actor_id, action=action, subject=f"person:{person_id}", now=now, ended=ended)
        return signing_in.new_codes(session, [person_id], seal, now)[person_id]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of the printed list of activation codes."""

    person: Person
    activation_code: str


def new_codes(actor_id: int, permission: Permission, unit_id: int, *, seal: Seal, now: datetime, most: int = 5_000) -> tuple[CodeLine, ...]:
    """Make codes for everybody of a unit who is not activated; their older codes are void from now on."""
    with transaction() as session:
        unit = _unit_in_scope(session, actor_id, permission, unit_id)
        waiting = store.waiting_in(session, [unit.path], most)
        # Staff get their codes one by one, from somebody who stands above them.
        staff = grants.staff_among(session, [person.id for person in waiting])
        waiting = [person for person in waiting if person.id not in staff]
        codes = signing_in.new_codes(session, [person.id for person in waiting], seal, now)
        audit.record(session, actor_id=actor_id, action="people.new_codes", subject=f"unit:{unit_id}", now=now, people=len(waiting))
    return tuple(CodeLine(person, codes[person.id]) for person in waiting)


def set_active(actor_id: int, permission: Permission, person_id: int, *, active: bool, now: datetime) -> None:
    """Enable or disable an account; a disabled one is out at its next request."""
    with transaction() as session:
        may_act(session, actor_id, permission, person_id)
        store.set_active(session, person_id, active=active)
        if not active:
            login_store.end_all(session, person_id, now)
        audit.record(session, actor_id=actor_id, action="person.enable" if active else "person.disable", subject=f"person:{person_id}", now=now)


def existing(session: Session, person_id: int) -> Person:
    """Return a person or raise Missing."""
    person = store.person_of(session, person_id)
    if person is None:
        raise Missing
    return person


def _in_scope(session: Session, actor_id: int, permission: Permission, person_id: int) -> Person:
    person = store.person_of(session, person_id)
    if person is None or not lies_in(person.unit_path, units.scope_of(session, actor_id, permission)):
        raise Missing
    return person


def _unit_in_scope(session: Session, actor_id: int, permission: Permission, unit_id: int) -> Unit:
    unit = unit_store.unit_of(session, unit_id)
    if unit is None or not lies_in(unit.path, units.scope_of(session, actor_id, permission)):
        raise Missing
    return unit


def may_act(session: Session, actor_id: int, permission: Permission, person_id: int) -> Person:
    """Return a person of the actor's scope who does not stand above her, or refuse."""
    person = _in_scope(session, actor_id, permission, person_id)
    own = grants.grants_of(session, actor_id)
    if actor_id == person_id or not rules.may_act_on(own, person.unit_path, grants.grants_of(session, person_id)):
        raise rules.StandsAbove
    return person


def numbers_of(session: Session, person_id: int, seal: Seal) -> Numbers:
    """Return a person's numbers in plain."""
    sealed = store.sealed_of(session, person_id)
    return Numbers(phone=seal.open(sealed.phone) if sealed.phone else None, identity=seal.open(sealed.identity) if sealed.identity else None)


def masked(numbers: Numbers) -> Numbers:
    """Return the numbers as they are shown by default."""
    return Numbers(
        phone=rules.mask_phone(numbers.phone) if numbers.phone else None,
        identity=rules.mask_identity(numbers.identity) if numbers.identity else None,
    )


def cards(session: Session, ids: Sequence[int]) -> Mapping[int, PersonCard]:
    """Return what others may see of people, by id."""
    return store.cards(session, ids)


def id_of_account(session: Session, account: str) -> int:
    """Return the id of an account; raises Missing."""
    found = store.person_by_account(session, account)
    if found is None:
        raise Missing
    return found.id
