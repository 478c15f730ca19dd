"""Walk a programme by its key paths: every table, every value, the difference of two."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime, time
from typing import Any

from lms.domain.programme_reading import UNREAD, Shape, keys
from lms.domain.toml_line import join
from lms.domain.window import Edge


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs between two programmes; nothing stands for "not stated"."""

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Say it as a person reads it."""
        if self.before is None:
            return f"{self.path}：新增「{self.after}」"
        if self.after is None:
            return f"{self.path}：删去「{self.before}」"
        return f"{self.path}：「{self.before}」改为「{self.after}」"


def nodes(table: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk every table that could be read."""
    if table is UNREAD or not is_dataclass(table):
        return
    yield path, table
    for key in keys(type(table)):
        value = getattr(table, key.field.name)
        for here, one in _members(value, join(path, key.name)):
            yield from nodes(one, here)


def lists(table: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Walk every list of tables that could be read."""
    for path, node in nodes(table):
        for key in keys(type(node)):
            value = getattr(node, key.field.name)
            if isinstance(value, tuple) and any(is_dataclass(one) for one in value):
                yield join(path, key.name), value


def has(table: Any, path: str) -> bool:
    """Tell whether a key path, with `[*]` for any place, leads to a key of this programme."""
    here = [table]
    for key, index in re.findall(r"([a-z_0-9]+)|\[(\d+|\*)\]", path):
        here = [one for parent in here for one in _step(parent, key, index)]
    return bool(here) and re.fullmatch(r"\w+(\[(\d+|\*)\])?(\.\w+(\[(\d+|\*)\])?)*", path) is not None


def covers(pattern: str, path: str) -> bool:
    """Tell whether a recorded path, with `[*]` for any place, means this path or what contains it."""
    expression = re.escape(pattern).replace(re.escape("[*]"), r"\[\d+\]")
    return re.match(expression + r"(?=$|[.\[])", path) is not None


def difference(old: Any, new: Any) -> list[Change]:
    """List what changed, key by key; tables in lists are matched by their code."""
    before, after = dict(_values(old)), dict(_values(new))
    places = {**_places(old), **_places(new)}
    return [Change(places[path], before.get(path), after.get(path)) for path in {**after, **before} if before.get(path) != after.get(path)]


def _members(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, tuple):
        return [(f"{path}[{index}]", one) for index, one in enumerate(value)]
    return [(path, value)]


def _step(parent: Any, key: str, index: str) -> list[Any]:
    if index:
        members = parent if isinstance(parent, tuple) else ()
        return list(members) if index == "*" else list(members[int(index) : int(index) + 1])
    if isinstance(parent, Mapping):
        return [parent[key]] if key in parent else []
    if parent is UNREAD or not is_dataclass(parent):
        return []
    return [getattr(parent, one.field.name) for one in keys(type(parent)) if one.name == key]


def _leaves(value: Any, form: Shape, name: str, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield (stable name, key path, text) of every stated value below this one."""
    if value is None:
        return
    if is_dataclass(value):
        for key in keys(type(value)):
            below = getattr(value, key.field.name)
            yield from _leaves(below, key.shape, join(name, key.name), join(place, key.name))
    elif isinstance(value, Mapping):
        for key_name, one in value.items():
            yield from _leaves(one, form, join(name, key_name), join(place, key_name))
    elif isinstance(value, tuple) and any(is_dataclass(one) for one in value):
        for index, (stable, one) in enumerate(zip(_stable_names(value), value, strict=True)):
            yield from _leaves(one, form, f"{name}[{stable}]", f"{place}[{index}]")
    else:
        yield name, place, _text(value, form)


def _stable_names(tables: tuple[Any, ...]) -> list[str]:
    """Name tables by their code or path, and their place among those of the same name."""
    seen: Counter[str] = Counter()
    names = []
    for index, table in enumerate(tables):
        name = str(getattr(table, "code", getattr(table, "path", index)))
        names.append(f"{name}#{seen[name]}")
        seen[name] += 1
    return names


def _values(programme: Any) -> Iterator[tuple[str, str]]:
    return ((name, text) for name, _, text in _leaves(programme, Shape(type(programme)), "", ""))


def _places(programme: Any) -> dict[str, str]:
    return {name: place for name, place, _ in _leaves(programme, Shape(type(programme)), "", "")}


def _text(value: Any, form: Shape) -> str:
    if isinstance(value, tuple):
        return "、".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _moment(value, form.mark(Edge))
    return str(value)


def _moment(value: datetime, edge: Edge | None) -> str:
    """Write a moment as the file would: a whole day as its date alone."""
    if value.time() != time():
        return value.strftime("%Y-%m-%dT%H:%M")
    days = 1 if edge is not None and edge.of_day == "end" else 0
    return value.fromordinal(value.toordinal() - days).strftime("%Y-%m-%d")
