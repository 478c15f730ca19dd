"""Commands of the exam engine: flask exam list | assemble | sweep | release."""

from dataclasses import asdict
from time import perf_counter

import click
import msgspec
from flask.cli import with_appcontext

from exam.services import assembly, attempt, result
from exam.services import exam as exams
from lms.kernel import request as current
from lms.kernel.refusal import Refusal


@click.group()
def exam() -> None:
    """Assemble papers, end overdue attempts, release results."""


@exam.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_exams(as_json: bool) -> None:
    """List the exams."""
    rows = [
        {"code": one.code, "title": one.title, "programme": one.programme_code, "opens": one.opens, "closes": one.closes, "minutes": one.minutes,
         "items": one.items, "points": one.points / 100, "state": one.state}
        for one in exams.all_exams()
    ]  # fmt: skip
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    for row in rows:
        click.echo(f"{row['code']}\t{row['state']}\t{row['title']}")


@exam.command("assemble")
@click.argument("code")
@click.option("--papers", required=True, type=click.IntRange(1, 1_000_000), help="How many papers.")
@click.option("--seed", type=int, default=None, help="Replay a seed; without it a fresh one is drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def assemble(code: str, papers: int, seed: int | None, as_json: bool) -> None:
    """Draw papers for an exam and print how equal they are."""
    began = perf_counter()
    try:
        made = assembly.assemble(code, papers=papers, seed=seed, now=current.clock().now())
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.message} {refusal.facts}") from None
    found = asdict(made.statistics)
    answer = {
        "papers": found["papers"],
        "seconds": round(perf_counter() - began, 2),
        "pool": found["pool"],
        "expected_score": found["expected_score"],
        "plain_sd": found["plain_sd"],
        "information_sd": found["information_sd"],
        "exposure": {"max": found["exposure_max"], "mean": found["exposure_mean"]},
        "overlap": {"mean": found["overlap_mean"], "max": found["overlap_max"]},
        "rejected": found["rejected"],
        "hash": made.hash,
    }
    if as_json:
        click.echo(msgspec.json.encode(answer))
        return
    for name, value in answer.items():
        click.echo(f"{name}: {value}")


@exam.command("sweep")
@with_appcontext
def sweep() -> None:
    """End overdue attempts and score what has no result."""
    now = current.clock().now()
    click.echo(f"{attempt.finalise_overdue(now)} attempts ended, {result.score_outstanding(now)} scored.")


@exam.command("release")
@click.argument("code")
@with_appcontext
def release(code: str) -> None:
    """Release the results of an exam to its learners and their grade sheets."""
    try:
        click.echo(f"{result.release(code, actor_id=None, now=current.clock().now())} results released.")
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
