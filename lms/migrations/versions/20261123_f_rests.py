"""How long a person may let her own clock stand in an exam, and which pauses were such rests."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_f_rests"
down_revision = "20261123_e_archives"


def upgrade() -> None:
    """Add both; no pause so far was a rest of one's own."""
    op.add_column("exam_accommodation", sa.Column("rest_minutes", sa.Integer(), nullable=False, server_default="0"))
    op.create_check_constraint("rest_minutes", "exam_accommodation", "rest_minutes BETWEEN 0 AND 180")
    op.add_column("attempt_pause", sa.Column("most_seconds", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Refuse: what a person was granted is not forgotten."""
    raise NotImplementedError
