"""Granting roles and taking them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lms.domain import person as rules
from lms.domain.person import Person, RoleGrant
from lms.domain.unit import Unit, lies_in
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import Permission, Role
from lms.kernel.refusal import N_, Invalid, Missing
from lms.services import unit as units
from lms.store import person as people
from lms.store import role_grant as store
from lms.store import signing_in as login_store
from lms.store import unit as unit_store


class NoSuchAccount(Missing):
    """The account is mistyped."""

    code = "no_such_account"
    message = N_("没有这个账号，请核对。")


class NoSuchUnit(Missing):
    """No unit of one's scope has this name or code."""

    code = "no_such_unit"
    message = N_("您的管理范围内没有这个单位，请核对名称或代码。")


class SeveralUnits(Invalid):
    """More than one unit of one's scope has this name."""

    code = "several_units"
    message = N_("有几个单位叫这个名称，请填写其中一个的代码：")

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.places = places  # the name of the unit above each, and its code


def grant(actor_id: int | None, *, account: str, role: Role, unit: str, now: datetime) -> Person:
    """Grant a role for a unit, by its code or its name; the person signs in anew, so that no old token carries new rights.

    `actor_id` None is the command line, which stands outside the scopes.
    """
    with transaction() as session:
        place = _unit(session, unit.strip(), ["/"] if actor_id is None else units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE))
        person = people.person_by_account(session, rules.normal_account(account))
        if person is None:
            raise NoSuchAccount
        if actor_id is not None and role not in rules.grantable(store.grants_of(session, actor_id), place.path):
            raise rules.StandsAbove
        give(session, person_id=person.id, role=role, unit=place, by=actor_id, now=now)
    return person


def _unit(session: Session, words: str, scope: Sequence[str]) -> Unit:
    found = unit_store.called(session, words, scope)
    if not found:
        raise NoSuchUnit
    if len(found) > 1:
        above = {one.id: one.name for one in unit_store.by_ids(session, [one.parent_id for one in found if one.parent_id])}
        raise SeveralUnits([(above.get(one.parent_id or 0, ""), one.code) for one in found])
    return found[0]


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
