"""The earlier row of its own file that a row is much like."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_an_twin_row"
down_revision = "20261122_am_regrade_blanks"


def upgrade() -> None:
    """Add the column."""
    op.add_column("import_line", sa.Column("twin_row", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("import_line", "twin_row")
