"""The oldest script first, without sorting all that wait."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_u_script_order"
down_revision = "20261122_v_draw"


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_script_oldest", "script", ["exam_id", "state", "waiting_since", "id"], postgresql_where=sa.text("state <> 'settled'"))


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_script_oldest", "script")
