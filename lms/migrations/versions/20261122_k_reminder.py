"""Reminders to learners who are behind."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_k_reminder"
down_revision = "20261122_n_item_types"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_reminder_person_id_day")),
    )
    op.create_index("ix_reminder_shown", "reminder", ["person_id", "sent_at"], postgresql_where=sa.text("dismissed_at IS NULL"))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("reminder")
