"""The tables of playback."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_f_playback"
down_revision = "20261122_e_asset"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
