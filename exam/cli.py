"""Commands of the exam engine."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from tomllib import TOMLDecodeError, loads
from typing import Any

import click
import msgspec
from flask import current_app
from flask.cli import ScriptInfo, with_appcontext

from exam.domain.blueprint import Blueprint, BlueprintFaulty, from_mapping, hundredths
from exam.domain.exam import Counts, Release, WindowRule
from exam.domain.preflight import Light
from exam.domain.safe_exam_browser import keys_of
from exam.formats import archive as archives
from exam.services import adjustment, analysis, archive, assembly, attempt, exam_settings, posting, scoring
from exam.services import exam as exams
from exam.services import preflight as preflights
from exam.services import quiz as quizzes
from exam.services import timeline as timelines
from exam.services.exam import ExamFrozen
from exam.services.preflight import sentence
from lms.kernel import request as current
from lms.kernel.cli import Group
from lms.kernel.i18n import ZONE, to_utc
from lms.kernel.refusal import Refusal
from question_bank.domain.scoring import MultiplePolicy


@click.group(cls=Group)
def exam() -> None:
    """Set exams up, assemble papers, end overdue attempts, release results."""


class Instant(click.ParamType):  # type: ignore[type-arg]
    """An instant such as 2024-01-01T09:00, in China's time unless it names another."""

    name = "instant"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read an instant."""
        try:
            return to_utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not an instant such as 2024-01-01T09:00", param, ctx)


@exam.command("create")
@click.argument("programme")
@click.option("--bank", "bank_code", required=True, help="The bank its papers are drawn from.")
@click.option("--blueprint", required=True, help="CODE, CODE@VERSION, the name of a bundled one, or a TOML file.")
@click.option("--code", help="The exam's code; made from the programme's unless given.")
@click.option("--title", help="This and all that follow: as the programme's file says unless given.")
@click.option("--opens", type=Instant(), metavar="INSTANT", help="Such as 2024-01-01T09:00.")
@click.option("--closes", type=Instant(), metavar="INSTANT")
@click.option("--minutes", type=int, help="The time limit.")
@click.option("--window-rule", type=click.Choice([str(one) for one in WindowRule]), help="Whether one must start or finish inside the window.")
@click.option("--attempts", type=int, help="How often a person may sit it.")
@click.option("--wait-days", type=int, help="Between two attempts.")
@click.option("--counts", type=click.Choice([str(one) for one in Counts]), help="Which attempt counts.")
@click.option("--multiple", type=click.Choice([str(one) for one in MultiplePolicy]), help="How multiple choice is scored.")
@click.option("--pass-points", metavar="POINTS", help="Points to pass, such as 60 or 62.5, where the exam has a pass mark of its own.")
@click.option("--component", help="The part of the total that it gives.")
@click.option("--requires-learning/--open-to-all", default=None, help="Whether the hours must be complete first.")
@click.option("--release", type=click.Choice([str(one) for one in Release]), help="Results at once or by hand.")
@click.option("--asks-identity/--asks-no-identity", default=None, help="Whether an invigilator confirms everybody first.")
@click.option("--keeps-offline/--keeps-nothing", default=None, help="Whether unsent answers may lie, sealed, on the device.")
@click.option("--config-key", "config_keys", multiple=True, help="Of Safe Exam Browser, which is then required; may be repeated.")
@click.option("--browser-exam-key", "browser_exam_keys", multiple=True, help="The same, of a version of that browser; may be repeated.")
@click.option("--browser-configuration", help="The address of that browser's configuration.")
@click.option("--starts-per-second", type=float, help="The rate of the waiting room; 0: none.")
@with_appcontext
def create(programme: str, bank_code: str, blueprint: str, **given: Any) -> None:
    """Set an exam of PROGRAMME up; exits 1 and names every setting that cannot stand."""
    wanted = {name: KINDS.get(name, _same)(value) for name, value in given.items() if value is not None}
    try:
        draft = exam_settings.asked(programme)
        code = wanted.pop("code", draft.code)
        policy = {name: wanted.pop(name) for name in ("wait_days", "counts", "multiple") if name in wanted}
        settings = replace(draft.settings, bank_code=bank_code, policy=replace(draft.settings.policy, **policy), **wanted)
        draft = replace(draft, code=code, settings=settings, blueprint=_named(blueprint))
        exam_settings.create(draft, actor_id=None, now=current.clock().now())
    except Refusal as refusal:
        faults: Any = refusal.facts.get("faults", {})
        raise click.ClickException("\n".join([refusal.message, *(f"  {name}: {reason}" for name, reason in faults.items())])) from None
    click.echo(f"{code}: {settings.opens.astimezone(ZONE):%Y-%m-%d %H:%M} to {settings.closes.astimezone(ZONE):%Y-%m-%d %H:%M}, {settings.minutes} minutes")
    for name in exam_settings.differences(draft):
        click.echo(f"  {name}: not as the programme's file says; learners read the file's on their plans")
    click.echo(f"next: flask exam assemble {code} --papers N, flask exam preflight {code}")


def _same(value: Any) -> Any:
    return value


def _keys(given: Sequence[str]) -> tuple[str, ...]:
    return keys_of("\n".join(given))


def _hundredths(points: str) -> int:
    try:
        return hundredths(points)
    except BlueprintFaulty:
        raise click.BadParameter(f"{points!r} is no number of points with at most two decimals") from None


KINDS: dict[str, Callable[[Any], Any]] = {
    "window_rule": WindowRule,
    "release": Release,
    "counts": Counts,
    "multiple": MultiplePolicy,
    "pass_points": _hundredths,
    "config_keys": _keys,
    "browser_exam_keys": _keys,
}


def _named(blueprint: str) -> str | Blueprint:
    """Return a blueprint's name, or what a file holds."""
    path = Path(blueprint)
    if not path.is_file():
        return blueprint
    try:
        return from_mapping(loads(path.read_text(encoding="utf-8-sig")))
    except (BlueprintFaulty, TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError, AssertionError) as error:
        raise click.BadParameter(f"{blueprint} is not a blueprint: {getattr(error, 'facts', error)}") from None


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


