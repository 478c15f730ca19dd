"""Where the lists of items stand in other projects' JSON: below sections however deep, or behind a material that several items share."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from question_bank.domain import notation
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault, fault
from question_bank.formats import archive, headings, json_rows
from question_bank.formats.json_rows import Row
from question_bank.formats.unreadable import FileTooLarge
from question_bank.formats.workbook import Sheet

_OPTIONS = frozenset([*headings.words("options"), *headings.words("key"), *headings.words("prompts")])
_FOREIGN_KEYS = frozenset(headings.words("key")) - {"key"}
_LONG = 60  # signs: more is no title
_MOST_TEXT = 50_000_000  # signs of a file's items, what they share counted for each
_TITLES = frozenset([*headings.words("title"), "name", "sectionname", "sectiontitle", "名称", "大题", "大题名称"])
_STEMS = [word for role in ("stem", "asked", "title") for word in headings.words(role)]  # the surest first
_MATERIALS = frozenset(
    [*headings.words("stem"), *headings.words("asked"), "材料", "材料内容", "阅读材料", "案例", "共用题干", "material", "passage", "article", "case"]
)
_TYPES = frozenset(headings.words("type"))
_SHARED = frozenset(
    word for role in ("topic", "chapter", "section", "tags", "subject", "grade", "difficulty", "level", "pool", "source") for word in headings.words(role)
)
_LEARNER = re.compile("(student|candidate|examinee)(id|name|no)?|(学生|学员|考生)(姓名|编号)?|学号|准考证号")
_NEEDLESS = frozenset(["id", *headings.words("external_id"), *headings.words("ignored")])
_Named = list[tuple[str, object]]


@dataclass(slots=True)
class Found:
    """What a file holds; no sheets where it is none of other projects' JSON."""

    sheets: list[Sheet] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refused: list[tuple[Draft, Fault]] = field(default_factory=list)
    cells: int = 0
    signs: int = 0


def read(text: str) -> Found:
    """Return a sheet for each list of items, what is lost, and what in the lists is no item; raises FileTooLarge."""
    if not text.lstrip("\ufeff \t\r\n").startswith(("[", "{")):
        return Found()
    whole = _parsed(text.lstrip("\ufeff"))
    if isinstance(whole, str):
        lines = [line for line in whole.split("\n") if line.strip()]
        first = _parsed(lines[0])
        if not isinstance(first, dict) or _is_own(first):
            return Found()  # no lines of objects, or our own
        whole = [first, *map(_parsed, lines[1:])]
    try:
        return _found(whole)
    except RecursionError:  # json reads a little deeper than it writes
        return Found()


def _parsed(text: str) -> object:
    """Return what JSON says; what is none comes back as it is."""
    try:
        return json.loads(text, object_pairs_hook=json_rows.named)
    except (ValueError, RecursionError):
        return text


def _found(whole: object) -> Found:
    found, lists = Found(), list[tuple[str, Sequence[object]]]()
    if isinstance(whole, dict) and json_rows.is_bank([whole]):
        if _is_own(whole):
            return found
        whole = [whole]
    waiting = [("", whole)]
    while waiting:
        name, held = waiting.pop()
        rows = _rows(held)
        if any(map(_of_learner, [held, *rows])):
            found.losses.append(Loss(name or "文件", "学员的作答（我的答案）和得分未导入"))
        elif rows and (_is_bank(rows) or (isinstance(held, list) and not any(map(_is_nested, rows)))):
            lists.append((name, held if isinstance(held, list) else rows))
        elif isinstance(held, dict):
            waiting += reversed(_wrapped(name, held, found))
        elif isinstance(held, list):
            waiting += reversed(_sections(name, held, found))
    named: Counter[str] = Counter()
    for name, held in lists:
        named[name] += 1
        label = f"{name}（{named[name]}）" if named[name] > 1 else name
        _keep(label if len(lists) > 1 or notation.is_known_type(name) else "", held, found)
    return found if any(map(headings.find, found.sheets)) else Found()


def _is_own(item: Row) -> bool:
    """Tell whether an object is an item as we write it: no other name for its key."""
    return "stem" in item and not any(json_rows.plain(name) in _FOREIGN_KEYS for name in item)


def _rows(held: object) -> list[Row]:
    """Return the objects of a list, or of an object that holds nothing else, such as items by their numbers."""
    if isinstance(held, dict):
        return list(held.values()) if all(isinstance(each, dict) for each in held.values()) else []
    return [row for row in held if isinstance(row, dict)] if isinstance(held, list) else []


def _of_learner(held: object) -> bool:
    """Tell whether an object says whose it is: what she answered is no key."""
    return isinstance(held, dict) and any(_LEARNER.fullmatch(json_rows.plain(name)) for name in held)


def _wrapped(name: str, held: Row, found: Found) -> _Named:
    """Return what is to be opened of an object that holds lists; what it says besides is told, figures such as a number of items are not."""
    said = (key for key, value in held.items() if isinstance(value, str) and value.strip() and json_rows.plain(key) not in _TITLES)
    found.losses += [Loss(name or "文件", f"字段“{key[:60]}”未导入") for key in said]
    return [(key[:60], value) for key, value in held.items() if isinstance(value, dict | list)]


