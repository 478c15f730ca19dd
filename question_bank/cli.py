"""`flask bank`: banks made, files imported, reviews done in bulk by named people."""

import json
from pathlib import Path
from typing import NoReturn

import click
import structlog
from flask import current_app
from flask.cli import with_appcontext

from lms.kernel.cli import Group
from lms.kernel.permissions import Permission
from lms.kernel.refusal import Refusal
from question_bank.domain.item import Pool
from question_bank.domain.staging import Report, Verdict
from question_bank.formats import apart
from question_bank.formats.reading import FORMATS
from question_bank.formats.unreadable import ImportBroke
from question_bank.formats.writing import WRITERS
from question_bank.services import analysis as analyses
from question_bank.services import author as authors
from question_bank.services import bank as banks
from question_bank.services import exchange, review
from question_bank.services.background import SECONDS

_log = structlog.get_logger()


@click.group(cls=Group)
def bank() -> None:
    """Keep the question bank."""


@bank.command("create")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--topic", "topics", multiple=True, metavar="CODE=NAME", help="A topic and its name; repeat for each.")
@with_appcontext
def create(code: str, name: str, topics: tuple[str, ...]) -> None:
    """Make a bank, or rename it and its topics."""
    pairs = dict(topic.split("=", 1) for topic in topics if "=" in topic)
    if len(pairs) < len(topics):
        raise click.BadParameter("write each topic as CODE=NAME, once")
    banks.create(code, name, current_app.extensions["clock"].now(), pairs)
    click.echo(f"{code}: {name}, {len(pairs)} topics")


@bank.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bank", "code", required=True, help="The bank's code; a new one is made.")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Overrides the guess from the content.")
@click.option("--dry-run", is_flag=True, help="Judge every row, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--author", "account", help="The account that answers for the items; without one, the operator's import.")
@click.option("--pool", type=click.Choice([pool.value for pool in Pool]), help="The pool of rows that name none.")
@click.option("--update", "as_updates", is_flag=True, help="Rows are the next version of the item of their number, however little alike.")
@with_appcontext
def import_(  # noqa: PLR0917 - click's
    file: Path, code: str, format_: str | None, dry_run: bool, as_json: bool, account: str | None, pool: str | None, as_updates: bool
) -> None:
    """Import items from a file; exits 0 when all were accepted, 1 when some were refused, 2 when the file cannot be read."""
    try:
        author_id = authors.id_of_account(account) if account else None
        read = apart.read(file.read_bytes(), format_ or "", seconds=SECONDS)
        now = current_app.extensions["clock"].now()
        report = exchange.take_in(code, read, author_id=author_id, now=now, pool=pool or "", dry_run=dry_run, as_updates=as_updates)
    except Refusal as refusal:
        _unread(file, refusal, as_json=as_json)
    except Exception:  # noqa: BLE001 - scripts tell by the exit code: 1 means that some rows were refused
        _log.exception("import_broke", file=file.name)
        _unread(file, ImportBroke(), as_json=as_json)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
        click.echo("".join(f"{line}\n" for line in _changes(report)), nl=False, err=True)
    else:
        click.echo(_told(report, dry_run=dry_run))
    raise SystemExit(1 if report.count(Verdict.REFUSED) else 0)


def _unread(file: Path, refusal: Refusal, *, as_json: bool) -> NoReturn:
    if as_json:
        empty: dict[str, object] = {"format": "", "read": 0, "accepted": 0, "refused": [], "losses": [], "twins": []}
        empty["refused"] = [{"place": file.name, "code": refusal.code, "message": refusal.message}]
        click.echo(json.dumps(empty, ensure_ascii=False))
    else:
        click.echo(f"{refusal.code}: {refusal.message}", err=True)
    raise SystemExit(2)


def _told(report: Report, *, dry_run: bool) -> str:
    lines = [
        f"{report.format}: {len(report.lines)} read, {report.count(Verdict.NEW)} new, {report.count(Verdict.CHANGE)} changed, "
        f"{report.count(Verdict.SAME)} unchanged, {report.count(Verdict.REFUSED)} refused{' (nothing written)' if dry_run else ''}"
    ]
    lines += [f"  {line.draft.place}: {each.code} {each.message}" for line in report.lines for each in line.faults]
    lines += _changes(report)
    lines += [f"  {loss.place}: {loss.what}" for loss in report.losses]
    lines += [f"  {line.draft.place}: {line.likeness}% like {report.alike(line)}" for line in report.lines if report.alike(line)]
    return "\n".join(lines)


def _changes(report: Report) -> list[str]:
    """Return a line for each row that is the next version of an item with other words: its number may have meant another question."""
    changed = (line for line in report.lines if line.has_twins_number and line.verdict is Verdict.CHANGE)
    return [f"  {line.draft.place}: changes {line.name}, {line.likeness}% alike" for line in changed]


@bank.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--bank", "code", required=True)
@click.option("--format", "form", type=click.Choice(tuple(WRITERS)), default="excel", show_default=True)
@click.option("--as", "account", help="The account that sees the keys; without one, the operator.")
@with_appcontext
def export(file: Path, code: str, form: str, account: str | None) -> None:
    """Write a bank into a file that imports back as it is."""
    person_id = authors.id_of_account(account) if account else None
    found = exchange.export(code, person_id=person_id, now=current_app.extensions["clock"].now(), form=form)
    file.write_bytes(found.content)
    click.echo("\n".join([f"{file.name}: {len(found.content)} bytes", *(f"  {loss.place}: {loss.what}" for loss in found.losses)]))


@bank.command("submit")
@click.option("--bank", "code", required=True)
@click.option("--as", "account", required=True, help="The author's account.")
@with_appcontext
def submit(code: str, account: str) -> None:
    """Hand every draft of a bank to the reviewers."""
    outcome = review.submit_all(code, person_id=authors.id_of_account(account), now=current_app.extensions["clock"].now())
    left = f", {outcome.sent_back} sent back and not changed since" if outcome.sent_back else ""
    click.echo(f"{outcome.done} submitted{left}")


@bank.command("approve")
@click.option("--bank", "code", required=True)
@click.option("--as", "account", required=True, help="The reviewer's account; nobody approves what they wrote.")
@with_appcontext
def approve(code: str, account: str) -> None:
    """Approve every item in review, each by a review of its own."""
    reviewer = authors.id_of_account(account, Permission.REVIEW_ITEMS)
    outcome = review.approve_all(code, reviewer_id=reviewer, now=current_app.extensions["clock"].now())
    click.echo(f"{outcome.done} approved, {len(outcome.refused)} refused")
    for name, code_ in outcome.refused:
        click.echo(f"  {name}: {code_}")
    raise SystemExit(1 if outcome.refused else 0)


@bank.command("analyse")
@click.option("--responses", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV: a row a person, a column an item.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV of item,key; without it, a row named KEY, or 0 and 1.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def analyse(file: Path, key: Path | None, as_json: bool) -> None:
    """Analyse the responses to a test; exits 0 when all were read, 1 when some were not, 2 when the file cannot be read."""
    try:
        report = analyses.of_file(file.read_bytes(), key.read_bytes() if key else None)
    except Refusal as refusal:
        empty = {"people": 0, "items": [], "refused": [{"place": file.name, "code": refusal.code, "message": refusal.message}]}
        click.echo(json.dumps(empty, ensure_ascii=False) if as_json else f"{refusal.code}: {refusal.message}", err=not as_json)
        raise SystemExit(2) from None
    click.echo(report.as_json() if as_json else report.as_text())
    raise SystemExit(1 if report.faulty else 0)
