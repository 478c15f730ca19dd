"""Every act that is written into the audit has its words."""

import ast
import re
from pathlib import Path

import pytest

from wsgi import PARTS

ROOT = Path(__file__).parents[2]
ACT = re.compile(r"[a-z_]+(\.[a-z_]+)*")


def _acts(folder: str) -> set[str]:
    calls = (node for path in (ROOT / folder).rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    said = (keyword.value for call in calls for keyword in call.keywords if keyword.arg == "action" and ast.unparse(call.func) != "form")
    parts = (part for value in said for part in ast.walk(value) if isinstance(value, (ast.Constant, ast.IfExp)) and isinstance(part, ast.Constant))
    return {str(part.value) for part in parts if ACT.fullmatch(str(part.value))}


@pytest.mark.parametrize("folder", ["lms", "media", "question_bank", "exam"])
def test_every_act_has_its_words(folder: str) -> None:
    worded = {act for part in PARTS for act in part.acts}
    found = _acts(folder)
    assert len(found) > 5
    assert not found - worded
