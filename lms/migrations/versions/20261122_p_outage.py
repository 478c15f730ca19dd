"""Signs of life of the app, and the outages they show."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_p_outage"
down_revision = "20261122_p_invigilation"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "app_mark",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("real_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_app_mark"),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('given_back', 'undecided', 'rescheduled')", name="ck_outage_state"),
        sa.PrimaryKeyConstraint("id", name="pk_outage"),
    )
    op.create_index("ix_outage_undecided", "outage", ["began_at"], unique=False, postgresql_where=sa.text("state = 'undecided'"))


def downgrade() -> None:
    """Drop them."""
    op.drop_table("outage")
    op.drop_table("app_mark")
