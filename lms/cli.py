"""Commands of the platform."""

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lms.domain.programme import Fault, FaultyProgrammeError
from lms.kernel.refusal import Refusal
from lms.services import programme as programmes


@click.group()
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
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
    for change in changes:
        click.echo(str(change))
    click.echo(f"{len(changes)} changes")
