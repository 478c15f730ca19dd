"""Documents cannot lie: settings, commands, nouns, files and tests that they name are compared with the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask

from lms.kernel.settings import Settings
from load_tests import __main__ as load_tests

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
FOLDERS = "lms|media|question_bank|exam|tests|docs|demo|load_tests"


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


@pytest.mark.parametrize(("command", "page"), [("run", "load-tests"), ("seed", "load-tests"), ("plan", "forecast"), ("review", "forecast")])
def test_every_option_of_the_load_tests_is_documented(command: str, page: str) -> None:
    text = (ROOT / f"docs/{page}.md").read_text()
    (commands,) = [action for action in load_tests._parser()._actions if action.choices]
    assert isinstance(commands.choices, dict)
    options = [name for action in commands.choices[command]._actions for name in action.option_strings if name not in {"-h", "--help"}]
    assert options
    assert not [name for name in options if name not in text]


def test_every_make_target_is_helped() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = text.split(".PHONY:")[1].splitlines()[0].split()
    for target in targets:
        assert f"\n{target}:" in text
        assert "##" in text.split(f"\n{target}:")[1].splitlines()[0], f"{target} has no help"


@pytest.mark.parametrize("package", ["lms", "media", "question_bank", "exam"])
def test_every_noun_is_listed_and_every_noun_listed_is_a_file(package: str) -> None:
    row = re.search(rf"^\| `{package}` \| (.*) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    assert row
    listed = [re.sub(r" \(.*?\)", "", noun).replace(" ", "_") for noun in re.split(r", (?![^(]*\))", row[1])]
    files = sorted(path.stem for path in (ROOT / package / "domain").glob("*.py") if path.name != "__init__.py")
    assert listed == files, "docs/architecture.md lists the files of `domain`, in order"


def test_every_file_that_a_document_names_is_there() -> None:
    named = {(page.name, path) for page in PAGES for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]+\w)`", page.read_text())}
    assert len(named) > 100
    assert not [one for one in named if not (ROOT / one[1]).exists()]


def test_every_test_that_a_document_names_is_there() -> None:
    """As in `tests/soak/test_kills.py -k rl_01`; `… -k rl_02` is in the last file named before it."""
    named: set[tuple[str, str]] = set()
    for page in PAGES:
        path = ""
        for file, word in re.findall(r"(tests/[\w/]+\.py|…)(?: -k (\w+))?", page.read_text()):
            path = path if file == "…" else file
            named |= {(path, word)} if path and word else set()
    assert len(named) > 10
    assert not [(path, word) for path, word in named if not re.search(rf"def test_\w*{word}", (ROOT / path).read_text())]


def test_every_promise_that_is_named_can_be_read() -> None:
    promised = set(re.findall(r"^\| ([A-Z]{2}-\d\d) \|", (ROOT / "docs/promises.md").read_text(), re.MULTILINE))
    kinds = "|".join(sorted({one[:2] for one in promised}))
    texts = [
        path.read_text()
        for package in FOLDERS.split("|")
        for kind in ("py", "md", "js")
        for path in (ROOT / package).rglob(f"*.{kind}")
        if "vendor" not in path.parts and path.name != "promises.md"
    ]
    named = {f"{kind.upper()}-{number}" for text in texts for kind, number in re.findall(rf"\b(?i:test_)?({kinds}|{kinds.lower()})[-_](\d\d)(?!\d)", text)}
    assert named == promised, "docs/promises.md holds every promise that code, tests and documents name"
