"""Reading the audit: who did what, inside one's scope."""

from dataclasses import dataclass, replace

from lms.domain.audit import Asked, Entry
from lms.domain.person import normal_account
from lms.domain.unit import UnitKind
from lms.kernel.db import reading
from lms.kernel.permissions import Permission
from lms.services import unit as units
from lms.store import audit as store
from lms.store import person as people
from lms.store import unit as unit_store

PAGE = 50


@dataclass(frozen=True, slots=True)
class Read:
    """One page of the audit, the newest first; `before` leads to the next."""

    entries: tuple[Entry, ...] = ()
    before: int | None = None


def read(actor_id: int, asked: Asked, *, account: str = "", before: int | None = None) -> Read:
    """Return the acts that are looked for; what no person did is shown to whoever sees all of the province."""
    with reading() as session:
        scope = units.scope_of(session, actor_id, Permission.AUDIT)
        if account:
            person = people.person_by_account(session, normal_account(account))
            if person is None:
                return Read()
            asked = replace(asked, person_id=person.id)
        whole = any(unit.kind is UnitKind.PROVINCE for unit in unit_store.by_paths(session, scope))
        found = store.entries(session, scope, asked, unnamed=whole, before=before, limit=PAGE + 1)
    return Read(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None)
