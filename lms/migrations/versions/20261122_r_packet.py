"""Emergency packets and the decisions on them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_r_packet"
down_revision = "20261122_q_key_consent"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exam_packet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brought_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_exam_packet_attempt_id_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_packet")),
        sa.UniqueConstraint("attempt_id", "digest", name=op.f("uq_exam_packet_attempt_id_digest")),
    )
    op.create_index("ix_exam_packet_arrived_at", "exam_packet", ["arrived_at"])
    op.create_table(
        "exam_packet_decision",
        sa.Column("packet_id", sa.BigInteger(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["packet_id"], ["exam_packet.id"], name=op.f("fk_exam_packet_decision_packet_id_exam_packet")),
        sa.PrimaryKeyConstraint("packet_id", name=op.f("pk_exam_packet_decision")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("exam_packet_decision")
    op.drop_table("exam_packet")
