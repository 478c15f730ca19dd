"""Places in the line before an exam."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_v_waiting_room"
down_revision = "20261122_w_receipt"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exam_gate",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.Interval(), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", name="pk_exam_gate"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "exam_place",
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", "person_id", name="pk_exam_place"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("exam_place")
    op.drop_table("exam_gate")
