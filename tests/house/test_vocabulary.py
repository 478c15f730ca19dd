"""One word per thing: the glossary's forbidden words stand in no public name of the rulebook, the use cases or the store."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYERS = ("domain", "services", "store")
NEVER_ANYWHERE = {"utils", "helpers", "common", "manager", "handler", "misc"}


def _forbidden() -> set[str]:
    rows = [line.split("|") for line in (ROOT / "docs/glossary.md").read_text().splitlines() if line.startswith("| ") and not line.startswith("|---")]
    words = {word.strip() for row in rows[1:] for word in re.sub(r"\(.*?\)", "", row[4]).split(",")}
    return {word for word in words if word} - {"segment"}


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def test_public_names_use_the_glossary() -> None:
    forbidden = _forbidden()
    assert "proctor" in forbidden
    found = []
    for package in ("lms", "media", "question_bank", "exam"):
        for layer in LAYERS:
            for path in (ROOT / package / layer).rglob("*.py"):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                        found += [f"{path.relative_to(ROOT)}: {node.name}" for word in _words(node.name) & forbidden if word]
    assert not found


def test_no_file_has_a_name_that_promises_nothing() -> None:
    for package in ("lms", "media", "question_bank", "exam", "load_tests", "demo"):
        for path in (ROOT / package).rglob("*.py"):
            assert not _words(path.stem) & NEVER_ANYWHERE, path
