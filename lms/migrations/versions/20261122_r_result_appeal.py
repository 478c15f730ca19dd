"""Appeals against the results of exams."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_r_result_appeal"
down_revision = "20261122_s_bulk"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "exam_appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (upheld IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_exam_appeal_decided_whole")
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_exam_appeal_attempt_id_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_appeal")),
    )
    op.create_index("ix_exam_appeal_attempt_id", "exam_appeal", ["attempt_id"])
    op.create_index("uq_exam_appeal_open", "exam_appeal", ["attempt_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL"))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("exam_appeal")
