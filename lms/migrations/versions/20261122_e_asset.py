"""The tables of asset."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_e_asset"
down_revision = "20261122_d_certificate"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
