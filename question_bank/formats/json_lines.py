"""JSON lines of our own: one item a line; the only format that carries everything the bank knows."""

import json
from typing import Any

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, tidy
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import Blank

_KNOWN = frozenset(
    "id type topic level difficulty points pool stem options prompts blanks model key explanation enemies tags source".split()  # noqa: SIM905 - one line
)


def looks_like(text: str) -> bool:
    """Tell whether the first line is a JSON object."""
    first = text.lstrip().split("\n", 1)[0].strip()
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read(text: str) -> tuple[list[Draft], list[Loss], list[tuple[Draft, Fault]]]:
    """Return drafts, losses, and the lines that hold no item."""
    drafts: list[Draft] = []
    losses: list[Loss] = []
    refused: list[tuple[Draft, Fault]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"第 {number} 行"
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            refused.append((Draft(place=place, stem=line[:200]), fault("line_not_json")))
            continue
        try:
            drafts.append(_draft(place, found))
        except (TypeError, ValueError, KeyError):
            refused.append((Draft(place=place, stem=line[:200]), fault("field_wrong_type")))
            continue
        losses += [Loss(place, f"字段“{name[:60]}”未导入") for name in found if name not in _KNOWN]
    return drafts, losses, refused


def _draft(place: str, found: dict[str, Any]) -> Draft:
    options = found.get("options", [])
    if not isinstance(options, list):
        raise TypeError
    difficulty = found.get("difficulty", DEFAULT_DIFFICULTY)
    key = found.get("key", [])
    points = found.get("points")
    if isinstance(difficulty, bool) or not isinstance(difficulty, int | float) or not isinstance(key, list):
        raise TypeError
    if points is not None and (isinstance(points, bool) or not isinstance(points, int)):
        raise TypeError
    if any(isinstance(position, bool) or not isinstance(position, int) for position in key):
        raise TypeError
    return tidy(
        Draft(
            place=place,
            external_id=_text(found, "id"),
            type=_text(found, "type"),
            stem=_text(found, "stem"),
            options=tuple(_text(option, "text") if isinstance(option, dict) else _string(option) for option in options),
            option_explanations=tuple(_text(option, "explanation") if isinstance(option, dict) else "" for option in options),
            key=tuple(key),
            key_text=",".join(map(str, key)),
            prompts=_texts(found, "prompts"),
            blanks=_blanks(found),
            model=_text(found, "model"),
            explanation=_text(found, "explanation"),
            topic=_text(found, "topic"),
            level=_text(found, "level"),
            difficulty=float(difficulty) if abs(difficulty) < 1e9 else None,
            difficulty_text=str(difficulty),
            points=points,
            pool=_text(found, "pool"),
            enemies=_texts(found, "enemies"),
            tags=_texts(found, "tags"),
            source=_text(found, "source"),
        )
    )


def _blanks(found: dict[str, Any]) -> tuple[Blank, ...]:
    blanks = found.get("blanks") or []
    if not isinstance(blanks, list) or not all(isinstance(blank, dict) for blank in blanks):
        raise TypeError
    return tuple(Blank(_texts(blank, "accepted"), _text(blank, "tolerance"), blank.get("case_matters") is True) for blank in blanks)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return "" if value is None else _string(value)


def _texts(found: dict[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name) or []
    if not isinstance(value, list):
        raise TypeError
    return tuple(_string(each) for each in value)
