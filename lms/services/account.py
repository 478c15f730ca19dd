"""One's own account: what it holds, its sign-ins, and everything in one file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lms.domain import person as rules
from lms.domain.person import Person, RoleGrant
from lms.domain.signing_in import Login, spaced_code
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from lms.kernel.security import Seal
from lms.services import person as people
from lms.services import signing_in
from lms.store import person as store
from lms.store import role_grant as grants
from lms.store import signing_in as login_store

PersonalExport = Callable[[Session, int], object]
# What each package holds of a person, for her own export; filled when parts are mounted.
_exports: dict[str, PersonalExport] = {}


def register_personal_export(name: str, export: PersonalExport) -> None:
    """Let a package add what it holds of a person to her export."""
    _exports[name] = export


@dataclass(frozen=True, slots=True)
class Account:
    """One's own account."""

    person: Person
    grants: tuple[RoleGrant, ...]
    masked: people.Numbers
    logins: tuple[Login, ...]
    consents: tuple[tuple[str, datetime], ...]


def account(person_id: int, seal: Seal, now: datetime) -> Account:
    """Return one's own account, numbers masked."""
    with transaction() as session:
        return Account(
            person=people.existing(session, person_id),
            grants=tuple(grants.grants_of(session, person_id)),
            masked=people.masked(people.numbers_of(session, person_id, seal)),
            logins=tuple(login_store.logins_of(session, person_id, now)),
            consents=tuple(store.consents_of(session, person_id)),
        )


def export(person_id: int, seal: Seal, now: datetime) -> dict[str, object]:
    """Return everything the product holds of a person, for herself."""
    with transaction() as session:
        person = people.existing(session, person_id)
        numbers = people.numbers_of(session, person_id, seal)
        audit.record(session, actor_id=person_id, action="person.export", subject=f"person:{person_id}", now=now)
        return {
            "exported_at": now,
            "person": {
                "account": person.account,
                "name": person.name,
                "unit": person.unit_name,
                "post": person.post,
                "phone": numbers.phone,
                "identity": numbers.identity,
            },
            "roles": [{"role": held.role.value, "unit": held.unit_name} for held in grants.grants_of(session, person_id)],
            "consents": [{"version": version, "given_at": at} for version, at in store.consents_of(session, person_id)],
            "sign_ins": [{"device": login.device, "at": login.created_at} for login in login_store.logins_of(session, person_id, now)],
            **{name: collect(session, person_id) for name, collect in _exports.items()},
        }


def new_code(account_name: str, seal: Seal, now: datetime) -> str:
    """Make an activation code from the command line, as for the first manager; a password there was is gone."""
    with transaction() as session:
        person = store.person_by_account(session, rules.normal_account(account_name))
        if person is None:
            raise Missing
        login_store.end_all(session, person.id, now)
        audit.record(session, actor_id=None, action="person.new_code", subject=f"person:{person.id}", now=now)
        return spaced_code(signing_in.new_codes(session, [person.id], seal, now)[person.id])
