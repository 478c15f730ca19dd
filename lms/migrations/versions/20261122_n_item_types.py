"""Items of every type, and the pictures they show."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_n_item_types"
down_revision = "20261122_k_length"

CHECKS = {
    "options_asked": "type IN ('fill_in', 'short_text') = (jsonb_array_length(options_html) = 0)",
    "blanks_keyed": "(type = 'fill_in') = (blanks > 0) AND coalesce(jsonb_array_length(key->'blanks'), 0) = blanks",
    "prompts_asked": "(type = 'matching') = (jsonb_array_length(prompts_html) > 0)",
    "prompts_keyed": "type <> 'matching' OR jsonb_array_length(key->'options') = jsonb_array_length(prompts_html)",
    "order_whole": "type <> 'ordering' OR jsonb_array_length(key->'options') = jsonb_array_length(options_html)",
}


def upgrade() -> None:
    """Add what fill-in, matching, ordering and short text hold; items there have neither prompts nor blanks."""
    op.add_column("item_version", sa.Column("prompts_html", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.add_column("item_version", sa.Column("blanks", sa.SmallInteger(), nullable=False, server_default=sa.text("0")))
    op.alter_column("item_version", "prompts_html", server_default=None)
    op.alter_column("item_version", "blanks", server_default=None)
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_item_version_{name}"), "item_version", rule)
    op.create_table(
        "item_picture",
        sa.Column("bank_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("media_type IN ('image/png', 'image/jpeg', 'image/webp')", name=op.f("ck_item_picture_media_type")),
        sa.CheckConstraint("digest = encode(sha256(content), 'hex')", name=op.f("ck_item_picture_digest")),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_item_picture_bank_id_bank")),
        sa.PrimaryKeyConstraint("bank_id", "digest", name=op.f("pk_item_picture")),
    )


def downgrade() -> None:
    """Take the pictures and the new columns away; items of the new types must be gone before."""
    op.drop_table("item_picture")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_item_version_{name}"), "item_version")
    op.drop_column("item_version", "blanks")
    op.drop_column("item_version", "prompts_html")
