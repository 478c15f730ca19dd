"""Changes of many items at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_s_bulk"
down_revision = "20261122_r_bank_life"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bank_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bulk_change_bank_id_bank")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulk_change_person_id_person")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_bulk_change_undone_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change")),
    )
    op.create_index(op.f("ix_bulk_change_bank_id"), "bulk_change", ["bank_id"], unique=False)
    op.create_table(
        "bulk_change_item",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["bulk_change.id"], name=op.f("fk_bulk_change_item_change_id_bulk_change")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_bulk_change_item_item_id_item")),
        sa.PrimaryKeyConstraint("change_id", "item_id", name=op.f("pk_bulk_change_item")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("bulk_change_item")
    op.drop_table("bulk_change")
