"""A correction may say what is right in blanks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261122_am_regrade_blanks"
down_revision = "20261122_al_last_bell"


def upgrade() -> None:
    """Add the texts by blank; none so far."""
    op.add_column("regrade", sa.Column("blanks", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("regrade", "blanks", server_default=None)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("regrade", "blanks")
