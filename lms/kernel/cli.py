"""The kernel's commands: clock, database, worker."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, with_appcontext

from lms.kernel import audit, installation, migrate
from lms.kernel.db import transaction
from lms.kernel.i18n import ZONE, to_utc
from lms.kernel.jobs import SLOTS
from lms.kernel.refusal import Refusal
from lms.kernel.settings import SettingsError


class Group(click.Group):
    """Commands that say what the rules refuse, and exit with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command of the group."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            raise click.ClickException(f"{refusal.code}: {refusal.message}") from None


@click.group(cls=Group)
def clock() -> None:
    """See or rehearse the clock."""


@clock.command("rehearse")
@click.option("--at", "at_text", help="An instant such as 2023-12-01T09:00+08:00.")
@click.option("--off", is_flag=True, help="Go back to the real time.")
@with_appcontext
def rehearse(at_text: str | None, off: bool) -> None:
    """Move this database's clock to another instant, for a rehearsal."""
    if off == bool(at_text):
        raise click.UsageError("give either --at INSTANT or --off")
    at = None
    if at_text:
        try:
            at = to_utc(datetime.fromisoformat(at_text))
        except (ValueError, OverflowError):
            raise click.BadParameter(f"{at_text!r} is not an instant such as 2023-12-01T09:00+08:00") from None
    real_now, _offset = installation.read_clock()
    with transaction() as session:
        installation.rehearse(session, at, real_now)
        audit.record(session, actor_id=None, action="clock.rehearse", subject="installation", now=real_now, at=at_text)
    click.echo(f"The clock shows {at.isoformat()}; every node follows within five seconds." if at else "The clock shows the real time.")


@clock.command("show")
@with_appcontext
def show() -> None:
    """Show the clock of this database."""
    instant, offset = installation.read_clock()
    click.echo(f"{(instant + offset).astimezone(ZONE).isoformat(timespec='seconds')} (rehearsal offset {offset})")


@click.group(cls=Group)
def database() -> None:
    """Prepare the database."""


@database.command("backup-restored")
@click.argument("taken")
@with_appcontext
def backup_restored(taken: str) -> None:
    """Say that a base backup taken at TAKEN (such as 2023-12-01T02:00+08:00) was restored elsewhere and checked; the board before an exam asks for it."""
    now, _offset = installation.read_clock()
    try:
        at = to_utc(datetime.fromisoformat(taken))
    except (ValueError, OverflowError):
        at = None
    if at is None or at > now:
        raise click.BadParameter(f"{taken!r} is not a past instant such as 2023-12-01T02:00+08:00")
    with transaction() as session:
        installation.set_fact(session, installation.RESTORED, at.isoformat())
        audit.record(session, actor_id=None, action="backup.restored", subject="installation", now=now, taken=at.isoformat())
    click.echo(f"The base backup of {at.astimezone(ZONE).isoformat(timespec='minutes')} is known to come back.")


@database.command("mark-live")
@with_appcontext
def mark_live() -> None:
    """Mark this database as live: rehearsals and demo data are refused from now on."""
    with transaction() as session:
        installation.rehearse(session, None, installation.read_clock()[0])
        installation.set_fact(session, "live", value=True)
    click.echo("This database is live.")


@database.command("migrate")
@with_appcontext
def migrate_command() -> None:
    """Bring the database to the newest schema, as the owner role."""
    migrate.upgrade(current_app.extensions["settings"].database_url)
    click.echo("The schema is up to date.")


@click.command()
@click.option("--queue", "queues", multiple=True, type=click.Choice(list(SLOTS)), help="Serve these queues only (default: all).")
@with_appcontext
def worker(queues: tuple[str, ...]) -> None:
    """Run jobs until stopped; each queue has slots of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    parts_jobs = tuple(job for part in app.extensions["parts"] for job in part.jobs)
    from lms.kernel.worker import work  # noqa: PLC0415 - who only serves pages need not load it

    work(app.extensions["settings"].database_app_url, parts_jobs, app.extensions["clock"].now, queues=queues)


@click.group(cls=Group)
def hours() -> None:
    """Answer for credited hours and marks."""


@hours.command("verify")
@with_appcontext
def verify() -> None:
    """Recompute everything from its evidence and name every difference; exits 1 when there is one."""
    differences = 0
    with transaction() as session:
        for part in current_app.extensions["parts"]:
            for verifier in part.verifiers:
                for sentence in verifier(session, current_app.extensions["clock"].now()):
                    differences += 1
                    click.echo(sentence)
    click.echo(f"{differences} differences")
    if differences:
        raise SystemExit(1)


class _Unset(dict[str, Any]):
    """What an app without settings holds: nothing, and whoever asks is told which setting is missing."""

    def __init__(self, missing: SettingsError) -> None:
        super().__init__()
        self._missing = missing

    def __missing__(self, name: str) -> Any:
        raise self._missing


def looks_for_commands() -> bool:
    """Tell whether the `flask` command asks for the app in order to find its commands."""
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)


def unset_app(commands: Iterable[click.Command], missing: SettingsError) -> Flask:
    """Return an app that has commands and no settings: those that need none run, the others say what is missing."""
    app = Flask("lms", static_folder=None)
    for command in (*COMMANDS, *commands):
        app.cli.add_command(command)
    app.extensions = _Unset(missing)
    return app


COMMANDS: tuple[click.Command, ...] = (clock, database, worker, hours)
