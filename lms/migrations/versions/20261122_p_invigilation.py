"""What the control room writes: signs of life, messages, pauses, incidents."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_p_invigilation"
down_revision = "20261122_t_share"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "attempt_pulse",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_attempt_pulse_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_attempt_pulse"),
    )
    op.create_table(
        "attempt_pause",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("paused_by", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_attempt_pause_attempt_id_attempt"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt_pause"),
    )
    op.create_index("uq_attempt_pause_running", "attempt_pause", ["attempt_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "exam_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.String(length=400), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_exam_message_exam_id_exam"),
        sa.PrimaryKeyConstraint("id", name="pk_exam_message"),
    )
    op.create_index("ix_exam_message_exam_id", "exam_message", ["exam_id", "sent_at"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.String(length=400), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name="fk_incident_exam_id_exam"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_exam_id", "incident", ["exam_id", "at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for name in ("incident", "exam_message", "attempt_pause", "attempt_pulse"):
        op.drop_table(name)
