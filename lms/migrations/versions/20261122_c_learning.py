"""The tables of learning."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_c_learning"
down_revision = "20261122_b_people"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
