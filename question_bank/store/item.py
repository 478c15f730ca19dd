"""Items, their immutable versions, pools and enemies: tables, and what other packages read of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.item import Explanation, ItemContent, ItemType, Key, Level, Pool, PoolItem
from question_bank.domain.review import Status


def _one_of(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class ItemRow(Base):
    """One item: its stable name, where its newest version stands, and the version that pools serve."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("bank_id", "external_id"),
        # The same content twice in one bank is one item: this is also what keeps a copy out of the other pool.
        UniqueConstraint("bank_id", "content_hash"),
        UniqueConstraint("id", "bank_id"),
        CheckConstraint(_one_of("status", list(Status)), name="status"),
        CheckConstraint("num_nulls(approved_version_id, approved_review_id, approved_decision) IN (0, 3)", name="approved_by_review"),
        CheckConstraint("approved_decision = 'approve'", name="approved_decision"),
        CheckConstraint("status <> 'approved' OR approved_version_id = latest_version_id", name="approved_is_latest"),
        # Only a review of exactly this version, with a yes, makes it the approved one.
        ForeignKeyConstraint(
            ["approved_review_id", "approved_version_id", "approved_decision"],
            ["item_review.id", "item_review.version_id", "item_review.decision"],
            name="fk_item_approved_review",
            use_alter=True,
        ),
        ForeignKeyConstraint(["latest_version_id", "id"], ["item_version.id", "item_version.item_id"], name="fk_item_latest_version", use_alter=True),
        Index("ix_item_bank_status", "bank_id", "status", "id"),
        Index("ix_item_grams", "grams", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id"))
    external_id: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(20))
    content_hash: Mapped[str] = mapped_column(String(64))
    # What lists and the search need of the newest version.
    plain: Mapped[str] = mapped_column(String)
    grams: Mapped[list[str]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    latest_version_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    approved_version_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    approved_review_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    approved_decision: Mapped[str | None] = mapped_column(String(20), default=None)


class ItemVersionRow(Base):
    """One immutable version of an item."""

    __tablename__ = "item_version"
    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        UniqueConstraint("id", "item_id"),
        UniqueConstraint("id", "written_by"),
        CheckConstraint(_one_of("type", list(ItemType)), name="type"),
        CheckConstraint(f"level IS NULL OR {_one_of('level', list(Level))}", name="level"),
        CheckConstraint("difficulty >= 0 AND difficulty <= 1", name="difficulty"),
        CheckConstraint("points IS NULL OR points > 0", name="points"),
        CheckConstraint("type NOT IN ('single', 'true_false') OR jsonb_array_length(key->'options') = 1", name="one_key"),
        Index("ix_item_version_topic", "topic"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    # 0 stands for the operator's import, so that a review can point at "who wrote it" even there.
    written_by: Mapped[int] = mapped_column(BigInteger, Computed("coalesce(author_id, 0)", persisted=True), init=False)
    created_at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(20))
    stem_html: Mapped[str] = mapped_column(String)
    options_html: Mapped[list[str]] = mapped_column(JSONB)
    key: Mapped[dict[str, list[int]]] = mapped_column(JSONB)
    explanation_html: Mapped[str] = mapped_column(String)
    option_explanations_html: Mapped[list[str]] = mapped_column(JSONB)
    topic: Mapped[str] = mapped_column(String(60))
    level: Mapped[str | None] = mapped_column(String(20))
    difficulty: Mapped[float] = mapped_column(Float)
    points: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    source: Mapped[str] = mapped_column(String(300))


class PoolMemberRow(Base):
    """Which pool an item is in: the primary key is the item, so no item is ever in two."""

    __tablename__ = "item_pool"
    __table_args__ = (
        CheckConstraint(_one_of("pool", list(Pool)), name="pool"),
        Index("ix_item_pool_bank_id_pool", "bank_id", "pool"),
        ForeignKeyConstraint(["item_id", "bank_id"], ["item.id", "item.bank_id"]),
    )

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bank_id: Mapped[int] = mapped_column(BigInteger)
    pool: Mapped[str] = mapped_column(String(20))
    placed_at: Mapped[datetime]


class ItemEnemyRow(Base):
    """Two items that must not stand in one paper; stored once, the smaller id first."""

    __tablename__ = "item_enemy"
    __table_args__ = (CheckConstraint("item_id < enemy_id", name="order"), Index("ix_item_enemy_enemy_id", "enemy_id"))

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    enemy_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)


class ItemUseRow(Base):
    """Where a version was used: one line for each use that another package reports."""

    __tablename__ = "item_use"
    __table_args__ = (Index("ix_item_use_version_id", "version_id"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"))
    purpose: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    times: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]


def pool(session: Session, bank_code: str, name: str) -> list[PoolItem]:
    """Return the approved items of one pool, in the order of their ids."""
    rows = session.execute(
        text(
            "SELECT v.id, i.id, i.external_id, v.type, v.topic, v.level, v.difficulty, v.points,"
            " ARRAY(SELECT enemy_id FROM item_enemy WHERE item_id = i.id UNION ALL SELECT item_id FROM item_enemy WHERE enemy_id = i.id)"
            " FROM item_pool p JOIN bank b ON b.id = p.bank_id JOIN item i ON i.id = p.item_id JOIN item_version v ON v.id = i.approved_version_id"
            " WHERE b.code = :bank AND p.pool = :pool AND i.status <> 'retired' ORDER BY i.id"
        ),
        {"bank": bank_code, "pool": name},
    )
    return [
        PoolItem(
            version_id=version, item_id=item, external_id=external, type=ItemType(kind), topic=topic,
            level=Level(level) if level else None, difficulty=difficulty, points=points, enemies=frozenset(enemies),
        )
        for version, item, external, kind, topic, level, difficulty, points, enemies in rows
    ]  # fmt: skip


def contents(session: Session, version_ids: Sequence[int]) -> Mapping[int, ItemContent]:
    """Return what candidates see of the versions; the key is not even read."""
    rows = session.execute(
        select(ItemVersionRow.id, ItemVersionRow.type, ItemVersionRow.stem_html, ItemVersionRow.options_html).where(ItemVersionRow.id.in_(version_ids))
    )
    return {version: ItemContent(ItemType(kind), stem, tuple(options)) for version, kind, stem, options in rows}


def keys(session: Session, version_ids: Sequence[int]) -> Mapping[int, Key]:
    """Return the keys of the versions."""
    rows = session.execute(select(ItemVersionRow.id, ItemVersionRow.key).where(ItemVersionRow.id.in_(version_ids)))
    return {version: Key(tuple(key["options"])) for version, key in rows}


def explanations(session: Session, version_ids: Sequence[int]) -> Mapping[int, Explanation]:
    """Return the explanations of the versions."""
    rows = session.execute(
        select(ItemVersionRow.id, ItemVersionRow.explanation_html, ItemVersionRow.option_explanations_html).where(ItemVersionRow.id.in_(version_ids))
    )
    return {version: Explanation(overall, tuple(options)) for version, overall, options in rows}


def record_use(session: Session, version_ids: Sequence[int], *, purpose: str, title: str, times: int, now: datetime) -> None:
    """Write one line of use for each version."""
    session.add_all(ItemUseRow(version_id=version, purpose=purpose, title=title, times=times, at=now) for version in version_ids)
    session.flush()
