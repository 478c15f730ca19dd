"""The tables of quiz."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_i_quiz"
down_revision = "20261122_h_exam"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
