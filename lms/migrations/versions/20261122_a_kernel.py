"""The kernel's tables, and the job queue's own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lms.kernel import worker

revision = "20261122_a_kernel"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "installation",
        sa.Column("key", sa.String(60), primary_key=True),
        sa.Column("value", postgresql.JSONB, nullable=False),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("slot", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("uses", sa.BigInteger, nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_throttle_slot", "throttle", ["slot"])
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("detail", postgresql.JSONB, nullable=False),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "at"])
    op.get_bind().connection.driver_connection.execute(worker.schema())  # type: ignore[union-attr]


def downgrade() -> None:
    """Refuse: the first migration is the floor."""
    raise NotImplementedError
