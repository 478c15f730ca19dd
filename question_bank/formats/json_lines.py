"""JSON lines of our own: one item a line; the only format that carries everything the bank knows.

Pictures travel as data: the first item that shows one brings it under `pictures`, by its digest, in base 64.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, pictures_of, tidy
from question_bank.domain.exchange import Picture, Reading
from question_bank.domain.item import Blank, Criterion
from question_bank.formats.findings import Findings, Place

_KNOWN = frozenset(
    "id type topic level difficulty points pool stem options prompts blanks model rubric key explanation enemies tags source pictures by_pairs".split()  # noqa: SIM905 - one line
)


def looks_like(text: str) -> bool:
    """Tell whether the first line is a JSON object."""
    first = text.lstrip().split("\n", 1)[0].strip()
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read(text: str) -> Reading:
    """Return drafts, pictures, losses, and the lines that hold no item."""
    found = Findings("jsonl")
    renamed: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            _line(found.at(f"第 {number} 行"), line, renamed)
    return found.reading()


def _line(place: Place, line: str, renamed: dict[str, str]) -> None:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict):
        place.refuse("line_not_json", line[:200])
        return
    try:
        renamed |= _pictures(place, item.get("pictures"))
        draft = _draft(place.name, _shown(item, renamed) if renamed else item)
    except (TypeError, ValueError, KeyError):
        place.refuse("field_wrong_type", line[:200])
        return
    place.keep(draft)
    for name in item:
        if name not in _KNOWN:
            place.lose(f"字段“{name[:60]}”未导入")


def _pictures(place: Place, found: object) -> dict[str, str]:
    """Keep the pictures a line brings; returns the new name of each whose bytes are not those its name says, once it was written anew."""
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError
    renamed: dict[str, str] = {}
    for name, written in found.items():
        try:
            content = base64.b64decode(_string(written), validate=True)
        except binascii.Error:
            place.lose(f"图片“{name[:80]}”的数据已损坏，未导入")
            continue
        digest = place.picture(content, name)
        if digest not in {None, name}:
            renamed[name] = str(digest)
    return renamed


def _shown(item: dict[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    written = json.dumps({name: value for name, value in item.items() if name != "pictures"})
    for old, new in renamed.items():
        written = written.replace(f"(picture:{old})", f"(picture:{new})")
    return dict(json.loads(written))


def write(drafts: Sequence[Draft], pictures: Mapping[str, Picture]) -> bytes:
    """Return one line for each draft; what is empty is left out."""
    brought: set[str] = set()
    lines = []
    for draft in drafts:
        item = {name: value for name, value in _item(draft).items() if value not in ("", [], None)}
        if wanted := sorted((pictures_of(draft) & pictures.keys()) - brought):
            item["pictures"] = {digest: base64.b64encode(pictures[digest].content).decode() for digest in wanted}
            brought |= set(wanted)
        lines.append(json.dumps(item, ensure_ascii=False) + "\n")
    return "".join(lines).encode("utf-8", "replace")


def _item(draft: Draft) -> dict[str, Any]:
    explained = zip(draft.options, draft.option_explanations, strict=False)
    return {
        "id": draft.external_id,
        "type": draft.type,
        "topic": draft.topic,
        "level": draft.level,
        "difficulty": draft.difficulty,
        "points": draft.points,
        "pool": draft.pool,
        "stem": draft.stem,
        "prompts": list(draft.prompts),
        "options": [{"text": text, "explanation": note} for text, note in explained] if any(draft.option_explanations) else list(draft.options),
        "key": list(draft.key),
        "by_pairs": draft.by_pairs or None,
        "blanks": [{"accepted": list(each.accepted), "tolerance": each.tolerance, "case_matters": each.case_matters} for each in draft.blanks],
        "model": draft.model,
        "rubric": [{"words": one.words, "points": one.points} for one in draft.rubric],
        "explanation": draft.explanation,
        "enemies": list(draft.enemies),
        "tags": list(draft.tags),
        "source": draft.source,
    }


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
            by_pairs=found.get("by_pairs") is True,
            key_text=",".join(map(str, key)),
            prompts=_texts(found, "prompts"),
            blanks=_blanks(found),
            model=_text(found, "model"),
            rubric=_rubric(found),
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


def _rubric(found: dict[str, Any]) -> tuple[Criterion, ...]:
    lines = found.get("rubric") or []
    if not isinstance(lines, list) or not all(isinstance(line, dict) and type(line.get("points")) is int for line in lines):
        raise TypeError
    return tuple(Criterion(_text(line, "words"), line["points"]) for line in lines)


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
