"""Documents cannot lie: settings, commands and append-only promises are compared with the code."""

from dataclasses import fields
from pathlib import Path

from flask import Flask

from lms.kernel.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    for field in fields(Settings):
        assert f"`{field.name.upper()}`" in text, f"docs/operations.md lacks {field.name.upper()}"


def test_every_command_is_documented(built_app: Flask) -> None:
    text = (ROOT / "docs/operations.md").read_text()
    for name, command in built_app.cli.commands.items():
        if name in {"run", "shell", "routes"}:
            continue
        for full in [f"{name} {child}" for child in getattr(command, "commands", {})] or [name]:
            assert f"flask {full}" in text, f"docs/operations.md lacks `flask {full}`"


def test_every_make_target_is_helped() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = text.split(".PHONY:")[1].splitlines()[0].split()
    for target in targets:
        assert f"\n{target}:" in text
        assert "##" in text.split(f"\n{target}:")[1].splitlines()[0], f"{target} has no help"
