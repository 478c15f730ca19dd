"""The exam engine's commands."""

import json
from datetime import timedelta

from flask import Flask

from lms.kernel.clock import FixedClock
from tests.conftest import NOON
from tests.support import exams


def test_assemble_prints_its_evidence_and_replays_a_seed(app: Flask) -> None:
    exams.prepared(opens=NOON + timedelta(hours=1), blueprint=exams.small_blueprint(exposure=60))
    run = app.test_cli_runner().invoke
    first = json.loads(run(args=["exam", "assemble", exams.EXAM, "--papers", "30", "--seed", "5", "--json"]).output)
    again = json.loads(run(args=["exam", "assemble", exams.EXAM, "--papers", "30", "--seed", "5", "--json"]).output)
    assert first["hash"] == again["hash"]
    assert set(first) == {"papers", "forms", "seconds", "pool", "expected_score", "plain_sd", "information_sd", "exposure", "overlap", "rejected", "hash"}
    assert set(first["expected_score"]) == {"mean", "sd", "min", "max"}
    assert (first["papers"], first["pool"], first["exposure"]["cap"]) == (30, 24, 0.6)
    few = run(args=["exam", "assemble", exams.EXAM, "--papers", "3", "--json"])
    assert "not 60%" in few.stderr
    assert json.loads(few.stdout)["exposure"]["max"] > 0.6


def test_papers_of_an_open_exam_are_measured_by_a_seed_and_stay(app: Flask, clock: FixedClock) -> None:
    exams.prepared(opens=NOON + timedelta(hours=1))
    run, asked = app.test_cli_runner().invoke, ["exam", "assemble", exams.EXAM, "--papers", "30"]
    before = json.loads(run(args=[*asked, "--seed", "5", "--json"]).output)
    clock.advance(hours=1)
    again, other = (run(args=[*asked, "--seed", seed, "--json"]) for seed in ("5", "6"))
    assert [json.loads(one.stdout)["hash"] == before["hash"] for one in (again, other)] == [True, False]
    assert "nothing was stored" in again.stderr
    assert run(args=asked).exit_code == 1, "without a seed papers are asked for"
    assert f"{before['hash']} kept, {before['hash']} drawn anew" in run(args=["exam", "replay", exams.EXAM]).output


def test_list_names_the_exams(app: Flask) -> None:
    exams.prepared()
    listed = json.loads(app.test_cli_runner().invoke(args=["exam", "list", "--json"]).output)
    assert [(row["code"], row["state"]) for row in listed] == [(exams.EXAM, "ready")]


def test_sweep_ends_what_is_overdue(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    exams.sitting()
    clock.advance(minutes=93)
    assert "1 attempts ended, 1 scored" in app.test_cli_runner().invoke(args=["exam", "sweep"]).output


def test_an_unknown_exam_is_told(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=["exam", "assemble", "none", "--papers", "1"])
    assert answer.exit_code == 1
