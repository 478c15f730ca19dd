"""A revocation keeps whether a corrected grade took the certificate."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_aj_corrected"
down_revision = "20261122_ai_annulment"


def upgrade() -> None:
    """Add the fact; until now only the beginning of the reason told it."""
    op.add_column("certificate_revocation", sa.Column("corrected", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE certificate_revocation SET corrected = reason LIKE '成绩更正：%'")
    op.alter_column("certificate_revocation", "corrected", server_default=None)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("certificate_revocation", "corrected")
