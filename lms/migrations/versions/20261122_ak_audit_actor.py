"""The acts of one person are found in the audit."""

from alembic import op

revision = "20261122_ak_audit_actor"
down_revision = "20261122_aj_corrected"


def upgrade() -> None:
    """Index whoever acted."""
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor_id", "id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_audit_entry_actor", "audit_entry")
