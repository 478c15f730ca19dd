"""The blueprint (table of specifications): sections, cells, counts and points, and whether a pool can fill them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from lms.kernel.refusal import N_, Invalid
from question_bank.domain.item import PoolItem


class BlueprintFaulty(Invalid):
    """A blueprint contradicts itself; the facts hold every fault."""

    code = "blueprint_faulty"
    message = N_("双向细目表有误，请按提示修改。")


class PoolLacking(Invalid):
    """The pool cannot fill the blueprint; the facts say what lacks where."""

    code = "pool_lacking"
    message = N_("题库不足以按双向细目表组卷，请补充试题或调整细目表。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many items of one kind. None means any; the difficulty band is half open, its upper end 1 closed."""

    type: str
    topic: str | None = None
    level: str | None = None
    easiest: float = 1.0
    hardest: float = 0.0
    count: int

    def fits(self, item: PoolItem) -> bool:
        """Tell whether an item belongs to the cell."""
        return (
            item.type == self.type
            and self.topic in (None, item.topic)
            and self.level in (None, item.level)
            and self.hardest <= item.difficulty
            and (item.difficulty < self.easiest or self.easiest >= 1.0)
        )

    def meets(self, other: "Cell") -> bool:
        """Tell whether an item could belong to both cells."""
        return (
            self.type == other.type
            and (None in (self.topic, other.topic) or self.topic == other.topic)
            and (None in (self.level, other.level) or self.level == other.level)
            and max(self.hardest, other.hardest) < min(self.easiest, other.easiest)
        )

    @property
    def name(self) -> str:
        """Return the cell's place as `type/topic/level/band`."""
        return f"{self.type}/{self.topic or '*'}/{self.level or '*'}/{self.hardest:g}-{self.easiest:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Items of one heading, each worth the same points (hundredths)."""

    title: str
    points: int
    cells: tuple[Cell, ...]

    @property
    def count(self) -> int:
        """Return how many items the section has."""
        return sum(cell.count for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Shortage:
    """What one cell lacks."""

    section: str
    cell: Cell
    needed: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The whole table. `tolerance` is how far a paper's expected score may lie from the exam's, in hundredths of a point."""

    code: str
    title: str
    sections: tuple[Section, ...]
    tolerance: int = 150
    exposure_percent: int = 25

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Return all cells in the order of the paper."""
        return tuple(cell for section in self.sections for cell in section.cells)

    @property
    def items(self) -> int:
        """Return how many items a paper has."""
        return sum(section.count for section in self.sections)

    @property
    def points(self) -> int:
        """Return what a paper is worth, in hundredths."""
        return sum(section.points * section.count for section in self.sections)

    @property
    def position_points(self) -> tuple[int, ...]:
        """Return the points of each position."""
        return tuple(section.points for section in self.sections for _ in range(section.count))

    def spans(self) -> Iterator[tuple[Section, int, int]]:
        """Yield each section with its first position and the one after its last, counted from 0."""
        first = 0
        for section in self.sections:
            yield section, first, first + section.count
            first += section.count

    def meetings(self) -> list[tuple[Cell, Cell]]:
        """Return the cells two by two that an item could belong to at once."""
        return [(one, two) for one, two in combinations(self.cells, 2) if one.meets(two)]

    def spread_over(self, cell: Cell) -> int:
        """Return over how many items many papers must spread a cell, so that none stands on more of them than the cap allows."""
        return -(-cell.count * 100 // self.exposure_percent)

    def faults(self) -> list[str]:
        """Return every contradiction of the table; empty when it is sound."""
        found = [] if 1 <= self.exposure_percent <= 100 else ["exposure_percent"]
        found += [f"{section.title}: points" for section in self.sections if section.points <= 0]
        found += [f"{cell.name}: count" for cell in self.cells if cell.count <= 0]
        found += [f"{cell.name}: band" for cell in self.cells if not 0 <= cell.hardest < cell.easiest <= 1]
        found += [f"{one.name} meets {two.name}" for one, two in self.meetings()]
        return found if self.cells else ["no cells"]

    def shortages(self, pool: Sequence[PoolItem]) -> list[Shortage]:
        """Say what lacks where; items of one cell that are enemies of each other count once for each group."""
        found = []
        for section in self.sections:
            for cell in section.cells:
                usable = peaceful([item for item in pool if cell.fits(item)])
                if usable < cell.count:
                    found.append(Shortage(section.title, cell, cell.count, usable))
        return found

    def check(self, pool: Sequence[PoolItem]) -> None:
        """Raise BlueprintFaulty or PoolLacking with every reason."""
        faults = self.faults()
        if faults:
            raise BlueprintFaulty(faults=faults)
        shortages = self.shortages(pool)
        if shortages:
            raise PoolLacking(lacking=[{"section": s.section, "cell": s.cell.name, "needed": s.needed, "found": s.found} for s in shortages])


def peaceful(items: Sequence[PoolItem]) -> int:
    """Return how many of the items can certainly stand on one paper together (greedy, so never too many)."""
    taken: set[int] = set()
    banned: set[int] = set()
    for item in sorted(items, key=lambda item: len(item.enemies)):
        if item.item_id in banned or item.item_id in taken or taken & item.enemies:
            continue
        taken.add(item.item_id)
        banned |= item.enemies
    return len(taken)


def from_mapping(table: Mapping[str, object]) -> Blueprint:
    """Build a blueprint from a TOML table: points in whole or decimal points as text or number, cells as rows. Raises BlueprintFaulty."""
    blueprint = parsed(table)
    faults = blueprint.faults()
    if faults:
        raise BlueprintFaulty(faults=faults)
    return blueprint


def parsed(table: Mapping[str, object]) -> Blueprint:
    """Build a blueprint that may contradict itself."""
    sections = []
    for row in _rows(table, "sections"):
        cells = []
        for cell in _rows(row, "cells"):
            topics = cell.get("topics") or [cell.get("topic")]
            assert isinstance(topics, list)
            cells += [
                Cell(
                    type=str(cell.get("type", row.get("type"))),
                    topic=None if topic is None else str(topic),
                    level=None if cell.get("level") is None else str(cell["level"]),
                    easiest=float(str(cell.get("easiest", 1.0))),
                    hardest=float(str(cell.get("hardest", 0.0))),
                    count=int(str(cell["count"])),
                )
                for topic in topics
            ]
        sections.append(Section(title=str(row["title"]), points=hundredths(row["points"]), cells=tuple(cells)))
    return Blueprint(
        code=str(table["code"]),
        title=str(table["title"]),
        sections=tuple(sections),
        tolerance=hundredths(table.get("tolerance", "1.5")),
        exposure_percent=int(str(table.get("exposure_percent", 25))),
    )


def hundredths(points: object) -> int:
    """Return points as whole hundredths; a finer fraction is a fault."""
    whole, _, rest = str(points).partition(".")
    if not whole.isdecimal() or len(rest) > 2 or (rest and not rest.isdecimal()):
        raise BlueprintFaulty(faults=[f"points {points!r}"])
    return int(whole) * 100 + int((rest + "00")[:2])


def to_mapping(blueprint: Blueprint) -> dict[str, object]:
    """Return the table that `from_mapping` reads back."""
    return {
        "code": blueprint.code,
        "title": blueprint.title,
        "tolerance": _points(blueprint.tolerance),
        "exposure_percent": blueprint.exposure_percent,
        "sections": [
            {
                "title": section.title,
                "points": _points(section.points),
                "cells": [
                    {
                        "type": cell.type,
                        **({"topic": cell.topic} if cell.topic else {}),
                        **({"level": cell.level} if cell.level else {}),
                        "easiest": cell.easiest,
                        "hardest": cell.hardest,
                        "count": cell.count,
                    }
                    for cell in section.cells
                ],
            }
            for section in blueprint.sections
        ],
    }


def _points(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"


def _rows(table: Mapping[str, object], key: str) -> list[dict[str, object]]:
    rows = table.get(key)
    if not isinstance(rows, list) or not rows:
        raise BlueprintFaulty(faults=[f"{key} missing"])
    return rows