def _sections(name: str, held: Sequence[object], found: Found) -> _Named:
    """Return what is to be opened of a list of sections, called by their titles or types; what they say besides is told."""
    inner: _Named = []
    for number, section in enumerate(held, start=1):
        if isinstance(section, list):
            inner.append((name, section))
        elif not isinstance(section, dict):
            found.losses.append(Loss(name or "文件", f"“{json_rows.written(section)[:60]}”不属于任何试题，未导入"))
        else:
            names = [json_rows.written(value).strip()[:60] for words in (_TYPES, _TITLES) for key, value in section.items() if json_rows.plain(key) in words]
            title = next(filter(notation.is_known_type, names), "") or next(filter(None, reversed(names)), "") or f"{name} {number}".strip()
            nested = [key for key, value in section.items() if _is_nested({key: value})]
            said = [key for key, value in section.items() if value and key not in nested and json_rows.plain(key) not in _TYPES | _TITLES]
            found.losses += [Loss(title, f"字段“{key[:60]}”未导入") for key in said]
            inner += [(key[:60] if len(nested) > 1 else title, section[key]) for key in nested]
    return inner


def _is_nested(row: Row) -> bool:
    """Tell whether an object holds others."""
    return any(isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)) for value in row.values())


def _keep(name: str, held: Sequence[object], found: Found) -> None:
    """Keep a list of items as a sheet."""
    items: list[tuple[str, Row]] = []
    for number, row in enumerate(held, start=1):
        place = f"{name} 第 {number} 题".strip()
        if isinstance(row, dict):
            inside = _items(place, row, found.losses)
            items += inside
            found.signs += sum(len(value) for _place, item in inside for value in item.values() if isinstance(value, str))
            if found.signs > _MOST_TEXT:
                raise FileTooLarge
        else:
            found.refused.append((Draft(place=place, stem=json.dumps(row, ensure_ascii=False)[:200]), fault("line_not_json")))
    sheet, losses, refused = json_rows.sheet(name, items)
    found.sheets.append(sheet)
    found.losses += losses
    found.refused += refused
    found.cells += len(sheet.rows) * len(sheet.rows[0])
    if found.cells > archive.MAX_CELLS:
        raise FileTooLarge


def _is_bank(rows: Sequence[Row]) -> bool:
    return json_rows.is_bank(item for row in rows for _place, item in _items("", row, []))


def _items(place: str, row: Row, losses: list[Loss]) -> list[tuple[str, Row]]:
    """Return an item, or the items behind a material, each with the material before its stem and with its labels."""
    said = {name: value for name, value in row.items() if _is_material(name, value)}
    names = [name for name, value in row.items() if said and _are_items(name, value)]
    if not names:
        return [(place, row)]
    material = "\n".join(filter(None, (json_rows.written(value, "\n").strip() for value in said.values())))
    own = {name: value for name, value in row.items() if value and name not in names}
    found: list[tuple[str, Row]] = [(place, own)] if json_rows.is_bank([own]) else []
    if not found:
        silent = {*said, *(name for name in own if json_rows.plain(name) in _TYPES | _SHARED | _NEEDLESS)}
        losses += [Loss(place, "阅读材料已并入依附于它的各题"), *(Loss(place, f"字段“{name[:60]}”未导入") for name in own if name not in silent)]
    shared = {name: value for name, value in own.items() if json_rows.plain(name) in _SHARED}
    children = [child for name in names for child in _objects(row[name])]
    if (len(material) + sum(len(json_rows.written(value)) for value in shared.values())) * len(children) > _MOST_TEXT:
        raise FileTooLarge
    for number, child in enumerate(children, start=1):
        part, stem = f"{place}（{number}）", next((name for word in _STEMS for name in child if json_rows.plain(name) == word), "")
        if json_rows.is_opaque(asked := child.get(stem)):
            found.append((part, child))  # to be refused: nobody can read what it asks
            continue
        losses += [Loss(part, f"字段“{name[:60]}”未导入") for name in json_rows.unread({stem: asked})]
        worded = "\n".join(filter(None, (material, json_rows.written(asked, "\n"))))
        found.append((part, {**shared, **{name: value for name, value in child.items() if name != stem}, stem or "题干": worded}))
    return found


def _is_material(name: str, value: object) -> bool:
    if not isinstance(value, str | list) or json_rows.is_opaque(value):
        return False
    word = json_rows.plain(name)
    return word in _MATERIALS or (word in _TITLES and len(value) > _LONG)


def _are_items(name: str, value: object) -> bool:
    rows = _objects(value)
    return json_rows.plain(name) not in _OPTIONS and rows != [] and not any(map(_of_learner, rows)) and json_rows.is_bank(rows)


def _objects(value: object) -> list[Row]:
    """Return a list of nothing but objects; else none."""
    return value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else []
