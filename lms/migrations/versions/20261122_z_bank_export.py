"""Files that banks are given out as, until they expire."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_z_bank_export"
down_revision = "20261122_w_archive"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bank_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bank_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("losses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'ready') = (content IS NOT NULL)", name=op.f("ck_bank_export_content")),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed')", name=op.f("ck_bank_export_state")),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_export_bank_id_bank")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bank_export_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_export")),
    )
    op.create_index("ix_bank_export_expires_at", "bank_export", ["expires_at"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("bank_export")
