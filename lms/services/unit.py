"""The tree and its scopes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lms.domain import hours
from lms.domain.person import Person
from lms.domain.unit import Unit, UnitKind, lies_in, outermost
from lms.kernel.db import Session, transaction
from lms.kernel.permissions import GRANTS, Permission
from lms.kernel.refusal import N_, Conflict, Invalid, Missing
from lms.services import programme as programmes
from lms.store import person as person_store
from lms.store import role_grant as role_grants
from lms.store import unit as store

_ORDER = list(UnitKind)
PAGE = 50


class CodeTaken(Conflict):
    """Another unit has this code."""

    code = "unit_code_taken"
    message = N_("这个单位代码已被使用。")


class WrongLevel(Invalid):
    """A unit cannot stand below one of the same or a lower level."""

    code = "wrong_level"
    message = N_("下级单位的层级必须低于上级单位。")


def add(session: Session, *, parent: str | None, kind: UnitKind, code: str, name: str) -> Unit:
    """Add a unit below the unit with code `parent`; levels may be skipped, never turned round."""
    above = store.unit_by_code(session, parent) if parent else None
    if parent and above is None:
        raise Missing
    if above and _ORDER.index(kind) <= _ORDER.index(above.kind):
        raise WrongLevel
    if store.unit_by_code(session, code):
        raise CodeTaken(code=code)
    return store.add(session, parent=above, kind=kind, code=code, name=name)


def ensure(session: Session, *, parent: str | None, kind: UnitKind, code: str, name: str) -> Unit:
    """Return the unit with this code, added if it is not there."""
    return store.unit_by_code(session, code) or add(session, parent=parent, kind=kind, code=code, name=name)


def scope_of(session: Session, person_id: int, permission: Permission) -> tuple[str, ...]:
    """Return the paths of the units for which a person holds the permission."""
    grants = role_grants.grants_of(session, person_id)
    return outermost(grant.unit_path for grant in grants if permission in GRANTS[grant.role])


def holders_of(session: Session, permission: Permission) -> list[int]:
    """Return the active people who hold the permission somewhere."""
    return role_grants.holders(session, [role for role, held in GRANTS.items() if permission in held])


def in_scope(session: Session, person_id: int, permission: Permission, target_person_id: int) -> bool:
    """Tell whether a person holds the permission for the unit another belongs to."""
    path = person_store.path_of(session, target_person_id)
    return path is not None and lies_in(path, scope_of(session, person_id, permission))


def school_path(session: Session, person_id: int) -> str | None:
    """Return the path of the school a person belongs to, of her class where no school stands above it; None for who stands above schools."""
    ids = (person_store.path_of(session, person_id) or "/").strip("/").split("/")
    above = store.by_paths(session, [f"/{'/'.join(ids[: at + 1])}/" for at in range(len(ids))])
    by_kind = {unit.kind: unit.path for unit in above}
    return by_kind.get(UnitKind.SCHOOL) or by_kind.get(UnitKind.CLASS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one stands in the tree: a unit of one's scope (None: above its tops), what leads to it, and what lies below."""

    unit: Unit | None
    above: tuple[Unit, ...]
    below: tuple[Unit, ...]
    scope: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of all that lies here."""
        return self.scope if self.unit is None else (self.unit.path,)


def place(session: Session, person_id: int, permission: Permission, unit_id: int | None) -> Place:
    """Return a place of a person's scope, its top without an id; one outside is missing."""
    scope = scope_of(session, person_id, permission)
    tops = store.by_paths(session, scope)
    unit = store.unit_of(session, unit_id) if unit_id else tops[0] if len(tops) == 1 else None
    if unit is None and unit_id is None:
        return Place(None, (), tuple(tops), scope)
    if unit is None or not lies_in(unit.path, scope):
        raise Missing
    above = tuple(other for other in store.ancestors(session, unit) if lies_in(other.path, scope))
    return Place(unit, above, tuple(store.children(session, unit.id)), scope)


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit with how many people it has and how many of them are activated."""

    unit: Unit
    people: int
    activated: int


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit with its ancestors inside the reader's scope and the units below it."""

    unit: Unit
    people: int
    activated: int
    above: tuple[Unit, ...]
    below: tuple[UnitLine, ...]


def tops(person_id: int, permission: Permission) -> tuple[UnitLine, ...]:
    """Return the units at the top of a person's scope."""
    with transaction() as session:
        found = store.by_paths(session, scope_of(session, person_id, permission))
        return _lines(session, found)


def view(person_id: int, permission: Permission, unit_id: int) -> UnitView:
    """Return a unit of a person's scope; one outside is missing."""
    with transaction() as session:
        scope = scope_of(session, person_id, permission)
        unit = store.unit_of(session, unit_id)
        if unit is None or not lies_in(unit.path, scope):
            raise Missing
        above = tuple(other for other in store.ancestors(session, unit) if lies_in(other.path, scope))
        own, *below = _lines(session, [unit, *store.children(session, unit_id)])
        return UnitView(unit=unit, people=own.people, activated=own.activated, above=above, below=tuple(below))


def _lines(session: Session, units: list[Unit]) -> tuple[UnitLine, ...]:
    counts = person_store.counts_by_unit(session, [unit.path for unit in units])
    return tuple(UnitLine(unit, *counts[unit.path]) for unit in units)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner is in the programme she enrolled in last, in credit hours (or lessons, as the programme counts)."""

    earned: Decimal
    required: Decimal
    complete: bool


@dataclass(frozen=True, slots=True)
class Members:
    """One page of the people of a unit, when each last signed in and how far each is."""

    people: tuple[Person, ...]
    last_sign_ins: Mapping[int, datetime]
    progress: Mapping[int, Progress]
    more: bool


def members(actor_id: int, unit_id: int, *, activated: bool | None, behind: bool, after: int | None) -> Members:
    """Return the people of a unit that one looks after; `behind` leaves those whose hours are not complete."""
    with transaction() as session:
        unit = store.unit_of(session, unit_id)
        if unit is None or not lies_in(unit.path, scope_of(session, actor_id, Permission.MANAGE_CLASS)):
            raise Missing
        found = person_store.search(session, [unit.path], words="", activated=activated, behind=behind, after=after, limit=PAGE + 1)
        shown = tuple(found[:PAGE])
        ids = [person.id for person in shown]
        return Members(
            people=shown,
            last_sign_ins=person_store.last_sign_ins(session, ids),
            progress=_progress(session, ids),
            more=len(found) > PAGE,
        )


def _progress(session: Session, ids: Sequence[int]) -> dict[int, Progress]:
    sums = person_store.sums_of(session, ids)
    found, known = {}, programmes.by_code(session) if sums else {}
    for person_id, code, kinds, online, offline in sums:
        rule = known[code].asked_of(kinds).hours
        found[person_id] = Progress(
            earned=hours.online_hours(rule, online) + hours.offline_hours(rule, offline),
            required=rule.online + rule.offline,
            complete=hours.online_complete(rule, online) and hours.offline_complete(rule, offline),
        )
    return found