@exam.command("preflight")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def preflight(code: str, as_json: bool) -> None:
    """Look at everything that may go wrong in an exam and can be seen beforehand; exits 1 when something is red."""
    board = preflights.board(code, current_app.extensions["settings"], current.clock().now())
    lines = [{"light": str(one.light), "title": one.title, "words": sentence(one)} for one in board.checks]
    if as_json:
        click.echo(msgspec.json.encode({"exam": code, "light": board.light, "checks": lines}))
    for line in () if as_json else lines:
        click.echo(f"{line['light']:5}  {line['title']}  {line['words']}")
    if board.light is Light.RED:
        raise SystemExit(1)


@exam.command("assemble")
@click.argument("code")
@click.option("--papers", required=True, type=click.IntRange(1, 1_000_000), help="How many papers.")
@click.option("--forms", type=click.IntRange(1, 10_000), default=None, help="Hand out so many parallel forms in turn instead of a paper for each learner.")
@click.option("--seed", type=int, default=None, help="Replay a seed; without it a fresh one is drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def assemble(code: str, papers: int, forms: int | None, seed: int | None, as_json: bool) -> None:
    """Draw papers for an exam and print how equal they are; once its papers stay, with --seed they are measured and not stored."""
    began = perf_counter()
    try:
        try:
            made = assembly.assemble(code, papers=papers, forms=forms, seed=seed, now=current.clock().now())
        except ExamFrozen as frozen:
            if seed is None:
                raise
            made = assembly.measured(code, papers=papers, forms=forms, seed=seed)
            click.echo(f"{frozen.message} Drawn and measured only: nothing was stored.", err=True)
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.message} {refusal.facts or ''}") from None
    found = asdict(made.statistics)
    answer = {
        "papers": found["papers"],
        "forms": found["forms"],
        "seconds": round(perf_counter() - began, 2),
        "pool": found["pool"],
        "expected_score": found["expected_score"],
        "plain_sd": found["plain_sd"],
        "information_sd": found["information_sd"],
        "exposure": {"max": found["exposure_max"], "mean": found["exposure_mean"], "cap": made.cap},
        "overlap": {"mean": found["overlap_mean"], "max": found["overlap_max"], "compared": found["overlap_compared"]},
        "rejected": found["rejected"],
        "hash": made.hash,
    }
    if found["exposure_max"] > made.cap:
        click.echo(
            f"Too few papers or items for the blueprint's cap: an item stands on {found['exposure_max']:.0%} of the papers, not {made.cap:.0%}.", err=True
        )
    if as_json:
        click.echo(msgspec.json.encode(answer))
        return
    for name, value in answer.items():
        told = ", ".join(f"{part} {figure:.4g}" for part, figure in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name}: {told}")


@exam.command("replay")
@click.argument("code")
@with_appcontext
def replay(code: str) -> None:
    """Draw the papers of an exam anew from their kept seeds and pools, store nothing, and compare the hashes; exits 1 where one differs."""
    sets = assembly.replay(code)
    for number, (kept, again) in enumerate(sets, start=1):
        if again is None:
            click.echo(f"set {number}: {kept} kept; drawn before pools were kept whole, so it cannot be drawn again")
        else:
            click.echo(f"set {number}: {kept} kept, {again} drawn anew: {'the same papers' if kept == again else 'OTHER PAPERS'}")
    if any(again not in (None, kept) for kept, again in sets):
        raise SystemExit(1)


@exam.command("sweep")
@with_appcontext
def sweep() -> None:
    """End overdue attempts and score what has no result."""
    now = current.clock().now()
    click.echo(f"{attempt.finalise_overdue(now)} attempts ended, {scoring.score_outstanding(now)} scored.")


@exam.command("release")
@click.argument("code")
@with_appcontext
def release(code: str) -> None:
    """Release the results of an exam to its learners and their grade sheets."""
    click.echo(f"{posting.release(code, actor_id=None, now=current.clock().now())} results released.")


