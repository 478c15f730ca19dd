"""When the gate of an exam was last asked: a rehearsed clock's line is not the real one's."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_v_gate"
down_revision = "20261122_u_marking"


def upgrade() -> None:
    """Add it."""
    op.execute("DELETE FROM exam_gate")
    op.add_column("exam_gate", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("exam_gate", "asked_at")
