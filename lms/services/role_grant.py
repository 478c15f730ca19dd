"""Granting roles and taking them back."""

from dataclasses import dataclass
from datetime import datetime

from lms.domain import person as rules
from lms.domain.person import Person, RoleGrant
from lms.domain.unit import Unit, lies_in
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission, Role
from lms.kernel.refusal import Missing
from lms.services import unit as units
from lms.store import person as people
from lms.store import role_grant as store
from lms.store import signing_in as login_store
from lms.store import unit as unit_store


def grant(actor_id: int | None, *, account: str, role: Role, unit_code: str, now: datetime) -> Person:
    """Grant a role for a unit; the person signs in anew, so that no old token carries new rights.

    `actor_id` None is the command line, which stands outside the scopes.
    """
    with transaction() as session:
        unit = unit_store.unit_by_code(session, unit_code.strip())
        person = people.person_by_account(session, rules.normal_account(account))
        if unit is None or person is None:
            raise Missing
        if actor_id is not None:
            if not lies_in(unit.path, units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)):
                raise Missing
            if role not in rules.grantable(store.grants_of(session, actor_id), unit.path):
                raise rules.StandsAbove
        give(session, person_id=person.id, role=role, unit=unit, by=actor_id, now=now)
    return person


def give(session: Session, *, person_id: int, role: Role, unit: Unit, by: int | None, now: datetime) -> None:
    """Write a grant with its audit; no check of who grants."""
    if not store.add_grant(session, person_id=person_id, role=role, unit_id=unit.id, by=by, now=now):
        raise rules.AlreadyGranted
    login_store.end_all(session, person_id, now)
    audit.record(session, actor_id=by, action="role.grant", subject=f"person:{person_id}", now=now, role=role.value, unit=unit.code)


def take_back(actor_id: int, *, person_id: int, grant_id: int, now: datetime) -> None:
    """Take a role back."""
    with transaction() as session:
        own = store.grants_of(session, actor_id)
        scope = units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)
        held = next((held for held in store.grants_of(session, person_id) if held.id == grant_id), None)
        if held is None or not lies_in(held.unit_path, scope):
            raise Missing
        if held.role not in rules.grantable(own, held.unit_path):
            raise rules.StandsAbove
        store.remove_grant(session, grant_id)
        login_store.end_all(session, person_id, now)
        audit.record(session, actor_id=actor_id, action="role.take_back", subject=f"person:{person_id}", now=now, role=held.role.value, unit_id=held.unit_id)


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody with a role in one's scope, and the roles one may grant."""

    lines: tuple[tuple[Person, RoleGrant], ...]
    roles: tuple[Role, ...]


def staff(actor_id: int) -> Staff:
    """Return the roles of one's scope."""
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)
        own = store.grants_of(session, actor_id)
        roles = {role for path in scope for role in rules.grantable(own, path) if role is not Role.TEACHER}
        return Staff(lines=tuple(store.staff_in(session, scope)), roles=tuple(role for role in Role if role in roles))
