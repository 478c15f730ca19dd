"""What a pool lacks for a blueprint, and what would help."""

from exam.domain.blueprint import Blueprint, Cell, Section
from exam.domain.feasibility import supplies
from question_bank.domain.item import ItemType, Level, PoolItem


def item(number: int, topic: str, level: Level, difficulty: float, enemies: frozenset[int] = frozenset()) -> PoolItem:
    return PoolItem(number, number, str(number), ItemType.SINGLE, topic, level, difficulty, enemies=enemies)


POOL = [
    *(item(number, "crisis", Level.APPLY, 0.9) for number in range(1, 4)),
    *(item(number, "crisis", Level.APPLY, 0.6) for number in range(4, 10)),
    *(item(number, "group", Level.REMEMBER, 0.6) for number in range(10, 20)),
]


def table(*cells: Cell) -> Blueprint:
    return Blueprint(code="t", title="t", sections=(Section(title="s", points=200, cells=cells),))


def test_enough_needs_no_alternative() -> None:
    (supply,) = supplies(table(Cell(type="single", topic="crisis", count=9)), POOL)
    assert (supply.found, supply.lacking, supply.alternatives) == (9, 0, ())


def test_one_demand_less_is_offered_before_two() -> None:
    cell = Cell(type="single", topic="crisis", level="apply", hardest=0.75, count=5)
    (supply,) = supplies(table(cell), POOL)
    assert (supply.found, supply.lacking) == (3, 2)
    assert [(offer.wider, offer.found) for offer in supply.alternatives] == [(("difficulty",), 9)]


def test_a_wider_cell_never_shares_items_with_another() -> None:
    lacking = Cell(type="single", topic="crisis", hardest=0.75, count=5)
    beside = Cell(type="single", topic="crisis", easiest=0.75, count=2)
    supply, _ = supplies(table(lacking, beside), POOL)
    assert [(offer.cell, offer.found, offer.wider) for offer in supply.alternatives] == [(beside, 4, ())]


def test_enemies_count_once() -> None:
    clique = [item(number, "crisis", Level.APPLY, 0.6, frozenset({1, 2, 3}) - {number}) for number in (1, 2, 3)]
    (supply,) = supplies(table(Cell(type="single", topic="crisis", count=2)), clique)
    assert (supply.found, supply.lacking, supply.alternatives) == (1, 1, ())
