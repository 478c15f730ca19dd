"""Units: the nodes of the tree province → city → county → school → class; levels may be skipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class UnitKind(StrEnum):
    """What a node of the tree is."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    SCHOOL = "school"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Unit:
    """One node; `path` names its ancestors and itself by id, such as `/1/5/9/`."""

    id: int
    parent_id: int | None
    kind: UnitKind
    code: str
    name: str
    path: str


def lies_in(path: str, scope: Iterable[str]) -> bool:
    """Tell whether a unit's path lies at or under one of the scope's paths."""
    return any(path.startswith(top) for top in scope)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that lie under no other of them."""
    found: list[str] = []
    for path in sorted(set(paths), key=len):
        if not lies_in(path, found):
            found.append(path)
    return tuple(sorted(found))
