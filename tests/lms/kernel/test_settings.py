"""Settings are read once and a wrong one is named."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.cli import FlaskGroup

from lms.kernel import db
from lms.kernel.settings import Settings, SettingsError
from wsgi import create_app

GOOD = {"DATABASE_URL": "postgresql://x/y", "SECRET_KEY": "s" * 32, "FIELD_KEY": "f"}


def test_the_needed_settings_suffice() -> None:
    assert Settings.from_environment(GOOD).database_app_url == GOOD["DATABASE_URL"]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "short"), ("HTTPS", "perhaps"), ("POOL_SIZE", "many"), ("TRUSTED_PROXIES", "nginx")])
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(GOOD | {name: value})


def commands(monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """Run a command of `flask` with nothing set."""
    for name in ("DATABASE_URL", "SECRET_KEY", "FIELD_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "")  # flask sets it for good
    monkeypatch.setattr(db, "_state", {})
    return CliRunner().invoke(FlaskGroup(create_app=create_app, load_dotenv=False), words)


def test_a_programme_is_checked_without_any_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = Path(__file__).parents[3] / "lms/programmes/jiangxi-2023.toml"
    found = commands(monkeypatch, "programme", "check", str(good), "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (0, {"faults": []})
    bad = tmp_path / "bad.toml"
    bad.write_text("code = 'x'\n")
    found = commands(monkeypatch, "programme", "check", str(bad), "--json")
    assert (found.exit_code, bool(json.loads(found.stdout)["faults"])) == (1, True)


@pytest.mark.parametrize("words", [("hours", "verify"), ("clock", "show"), ("programme", "load"), ("programme", "check", "--courses"), ("worker",)])
def test_a_command_that_needs_a_setting_names_it(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    good = Path(__file__).parents[3] / "lms/programmes/jiangxi-2023.toml"
    found = commands(monkeypatch, *words, *([str(good)] if words[0] == "programme" else []))
    assert (found.exit_code, "DATABASE_URL is not set" in found.stderr) == (2, True), found.output
