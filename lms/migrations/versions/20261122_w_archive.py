"""Archives of exams."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_w_archive"
down_revision = "20261122_v_pulse"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "exam_archive",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'queued', 'ready', 'failed', 'expired')", name=op.f("ck_exam_archive_state")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_exam_archive_approved_by_person")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_exam_archive_asked_by_person")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_archive_exam_id_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_archive")),
    )
    op.create_index("ix_exam_archive_exam_id", "exam_archive", ["exam_id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("exam_archive")
