"""Of a person and exam one proposed regrade is worked out at a time."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_g_previews"
down_revision = "20261123_f_rests"

# Until now somebody could propose another while the first was worked out: that stays, and the others may be proposed again.
MORE = """
UPDATE regrade SET state = 'withdrawn' FROM (
  SELECT id, row_number() OVER (PARTITION BY exam_id, proposed_by ORDER BY id) AS place
  FROM regrade WHERE state = 'proposed' AND digest IS NULL AND proposed_by IS NOT NULL
) one WHERE one.id = regrade.id AND place > 1
"""


def upgrade() -> None:
    """Withdraw what is more than that, and keep it so."""
    op.execute(MORE)
    unseen = sa.text("state = 'proposed' AND digest IS NULL")
    op.create_index("uq_regrade_unseen", "regrade", ["exam_id", "proposed_by"], unique=True, postgresql_where=unseen)


def downgrade() -> None:
    """Let it be again."""
    op.drop_index("uq_regrade_unseen", table_name="regrade")
