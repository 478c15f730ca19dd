"""Taking in rosters, undoing that, and making many people at once for rehearsals."""

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lms.domain import roster as rules
from lms.domain.roster import RosterFault, RosterLine
from lms.domain.signing_in import CONSENT_VERSION
from lms.domain.unit import Unit, UnitKind, lies_in
from lms.formats import roster as reader
from lms.kernel import audit, installation
from lms.kernel.db import Session, transaction
from lms.kernel.passwords import rehearsal_hash
from lms.kernel.permissions import Permission, Role
from lms.kernel.refusal import Missing
from lms.kernel.security import Seal
from lms.services import unit as units
from lms.services.person import identity_blind, pinyin_of
from lms.services.signing_in import phone_blind
from lms.store import roster as store
from lms.store import unit as unit_store
from lms.store.roster import Known, Newcomer, RosterImport, RosterImportRow

_KEPT = ("name", "name_pinyin", "unit_id", "post", "phone_sealed", "phone_blind", "identity_sealed", "identity_blind")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did or would do; with faults nothing is stored."""

    created: int
    changed: int
    unchanged: int
    faults: tuple[RosterFault, ...]
    import_id: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The units below the chosen one, by code, by name and by county."""

    top: Unit
    by_code: Mapping[str, Unit]
    by_name: Mapping[str, list[Unit]]
    counties: Mapping[str, str] = field(default_factory=dict)  # path → county name

    def find(self, line: RosterLine) -> Unit | str:
        """Return where a line belongs, or the code of what is wrong."""
        if line.school_code:
            return self.by_code.get(line.school_code) or "school_unknown"
        if not line.school:
            return self.top if self.top.kind in (UnitKind.SCHOOL, UnitKind.CLASS) else "school_missing"
        found = self.by_name.get(line.school, [])
        if len(found) > 1 and line.county:
            found = [unit for unit in found if any(unit.path.startswith(path) and line.county == name for path, name in self.counties.items())]
        if not found:
            return "school_unknown"
        return found[0] if len(found) == 1 else "school_ambiguous"


def take_in(actor_id: int | None, *, unit_code: str, file_name: str, body: bytes, dry_run: bool, seal: Seal, now: datetime) -> Imported:
    """Import a roster below a unit in one transaction; any fault leaves everything as it was.

    `actor_id` None is the command line, which stands outside the scopes.
    """
    reading = rules.read(reader.rows(body))
    with transaction() as session:
        unit = unit_store.unit_by_code(session, unit_code.strip())
        if unit is None or (actor_id is not None and not lies_in(unit.path, units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE))):
            raise Missing
        known = store.known(session, [line.account for line in reading.lines])
        homes = _homes(session, unit, reading)
        _check_owners(session, reading, known, unit, seal)
        new = [line for line in reading.lines if line.account not in known]
        changes = {} if reading.faults else _changes(reading.lines, known, homes, seal)
        unchanged = len(reading.lines) - len(new) - len(changes)
        if reading.faults or dry_run:
            return Imported(len(new), len(changes), unchanged, tuple(sorted(reading.faults, key=lambda fault: fault.row)))
        ids = store.insert_people(session, [_newcomer(line, homes[line.row].id, seal) for line in new], now)
        store.change_people(session, [{"id": person_id, **values} for person_id, (values, _old) in changes.items()])
        store.move_teachers(session, changes.keys())
        row = RosterImportRow(unit_id=unit.id, file_name=file_name[:200], imported_by=actor_id, imported_at=now, created=len(ids), changed=len(changes))
        import_id = store.record(session, row, ids, {person_id: old for person_id, (_values, old) in changes.items()})
        audit.record(session, actor_id=actor_id, action="roster.import", subject=f"roster_import:{import_id}", now=now, created=len(ids), changed=len(changes))
    return Imported(len(ids), len(changes), unchanged, (), import_id)


def _homes(session: Session, top: Unit, reading: rules.Reading) -> dict[int, Unit]:
    below = unit_store.units_in(session, [top.path])
    by_name: dict[str, list[Unit]] = defaultdict(list)
    for unit in below:
        if unit.kind in (UnitKind.SCHOOL, UnitKind.CLASS):
            by_name[unit.name].append(unit)
    counties = {unit.path: unit.name for unit in below if unit.kind is UnitKind.COUNTY}
    places = Places(top=top, by_code={unit.code: unit for unit in below}, by_name=by_name, counties=counties)
    homes: dict[int, Unit] = {}
    for line in reading.lines:
        found = places.find(line)
        if isinstance(found, str):
            reading.faults.append(RosterFault(line.row, rules.SYNONYMS["school"][0], found))
        else:
            homes[line.row] = found
    return homes


def _check_owners(session: Session, reading: rules.Reading, known: Mapping[str, Known], top: Unit, seal: Seal) -> None:
    blinds: dict[str, Callable[[RosterLine], bytes | None]] = {
        "phone": lambda line: phone_blind(seal, line.phone) if line.phone else None,
        "identity": lambda line: identity_blind(seal, line.identity) if line.identity else None,
    }
    for column, blind_of in blinds.items():
        wanted = {blind: line for line in reading.lines if (blind := blind_of(line))}
        for blind, owner in store.owners(session, column, wanted.keys()).items():
            if owner != wanted[blind].account:
                reading.faults.append(RosterFault(wanted[blind].row, rules.SYNONYMS[column][0], f"{column}_taken"))
    for line in reading.lines:
        there = known.get(line.account)
        if there and not there.unit_path.startswith(top.path):
            reading.faults.append(RosterFault(line.row, rules.SYNONYMS["account"][0], "elsewhere"))


