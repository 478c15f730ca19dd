"""What a lesson's nominal length was when: an entry of the ledger can be verified against it."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_k_length"
down_revision = "20261122_k_session"


def upgrade() -> None:
    """Create the table; the lengths of today are taken to be as old as their lessons."""
    op.create_table(
        "lesson_length",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lesson_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_lesson_length_lesson_id_lesson")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_length")),
    )
    op.create_index("ix_lesson_length_lesson", "lesson_length", ["lesson_id", "since"])
    op.execute("INSERT INTO lesson_length (lesson_id, seconds, since) SELECT id, seconds, '2000-01-01T00:00Z' FROM lesson")


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("lesson_length")
