"""Every act that is written into the audit has its words."""

import ast
import re
from pathlib import Path

import pytest

from question_bank.domain.review import Decision
from wsgi import PARTS

ROOT = Path(__file__).parents[2]
ACT = re.compile(r"[a-z_]+(\.[a-z_]+)*")


def _acts(folder: str) -> set[str]:
    calls = [node for path in (ROOT / folder).rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    acts = {act for call in calls if ast.unparse(call.func) != "form" for act in _literals(call, "action")}
    # What `note` of exam/services/adjustment.py writes, and a decision of question_bank/services/review.py.
    notes = {f"exam.{kind}" for call in calls if ast.unparse(call.func) in {"note", "adjustment.note"} for kind in _literals(call, "kind")}
    return acts | notes | {f"item.{decision}" for decision in Decision if folder == "question_bank"}


def _literals(call: ast.Call, name: str) -> set[str]:
    said = (keyword.value for keyword in call.keywords if keyword.arg == name)
    parts = (part for value in said for part in ast.walk(value) if isinstance(value, (ast.Constant, ast.IfExp)) and isinstance(part, ast.Constant))
    return {str(part.value) for part in parts if ACT.fullmatch(str(part.value))}


@pytest.mark.parametrize("folder", ["lms", "media", "question_bank", "exam"])
def test_every_act_has_its_words(folder: str) -> None:
    worded = {act for part in PARTS for act in part.acts}
    found = _acts(folder)
    assert len(found) > 5
    assert not found - worded