@exam.command("accommodate")
@click.argument("code")
@click.argument("account")
@click.option("--percent", required=True, type=click.IntRange(100, 300), help="Of the time limit: 150 is half as much again.")
@click.option("--rest-minutes", default=0, type=click.IntRange(0, 180), help="For which she may let her own clock stand, in all.")
@click.option("--reason", default="", help="Stands in the exam's incident log.")
@with_appcontext
def accommodate(code: str, account: str, percent: int, rest_minutes: int, reason: str) -> None:
    """Give a person more time, and rests of her own, before she starts."""
    kept_back = adjustment.accommodate(None, code, account, percent, rest_minutes=rest_minutes, reason=reason, now=current.clock().now())
    click.echo(f"{account} has {percent} % of the time of {code}" + (f" and may rest for {rest_minutes} minutes" if rest_minutes else ""))
    if kept_back:
        click.echo(
            f"but {code} must be finished by its end: {kept_back} of it are lost even to who starts at once. Lengthen the window, or let the exam be", err=True
        )
        click.echo("started by its end (start_by), while its settings are open; later: give minutes once she sits it.", err=True)


@exam.command("give-time")
@click.argument("attempt_id", type=int)
@click.option("--minutes", required=True, type=click.IntRange(1, 600))
@click.option("--reason", required=True)
@with_appcontext
def give_time(attempt_id: int, minutes: int, reason: str) -> None:
    """Add minutes to an open attempt, such as an outage took; the incident log tells it."""
    deadline = adjustment.give_time(attempt_id, minutes=minutes, reason=reason, now=current.clock().now())
    click.echo(f"attempt {attempt_id} ends at {deadline.isoformat()}")


@exam.command("timeline")
@click.argument("attempt_id", type=int)
@with_appcontext
def timeline(attempt_id: int) -> None:
    """Print every line of the log of an attempt's answers as JSON lines, for a dispute."""
    for line in timelines.log_of(attempt_id):
        click.echo(msgspec.json.encode(line))


@exam.command("analyse")
@click.argument("code")
@with_appcontext
def analyse(code: str) -> None:
    """Analyse the items of an exam from its scored answers and give the figures to the bank."""
    people = analysis.analyse(code, current.clock().now())
    click.echo(f"{code}: analysed the answers of {people} people; see the bank's analysis page.")


@exam.command("archive")
@click.argument("names", nargs=-1, required=True, metavar="[EXAM] FILE")
@click.option("--verify", is_flag=True, help="Check FILE instead of writing it; needs no EXAM, and with --key no database.")
@click.option("--key", "publics", multiple=True, help="With --verify: a public key of the installation, as its /api/certificates/keys shows it.")
@click.option("--reason", default="archived at the command line", help="What the archive is for; stands in the file and in the audit.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome of --verify as JSON.")
def archive_exam(names: tuple[str, ...], *, verify: bool, publics: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Write everything of EXAM into one signed FILE, or check such a file."""
    if len(names) != (1 if verify else 2):
        raise click.UsageError("flask exam archive EXAM FILE, or flask exam archive --verify FILE --key PUBLIC")
    if verify:
        _verify(Path(names[0]), publics or _own_keys(), as_json=as_json)
    else:
        _archive(names[0], Path(names[1]), reason)


@with_appcontext
def _archive(code: str, file: Path, reason: str) -> None:
    digest = archive.write_alone(code, file, reason=reason, now=current.clock().now())
    click.echo(f"{file}: {file.stat().st_size} bytes, SHA-256 {digest}")


def _own_keys() -> Collection[str] | None:
    """Return the keys of the installation where the command is given in one."""
    app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    if "settings" not in app.extensions:
        return None
    with app.app_context():
        return archive.public_keys()


def _verify(file: Path, publics: Collection[str] | None, *, as_json: bool) -> None:
    """Exit with 1 where something is wrong, with 2 where nobody said whose the signature must be."""
    found = archives.check(file, publics)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        for fault in found.faults:
            click.echo(f"{fault.entry}: {fault.text}")
        if not found.faults:
            click.echo(f"{found.exam}, made {found.made_at}: {found.entries} entries, {found.lines} lines, {found.attempts} attempts; all as signed.")
            click.echo(f"Signed by {found.key} {found.public}{', a key of the installation.' if found.compared else '.'}")
            if not found.compared:
                click.echo("Whose key that is was not compared, and anybody can make one: give --key as the installation's /api/certificates/keys shows it.")
    if found.faults or not found.compared:
        raise click.exceptions.Exit(1 if found.faults else 2)


@click.group(cls=Group)
def quiz() -> None:
    """Give lessons their quizzes."""


@quiz.command("attach")
@click.argument("lesson", type=int)
@click.option("--bank", "bank_code", required=True, help="The bank whose practice pool it draws from.")
@click.option("--topic", required=True, help="The topic's code in that bank.")
@with_appcontext
def attach_quiz(lesson: int, bank_code: str, topic: str) -> None:
    """Give LESSON its quiz, in place of the one it has."""
    quizzes.attach(lesson, bank_code, topic, actor_id=None, now=current.clock().now())
    click.echo(f"lesson {lesson}: {bank_code}/{topic}")
