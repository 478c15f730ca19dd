import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.support import learning


@pytest.fixture
def command(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "programme.toml"
    path.write_text(learning.programme_text(), encoding="utf-8")
    return path


def test_a_good_file_has_no_faults(command: FlaskCliRunner, file: Path) -> None:
    answer = command.invoke(args=["programme", "check", str(file), "--json"])
    assert (answer.exit_code, json.loads(answer.output)) == (0, {"faults": []})


def test_every_fault_is_told_with_place_and_code(command: FlaskCliRunner, file: Path) -> None:
    file.write_text(learning.programme_text().replace("minutes_per_hour = 45", "minutes_per_hour = 0\nsurprise = 1"), encoding="utf-8")
    answer = command.invoke(args=["programme", "check", str(file), "--json"])
    assert answer.exit_code == 1
    faults = json.loads(answer.output)["faults"]
    assert {"hours.minutes_per_hour", "hours.surprise"} <= {fault["path"] for fault in faults}
    assert all(set(fault) == {"path", "line", "code", "message"} for fault in faults)
    plain = command.invoke(args=["programme", "check", str(file)])
    assert plain.exit_code == 1
    assert f"{len(faults)} faults" in plain.output


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00x"])
def test_a_file_that_cannot_be_read_ends_with_two(command: FlaskCliRunner, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.toml"
    if content is not None:
        path.write_bytes(content)
    answer = command.invoke(args=["programme", "check", str(path)])
    assert answer.exit_code == 2
    assert str(path) in answer.output + (answer.stderr or "")


def test_hours_are_compared_with_the_published_courses(command: FlaskCliRunner, file: Path) -> None:
    answer = command.invoke(args=["programme", "check", str(file), "--courses"])
    assert answer.exit_code == 1
    assert "hours_exceed_courses" in answer.output


def test_loading_says_what_changes_and_the_same_text_changes_nothing(command: FlaskCliRunner, file: Path) -> None:
    assert "version 1 is in force" in command.invoke(args=["programme", "load", str(file)]).output
    assert "nothing changed" in command.invoke(args=["programme", "load", str(file)]).output
    file.write_text(learning.programme_text().replace("online = 1.5", "online = 1"), encoding="utf-8")
    told = command.invoke(args=["programme", "diff", str(file)])
    assert told.exit_code == 0
    assert "hours.online：「1.5」改为「1」" in told.output
    loaded = command.invoke(args=["programme", "load", str(file)])
    assert "version 2 is in force" in loaded.output
    assert "1 changes, 0 people enrolled" in loaded.output


def test_a_faulty_file_is_not_loaded(command: FlaskCliRunner, file: Path) -> None:
    file.write_text("code = 3", encoding="utf-8")
    for verb in ("load", "diff"):
        assert command.invoke(args=["programme", verb, str(file)]).exit_code == 1
