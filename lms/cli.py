"""Commands of the platform."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lms.domain.enrolment import EnrolmentMissing
from lms.domain.programme import Fault, FaultyProgrammeError
from lms.domain.unit import UnitKind
from lms.kernel.cli import Group
from lms.kernel.db import transaction
from lms.kernel.i18n import ZONE
from lms.kernel.permissions import Role
from lms.kernel.security import Seal
from lms.services import account as accounts
from lms.services import certificate as certificate_service
from lms.services import enrolment as enrolments
from lms.services import person as persons
from lms.services import programme_version as programmes
from lms.services import role_grant as role_grants
from lms.services import roster as rosters
from lms.services import signing_key
from lms.services import unit as units


@click.group(cls=Group)
def programme() -> None:
    """Check, load and compare programme files."""


def _text(path: Path) -> str:
    """Read a file as UTF-8; what cannot be read ends the command with 2."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text (byte {error.start})"
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
    click.echo(message, err=True)
    raise SystemExit(2)


def _tell(path: Path, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        click.echo(f"{path}:{fault.line}: {fault.path or '-'}: {fault.message} [{fault.code}]")
    click.echo(f"{len(faults)} faults" if faults else "no faults")


@programme.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--courses", "with_courses", is_flag=True, help="Compare the hours asked with the published courses.")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
@with_appcontext
def check(file: Path, with_courses: bool, as_json: bool) -> None:
    """List every fault of a programme file; exits 1 when there is one, 2 when the file cannot be read."""
    faults = programmes.check(_text(file), with_courses=with_courses)
    if as_json:
        listed = [{"path": one.path, "line": one.line, "code": one.code, "message": one.message} for one in faults]
        click.echo(json.dumps({"faults": listed}, ensure_ascii=False, indent=2))
    else:
        _tell(file, faults)
    if faults:
        raise SystemExit(1)


@programme.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@with_appcontext
def load(file: Path) -> None:
    """Make a file the newest version of its programme and say what changes and whom it touches."""
    try:
        loaded = programmes.load(_text(file), now=current_app.extensions["clock"].now())
    except FaultyProgrammeError as error:
        _tell(file, error.faults)
        raise SystemExit(1) from None
    version = loaded.version
    if not loaded.is_new:
        click.echo(f"{version.code}: version {version.number} holds this text already; nothing changed")
        return
    click.echo(f"{version.code}: version {version.number} is in force")
    for change in loaded.changes:
        click.echo(f"  {change}")
    for city, number in sorted(loaded.touched.items()):
        click.echo(f"  {city}: {number} enrolled")
    if version.number > 1:
        click.echo(f"{len(loaded.changes)} changes, {sum(loaded.touched.values())} people enrolled; what they earned keeps its worth")


@programme.command("diff")
@click.argument("file", type=click.Path(path_type=Path))
@with_appcontext
def diff(file: Path) -> None:
    """List what a file would change in the version in force."""
    try:
        changes = programmes.compare(_text(file))
    except FaultyProgrammeError as error:
        _tell(file, error.faults)
        raise SystemExit(1) from None
    for change in changes:
        click.echo(str(change))
    click.echo(f"{len(changes)} changes")


@click.group(cls=Group)
def people() -> None:
    """Take in rosters, add units, grant roles."""


@people.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--unit", "unit_code", required=True, help="The code of the unit that the people belong to or under.")
@click.option("--dry-run", is_flag=True, help="Check only.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@with_appcontext
def import_roster(file: Path, unit_code: str, dry_run: bool, as_json: bool) -> None:
    """Take a roster in, or list every fault of it; exits 1 when there is one."""
    settings = current_app.extensions["settings"]
    outcome = rosters.take_in(
        None,
        unit_code=unit_code,
        file_name=file.name,
        body=file.read_bytes(),
        dry_run=dry_run,
        seal=Seal(settings.field_key),
        now=current_app.extensions["clock"].now(),
    )
    if as_json:
        faults = [{"row": fault.row, "heading": fault.heading, "code": fault.code, "message": fault.message} for fault in outcome.faults]
        counts = {"created": outcome.created, "changed": outcome.changed, "unchanged": outcome.unchanged, "import": outcome.import_id}
        click.echo(json.dumps({**counts, "faults": faults}, ensure_ascii=False, indent=2))
    else:
        for fault in outcome.faults:
            click.echo(f"{file}:{fault.row}: {fault.heading or '-'}: {fault.message} [{fault.code}]")
        stored = f"import {outcome.import_id}" if outcome.import_id else "nothing stored"
        click.echo(f"{outcome.created} new, {outcome.changed} changed, {outcome.unchanged} unchanged, {len(outcome.faults)} faults; {stored}")
    if outcome.faults:
        raise SystemExit(1)


@people.command("undo")
@click.argument("import_id", type=int)
@with_appcontext
def undo_roster(import_id: int) -> None:
    """Undo an import."""
    done = rosters.undo(None, import_id, current_app.extensions["clock"].now())
    click.echo(f"{done.deleted} deleted, {done.restored} restored, {done.kept} kept because they are activated")


@people.command("unit")
@click.argument("code")
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in UnitKind]), required=True)
@click.option("--parent", help="The code of the unit above; none for the province.")
@with_appcontext
def add_unit(code: str, name: str, kind: str, parent: str | None) -> None:
    """Add a unit to the tree."""
    with transaction() as session:
        units.add(session, parent=parent, kind=UnitKind(kind), code=code, name=name)
    click.echo(f"{name} ({code})")


