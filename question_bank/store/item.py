"""Items, their immutable versions, pools and enemies: their tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
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
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lms.kernel.db import APPEND_ONLY, Base
from question_bank.domain.item import ItemContent, ItemType, Key, Level, Pool
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
        CheckConstraint("status <> 'approved' OR coalesce(approved_version_id = latest_version_id, false)", name="approved_is_latest"),
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
        CheckConstraint("type IN ('fill_in', 'short_text') = (jsonb_array_length(options_html) = 0)", name="options_asked"),
        CheckConstraint("(type = 'fill_in') = (blanks > 0) AND coalesce(jsonb_array_length(key->'blanks'), 0) = blanks", name="blanks_keyed"),
        CheckConstraint("(type = 'matching') = (jsonb_array_length(prompts_html) > 0)", name="prompts_asked"),
        CheckConstraint("type <> 'matching' OR jsonb_array_length(key->'options') = jsonb_array_length(prompts_html)", name="prompts_keyed"),
        CheckConstraint("type <> 'ordering' OR jsonb_array_length(key->'options') = jsonb_array_length(options_html)", name="order_whole"),
        Index("ix_item_version_item_id_digest", "item_id", "digest"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int] = mapped_column(Integer)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # 0 stands for the operator's import, so that a review can point at "who wrote it" even there.
    written_by: Mapped[int] = mapped_column(BigInteger, Computed("coalesce(author_id, 0)", persisted=True), init=False)
    created_at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(20))
    stem_html: Mapped[str] = mapped_column(String)
    options_html: Mapped[list[str]] = mapped_column(JSONB)
    prompts_html: Mapped[list[str]] = mapped_column(JSONB)
    blanks: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[dict[str, Any]] = mapped_column(JSONB)
    explanation_html: Mapped[str] = mapped_column(String)
    option_explanations_html: Mapped[list[str]] = mapped_column(JSONB)
    topic: Mapped[str] = mapped_column(String(60))
    level: Mapped[str | None] = mapped_column(String(20))
    difficulty: Mapped[float] = mapped_column(Float)
    points: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    source: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64))  # everything that was written, for "nothing has changed"


def read_content(kind: str, stem: str, options: Sequence[str], prompts: Sequence[str], blanks: int) -> ItemContent:
    """Return content as it is stored, column by column."""
    return ItemContent(ItemType(kind), stem, tuple(options), tuple(prompts), blanks)


def read_key(stored: dict[str, Any]) -> Key:
    """Return a key as it is stored."""
    return msgspec.convert(stored, Key)


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