def _newcomer(line: RosterLine, unit_id: int, seal: Seal) -> Newcomer:
    return Newcomer(
        account=line.account,
        name=line.name,
        name_pinyin=pinyin_of(line.name),
        unit_id=unit_id,
        post=line.post,
        phone_sealed=seal.close(line.phone) if line.phone else None,
        phone_blind=phone_blind(seal, line.phone) if line.phone else None,
        identity_sealed=seal.close(line.identity) if line.identity else None,
        identity_blind=identity_blind(seal, line.identity) if line.identity else None,
        roles=((Role.TEACHER, unit_id),),
    )


Change = tuple[dict[str, object], dict[str, object]]


def _changes(lines: Iterable[RosterLine], known: Mapping[str, Known], homes: Mapping[int, Unit], seal: Seal) -> dict[int, Change]:
    """Return for each known person the new values and the old ones; an empty cell changes nothing."""
    changes: dict[int, Change] = {}
    for line in lines:
        there = known.get(line.account)
        if there is None:
            continue
        fresh = _newcomer(line, homes[line.row].id, seal)
        values: dict[str, object] = {}
        if (fresh.name, fresh.unit_id) != (there.name, there.unit_id):
            values |= {"name": fresh.name, "name_pinyin": fresh.name_pinyin, "unit_id": fresh.unit_id}
        if fresh.post and fresh.post != there.post:
            values["post"] = fresh.post
        if fresh.phone_blind and fresh.phone_blind != there.phone_blind:
            values |= {"phone_sealed": fresh.phone_sealed, "phone_blind": fresh.phone_blind}
        if fresh.identity_blind and fresh.identity_blind != there.identity_blind:
            values |= {"identity_sealed": fresh.identity_sealed, "identity_blind": fresh.identity_blind}
        if values:
            # Every row gets the same columns, so that one statement changes them all.
            old = {name: getattr(there, name) for name in _KEPT}
            changes[there.id] = (old | values, {name: _plain(value) for name, value in old.items()})
    return changes


def _plain(value: object) -> object:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _restored(value: object) -> object:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing an import did: `kept` are people who have activated their accounts since."""

    deleted: int
    restored: int
    kept: int


def undo(actor_id: int | None, import_id: int, now: datetime) -> Undone:
    """Undo an import: whom it created goes, unless activated; whom it changed is as before."""
    with transaction() as session:
        row = store.locked(session, import_id)
        unit = unit_store.unit_of(session, row.unit_id) if row else None
        if row is None or unit is None:
            raise Missing
        if actor_id is not None and not lies_in(unit.path, units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)):
            raise Missing
        if row.undone_at:
            raise rules.ImportUndone
        if store.changed_later(session, import_id):
            raise rules.UndoTooLate
        befores = store.befores(session, import_id)
        store.change_people(session, [{"id": person_id, **{name: _restored(value) for name, value in old.items()}} for person_id, old in befores.items()])
        store.move_teachers(session, befores.keys())
        deleted = store.delete_created(session, import_id)
        row.undone_at = now
        audit.record(session, actor_id=actor_id, action="roster.undo", subject=f"roster_import:{import_id}", now=now, deleted=deleted)
        return Undone(deleted=deleted, restored=len(befores), kept=row.created - deleted)


def recent(actor_id: int) -> tuple[tuple[Unit, ...], tuple[RosterImport, ...]]:
    """Return the units at the top of one's scope and the newest imports."""
    with transaction() as session:
        scope = units.scope_of(session, actor_id, Permission.MANAGE_PEOPLE)
        return tuple(unit_store.by_paths(session, scope)), tuple(store.imports_in(session, scope))


@dataclass(frozen=True, slots=True)
class NewPerson:
    """One person for `bulk_load`: roles are pairs of role and unit code; without any she is a teacher of her own unit."""

    account: str
    name: str
    unit_code: str
    roles: tuple[tuple[Role, str], ...] = ()
    post: str = ""
    phone: str = ""
    identity: str = ""


def bulk_load(session: Session, newcomers: Iterable[NewPerson], *, password: str | None, seal: Seal, now: datetime) -> dict[str, int]:
    """Make many people at once and return their ids by account.

    With a password all share its one hash and have consented: for demos and load tests only, so a live database refuses.
    """
    hashed = None
    if password is not None:
        installation.require_rehearsal(session)
        hashed = rehearsal_hash(password)
    wanted = list(newcomers)
    codes = {one.unit_code for one in wanted} | {code for one in wanted for _role, code in one.roles}
    ids_by_code = unit_store.ids_by_code(session, codes)
    if missing := codes - ids_by_code.keys():
        raise Missing(units=sorted(missing)[:5])
    pinyins = {name: pinyin_of(name) for name in {one.name for one in wanted}}
    rows = [
        Newcomer(
            account=one.account,
            name=one.name,
            name_pinyin=pinyins[one.name],
            unit_id=ids_by_code[one.unit_code],
            post=one.post,
            phone_sealed=seal.close(one.phone) if one.phone else None,
            phone_blind=phone_blind(seal, one.phone) if one.phone else None,
            identity_sealed=seal.close(one.identity) if one.identity else None,
            identity_blind=identity_blind(seal, one.identity) if one.identity else None,
            password_hash=hashed,
            roles=tuple((role, ids_by_code[code]) for role, code in one.roles or ((Role.TEACHER, one.unit_code),)),
        )
        for one in wanted
    ]
    ids = store.insert_people(session, rows, now)
    if hashed:
        store.insert_consents(session, ids, CONSENT_VERSION, now)
    audit.record(session, actor_id=None, action="people.bulk_load", subject="installation", now=now, people=len(ids))
    return {one.account: person_id for one, person_id in zip(wanted, ids, strict=True)}
