"""Changes of many items at once, with what each item was before and after: what undoing needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, String, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base

Snapshot = Mapping[str, Any]


class BulkChangeRow(Base):
    """One change of many items."""

    __tablename__ = "bulk_change"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)


class BulkChangeItemRow(Base):
    """One item of a change."""

    __tablename__ = "bulk_change_item"
    __table_args__ = ({"info": APPEND_ONLY},)

    change_id: Mapped[int] = mapped_column(ForeignKey("bulk_change.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)


@dataclass(frozen=True, slots=True)
class BulkChange:
    """One change of many items as shown."""

    id: int
    person_id: int
    action: str
    value: str
    at: datetime
    undone_at: datetime | None
    items: int


def snapshots(session: Session, item_ids: Sequence[int]) -> dict[int, Snapshot]:
    """Return where items stand, locked: status, versions, pool, last change and number of uses."""
    rows = session.execute(
        text(
            "SELECT i.id, i.status, i.latest_version_id, i.approved_version_id, i.approved_review_id, i.approved_decision, i.changed_at::text AS changed,"
            " (SELECT pool FROM item_pool WHERE item_id = i.id) AS pool,"
            " (SELECT count(*) FROM item_use u JOIN item_version v ON v.id = u.version_id WHERE v.item_id = i.id) AS uses"
            " FROM item i WHERE i.id = ANY(:items) ORDER BY i.id FOR UPDATE OF i"
        ),
        {"items": list(item_ids)},
    )
    return {row.id: {name: value for name, value in row._mapping.items() if name != "id"} for row in rows}


def add(session: Session, bank_id: int, *, person_id: int, action: str, value: str, now: datetime) -> int:
    """Save a change and return its id."""
    row = BulkChangeRow(bank_id=bank_id, person_id=person_id, action=action, value=value, at=now)
    session.add(row)
    session.flush()
    return row.id


def add_items(session: Session, change_id: int, before: Mapping[int, Snapshot], after: Mapping[int, Snapshot]) -> None:
    """Save what each item was and is."""
    rows = [{"change_id": change_id, "item_id": item_id, "before": was, "after": after[item_id]} for item_id, was in before.items()]
    session.execute(insert(BulkChangeItemRow), rows)


def of_bank(session: Session, bank_id: int, change_id: int | None = None) -> list[BulkChange]:
    """Return the newest changes of a bank, or one."""
    rows = session.execute(
        text(
            "SELECT c.id, c.person_id, c.action, c.value, c.at, c.undone_at, (SELECT count(*) FROM bulk_change_item WHERE change_id = c.id)"
            " FROM bulk_change c WHERE c.bank_id = :bank AND (CAST(:change AS bigint) IS NULL OR c.id = :change) ORDER BY c.id DESC LIMIT 20"
        ),
        {"bank": bank_id, "change": change_id},
    )
    return [BulkChange(*row) for row in rows]


def items_of(session: Session, change_id: int) -> dict[int, tuple[Snapshot, Snapshot]]:
    """Return what each item of a change was before and after."""
    rows = session.execute(select(BulkChangeItemRow.item_id, BulkChangeItemRow.before, BulkChangeItemRow.after).where(BulkChangeItemRow.change_id == change_id))
    return {item_id: (before, after) for item_id, before, after in rows}


def restore(session: Session, snapshots_by_item: Mapping[int, Snapshot], now: datetime) -> None:
    """Put items back to where they stood; their versions and reviews stay in the record."""
    columns = ("status", "latest_version_id", "approved_version_id", "approved_review_id", "approved_decision")
    rows = [{"item": item_id, "now": now, **{name: was[name] for name in columns}} for item_id, was in snapshots_by_item.items()]
    session.execute(text(f"UPDATE item SET changed_at = :now, {', '.join(f'{name} = :{name}' for name in columns)} WHERE id = :item"), rows)  # noqa: S608


def mark_undone(session: Session, change_id: int, person_id: int, now: datetime) -> bool:
    """Mark a change as taken back; tells whether it was not yet."""
    marking = update(BulkChangeRow).where(BulkChangeRow.id == change_id, BulkChangeRow.undone_at.is_(None)).values(undone_at=now, undone_by=person_id)
    return session.scalar(marking.returning(BulkChangeRow.id)) is not None
