"""Lay a programme file's windows anew, and leave everything else in it as it was written."""

from collections.abc import Mapping, Sequence

import tomlkit
from tomlkit.items import AoT, Table

from lms.domain.programme import Programme, Window

PATH = "windows[*]"


def rewrite(text: str, programme: Programme, windows: Sequence[Window], names: Mapping[str, str], reason: str) -> str:
    """Return the file with these windows and a deviation that says what the notice has, what is now, and why."""
    document = tomlkit.parse(text)
    tables = document["windows"]
    assert isinstance(tables, AoT)
    for table, window in zip(tables, windows, strict=True):
        table["from"] = str(window.first_day)
        table["to"] = str(window.last_day)
        cities = tomlkit.array()
        cities.extend(window.cities)
        table["cities"] = cities.comment("、".join(names[city] for city in window.cities))
    deviation = tomlkit.table()
    # What stood before is the notice's own only at the first move; later ones keep what that has written down.
    notice = next((one.notice for one in programme.deviations if _is_move(one.path, one.accepts)), _words(programme.windows, names))
    deviation.update({"path": PATH, "notice": notice, "file": _words(windows, names), "reason": reason})
    _add(document, deviation)
    return tomlkit.dumps(document)


def _add(document: tomlkit.TOMLDocument, deviation: Table) -> None:
    held = document.get("deviations")
    if not isinstance(held, AoT):
        held = tomlkit.aot()
        document["deviations"] = held
    # The newest move is the one in force: an earlier one would contradict it.
    for place in reversed([place for place, one in enumerate(held) if _is_move(one.get("path"), one.get("accepts"))]):
        del held[place]
    held.append(deviation)


def _is_move(path: str | None, accepts: str | None) -> bool:
    """Tell whether a deviation is about the windows as a whole; one that accepts a fault is not ours to replace."""
    return path == PATH and not accepts


def _words(windows: Sequence[Window], names: Mapping[str, str]) -> str:
    return "；".join(f"{one.first_day} 至 {one.last_day}：{'、'.join(names[city] for city in one.cities)}" for one in windows)
