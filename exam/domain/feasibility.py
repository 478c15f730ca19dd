"""Whether a pool can fill a blueprint, cell by cell, and what would help where it cannot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from exam.domain.blueprint import Blueprint, Cell, peaceful
from question_bank.domain.item import PoolItem

MOST_ALTERNATIVES = 3
_WIDER: dict[str, dict[str, Any]] = {"level": {"level": None}, "difficulty": {"easiest": 1.0, "hardest": 0.0}, "topic": {"topic": None}}


@dataclass(frozen=True, slots=True)
class Alternative:
    """A way out for a cell that lacks items: itself with fewer demands (`wider` names them), or another cell of its section with items to spare."""

    cell: Cell
    found: int
    wider: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """How many items the pool has for a cell; of `found`, items that are enemies of each other count once for each group.

    `fitting` are all of them, `spread` is how many the cap on exposure needs once there are many papers.
    """

    section: str
    cell: Cell
    found: int
    fitting: int
    spread: int
    alternatives: tuple[Alternative, ...] = ()

    @property
    def lacking(self) -> int:
        """Return how many items are lacking."""
        return max(0, self.cell.count - self.found)

    @property
    def is_thin(self) -> bool:
        """Tell whether there is enough for a paper, but not for many under the cap on exposure."""
        return not self.lacking and self.fitting < self.spread


def supplies(blueprint: Blueprint, pool: Sequence[PoolItem]) -> tuple[Supply, ...]:
    """Return the supply of every cell, in the order of the paper; what lacks has its alternatives."""
    found = {cell: _usable(cell, pool) for cell in blueprint.cells}
    return tuple(
        Supply(
            section.title,
            cell,
            found[cell],
            sum(cell.fits(item) for item in pool),
            blueprint.spread_over(cell),
            () if found[cell] >= cell.count else tuple(_alternatives(cell, section.cells, blueprint, found, pool)),
        )
        for section in blueprint.sections
        for cell in section.cells
    )


def _alternatives(cell: Cell, sisters: Sequence[Cell], blueprint: Blueprint, found: dict[Cell, int], pool: Sequence[PoolItem]) -> Iterator[Alternative]:
    lacking = cell.count - found[cell]
    offers = [*_widened(cell, blueprint, pool)]
    offers += [Alternative(other, found[other] - other.count) for other in sisters if other != cell and found[other] - other.count >= lacking]
    yield from offers[:MOST_ALTERNATIVES]


def _widened(cell: Cell, blueprint: Blueprint, pool: Sequence[PoolItem]) -> Iterator[Alternative]:
    """Yield the cell with one demand less, or two, where that suffices and no other cell would share its items."""
    enough: list[set[str]] = []
    for number in (1, 2):
        for demands in combinations(_WIDER, number):
            wider = replace(cell, **{name: value for demand in demands for name, value in _WIDER[demand].items()})
            if wider == cell or any(less <= set(demands) for less in enough) or any(wider.meets(other) for other in blueprint.cells if other != cell):
                continue
            usable = _usable(wider, pool)
            if usable >= cell.count:
                enough.append(set(demands))
                yield Alternative(wider, usable, demands)


def _usable(cell: Cell, pool: Sequence[PoolItem]) -> int:
    return peaceful([item for item in pool if cell.fits(item)])
