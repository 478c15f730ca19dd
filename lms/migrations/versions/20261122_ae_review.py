"""Keys are never shown while others may still be given the same items; a look for leads says what it left out."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ae_review"
down_revision = "20261122_ad_load_limits"


def upgrade() -> None:
    """Let whoever chose the dropped rule keep what it promised, once nobody sits any more; nothing was counted as left out so far."""
    op.execute("UPDATE exam SET settings = jsonb_set(settings, '{review}', '\"after_window\"') WHERE settings->>'review' = 'after_release'")
    op.add_column("integrity_run", sa.Column("left_out", sa.BigInteger(), server_default="0", nullable=False))
    op.alter_column("integrity_run", "left_out", server_default=None)
