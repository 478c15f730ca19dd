"""Units in the database."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, or_, select
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import ColumnElement

from lms.domain.unit import Unit, UnitKind
from lms.kernel.db import Base


class UnitRow(Base):
    """One node of the tree."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("kind IN ('province', 'city', 'county', 'school', 'class')", name="kind"),
        # Prefix search must not depend on the database's collation.
        Index("ix_unit_path", "path", postgresql_ops={"path": "text_pattern_ops"}),
    )

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    path: Mapped[str] = mapped_column(String(400), default="")


def _unit(row: UnitRow) -> Unit:
    return Unit(id=row.id, parent_id=row.parent_id, kind=UnitKind(row.kind), code=row.code, name=row.name, path=row.path)


def add(session: Session, *, parent: Unit | None, kind: UnitKind, code: str, name: str) -> Unit:
    """Insert one unit below its parent."""
    row = UnitRow(parent_id=parent.id if parent else None, kind=kind.value, code=code, name=name)
    session.add(row)
    session.flush()
    row.path = f"{parent.path if parent else '/'}{row.id}/"
    session.flush()
    return _unit(row)


def unit_of(session: Session, unit_id: int) -> Unit | None:
    """Return a unit by its id."""
    row = session.get(UnitRow, unit_id)
    return _unit(row) if row else None


def unit_by_code(session: Session, code: str) -> Unit | None:
    """Return a unit by its code."""
    row = session.scalar(select(UnitRow).where(UnitRow.code == code))
    return _unit(row) if row else None


def called(session: Session, words: str, scope: Sequence[str]) -> list[Unit]:
    """Return the unit of a scope that has a code, else those that have a name, in tree order."""
    inside = select(UnitRow).where(below(UnitRow.path.expression, scope)).order_by(UnitRow.path)
    found = session.scalars(inside.where(UnitRow.code == words)).all() or session.scalars(inside.where(UnitRow.name == words)).all()
    return [_unit(row) for row in found]


def below(column: ColumnElement[str], scope: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a path column lies in the scope."""
    return or_(*(column.like(f"{top}%") for top in scope)) if scope else or_(column.is_(None))


def units_in(session: Session, scope: Sequence[str], kinds: Sequence[UnitKind] = ()) -> list[Unit]:
    """Return the units of a scope in tree order."""
    query = select(UnitRow).where(below(UnitRow.path.expression, scope)).order_by(UnitRow.path)
    if kinds:
        query = query.where(UnitRow.kind.in_([kind.value for kind in kinds]))
    return [_unit(row) for row in session.scalars(query)]


def children(session: Session, unit_id: int) -> list[Unit]:
    """Return the units directly below one."""
    return [_unit(row) for row in session.scalars(select(UnitRow).where(UnitRow.parent_id == unit_id).order_by(UnitRow.code))]


def by_paths(session: Session, paths: Sequence[str]) -> list[Unit]:
    """Return the units that stand at exactly these paths."""
    return [_unit(row) for row in session.scalars(select(UnitRow).where(UnitRow.path.in_(paths)).order_by(UnitRow.path))]


def by_ids(session: Session, ids: Collection[int]) -> list[Unit]:
    """Return the units with these ids."""
    return [_unit(row) for row in session.scalars(select(UnitRow).where(UnitRow.id.in_(ids)))]


def ancestors(session: Session, unit: Unit) -> list[Unit]:
    """Return the units above one, from the top, without itself."""
    ids = [int(part) for part in unit.path.strip("/").split("/")][:-1]
    rows = session.scalars(select(UnitRow).where(UnitRow.id.in_(ids)).order_by(func.length(UnitRow.path)))
    return [_unit(row) for row in rows]


def ids_by_code(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return the ids of units by their codes."""
    return {row.code: row.id for row in session.execute(select(UnitRow.code, UnitRow.id).where(UnitRow.code.in_(codes)))}
