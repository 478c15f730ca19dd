"""The commands of media."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lms.kernel.cli import Group
from lms.kernel.refusal import Refusal
from media.domain.asset import REASONS
from media.services import asset as assets
from media.services import upload as service


@click.group(cls=Group)
def media() -> None:
    """Bring videos in."""


@media.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", default="", help="The video's title (default: the file's name); for one file.")
@click.option("--captions", "captions_path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its captions, WebVTT; for one file.")
@click.option("--lesson", "lesson_id", type=int, help="Attach what was imported to this lesson.")
@click.option("--into", help="The code of an announced video that this is the file of; for one file.")
@with_appcontext
def import_command(files: tuple[Path, ...], title: str, captions_path: Path | None, lesson_id: int | None, into: str | None) -> None:
    """Check video files, keep them, and queue their renditions; exits 1 when one is refused."""
    if len(files) > 1 and (title or captions_path or into):
        raise click.UsageError("--title, --captions and --into go with one file")
    refused = 0
    now = current_app.extensions["clock"].now
    for path in files:
        try:
            asset = service.import_file(path, now=now(), title=title, captions_path=captions_path, into=into)
            if lesson_id is not None:
                assets.attach_to_lesson(code=asset.code, lesson_id=lesson_id, actor_id=None, now=now())
        except Refusal as refusal:
            refused += 1
            click.echo(f"{path}: {_words(refusal)}", err=True)
        else:
            click.echo(f"{path}: {asset.code} {asset.title} ({asset.seconds} s)")
    if refused:
        raise SystemExit(1)


def _words(refusal: Refusal) -> str:
    reason = REASONS.get(str(refusal.facts.get("reason", "")))
    if reason:
        return f"{refusal.facts['reason']}: {reason[0]}{reason[1]}"
    line = refusal.facts.get("line")
    return f"{refusal.code}: {refusal.message}" + (f" (line {line})" if line else "")
