"""The last bell of an exam is found by an index: until four hours after it packets may come, and no key is shown."""

from alembic import op

revision = "20261122_al_last_bell"
down_revision = "20261122_ak_audit_actor"


def upgrade() -> None:
    """Index the deadlines of each exam's attempts; saves change neither column, so they stay off it."""
    op.create_index("ix_attempt_deadline", "attempt", ["exam_id", "deadline"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_attempt_deadline", "attempt")
