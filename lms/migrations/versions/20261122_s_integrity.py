"""Leads on irregular responses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_s_integrity"
down_revision = "20261122_s_regrade"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "integrity_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.Column("too_few", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_integrity_run_exam_id_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_run")),
    )
    op.create_index(op.f("ix_integrity_run_exam_id"), "integrity_run", ["exam_id"], unique=False)
    op.create_table(
        "integrity_lead",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=True),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("kind IN ('similar', 'misfit', 'fast')", name=op.f("ck_integrity_lead_kind")),
        sa.ForeignKeyConstraint(["run_id"], ["integrity_run.id"], name=op.f("fk_integrity_lead_run_id_integrity_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_lead")),
    )
    op.create_index(op.f("ix_integrity_lead_run_id"), "integrity_lead", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("integrity_lead")
    op.drop_table("integrity_run")
