"""The acts of one person, and those of one kind, are found in the audit."""

from alembic import op

revision = "20261122_ak_audit_actor"
down_revision = "20261122_aj_corrected"


def upgrade() -> None:
    """Index whoever acted, and the act."""
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor_id", "id"])
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "id"])


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_audit_entry_action", "audit_entry")
    op.drop_index("ix_audit_entry_actor", "audit_entry")
