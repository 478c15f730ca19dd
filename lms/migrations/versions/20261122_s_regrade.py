"""Regrades and their approvals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_s_regrade"
down_revision = "20261122_p_outage"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "regrade",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=120), nullable=False),
        sa.Column("version_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("options", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("preview", postgresql.JSONB(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name=op.f("ck_regrade_applied")),
        sa.CheckConstraint("effect IN ('replace', 'accept', 'full', 'drop')", name=op.f("ck_regrade_effect")),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'applied', 'withdrawn')", name=op.f("ck_regrade_state")),
        sa.CheckConstraint("num_nulls(preview, digest) IN (0, 2)", name=op.f("ck_regrade_preview")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_regrade_exam_id_exam")),
        sa.ForeignKeyConstraint(["reverses_id"], ["regrade.id"], name=op.f("fk_regrade_reverses_id_regrade")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrade")),
    )
    op.create_index("ix_regrade_exam_id", "regrade", ["exam_id"], unique=False)
    op.create_index(
        "uq_regrade_reversed",
        "regrade",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL AND state <> 'withdrawn'"),
    )
    op.create_table(
        "regrade_approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("regrade_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["regrade_id"], ["regrade.id"], name=op.f("fk_regrade_approval_regrade_id_regrade")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrade_approval")),
        sa.UniqueConstraint("regrade_id", "person_id", "digest", name=op.f("uq_regrade_approval_regrade_id_person_id_digest")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("regrade_approval")
    op.drop_table("regrade")