@people.command("grant")
@click.argument("account")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--unit", required=True, help="The code or name of the unit where the role holds.")
@with_appcontext
def grant_role(account: str, role: str, unit: str) -> None:
    """Grant a role, such as the first province manager's."""
    role_grants.grant(None, account=account, role=Role(role), unit=unit, now=current_app.extensions["clock"].now())
    click.echo(f"{account} is {role} of {unit}")


@people.command("code")
@click.argument("account")
@with_appcontext
def new_code(account: str) -> None:
    """Make an activation code for one account; a password it had is gone."""
    settings = current_app.extensions["settings"]
    code = accounts.new_code(account, Seal(settings.field_key), current_app.extensions["clock"].now())
    click.echo(code)


@people.command("window")
@click.argument("account")
@click.option("--programme", "programme_code", required=True)
@click.option("--from", "opens", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "closes", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--reason", required=True, help="Illness, leave or transfer.")
@with_appcontext
def personal_window(account: str, programme_code: str, opens: datetime, closes: datetime, reason: str) -> None:
    """Give a learner another window beside her city's."""
    with transaction() as session:
        enrolment = enrolments.of_person(session, persons.id_of_account(session, account), programme_code)
        if enrolment is None:
            raise EnrolmentMissing
        enrolments.grant_personal_window(
            session,
            enrolment_id=enrolment.id,
            opens=opens.replace(tzinfo=ZONE),
            closes=closes.replace(tzinfo=ZONE) + timedelta(days=1),
            reason=reason,
            granted_by=None,
            now=current_app.extensions["clock"].now(),
        )
    click.echo(f"{account} may earn hours from {opens:%Y-%m-%d} to {closes:%Y-%m-%d}")


@click.group(cls=Group)
def certificates() -> None:
    """Answer for certificates."""


@certificates.command("list")
@click.argument("account")
@with_appcontext
def list_certificates(account: str) -> None:
    """List the certificates of one account."""
    for held in certificate_service.held_by_account(account):
        click.echo(f"{held.certificate.id}\t{held.certificate.serial}\t{held.certificate.code}\t{held.standing}")


@certificates.command("revoke")
@click.argument("certificate_id", type=int)
@click.option("--reason", required=True)
@with_appcontext
def revoke_certificate(certificate_id: int, reason: str) -> None:
    """Revoke a certificate; the check page says so at once."""
    with transaction() as session:
        certificate_service.revoke(session, certificate_id, reason=reason, actor_id=None, now=current_app.extensions["clock"].now())
    click.echo(f"certificate {certificate_id} is revoked")


@certificates.command("reissue")
@click.argument("certificate_id", type=int)
@click.option("--reason", required=True)
@with_appcontext
def reissue_certificate(certificate_id: int, reason: str) -> None:
    """Replace a certificate by a new edition."""
    with transaction() as session:
        issued = certificate_service.reissue(session, certificate_id, reason=reason, actor_id=None, now=current_app.extensions["clock"].now())
    click.echo(f"certificate {issued} replaces {certificate_id}")


@certificates.command("rotate-key")
@with_appcontext
def rotate_key() -> None:
    """Make a new signing key; what older keys signed still verifies."""
    click.echo(signing_key.rotate(actor_id=None, now=current_app.extensions["clock"].now()))
